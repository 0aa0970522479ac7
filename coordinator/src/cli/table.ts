import { printable } from '@gatepost/shared/vocabulary/printable';
import Table from 'cli-table3';

/** A table without colours, the same on a terminal and in a file; columns of numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const numeric = head.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-$]?[\d.,]*( ℏ)?$/.test(row[column] ?? '')),
  );
  const made = new Table({
    head: [...head],
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  made.push(...rows.map((row) => row.map(printable)));
  return made.toString();
}
