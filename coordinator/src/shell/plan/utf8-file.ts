import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** The text of a file, or where it stops to be UTF-8: line and column from 1, the column in characters. */
export type Utf8File = { readonly text: string } | { readonly line: number; readonly column: number };

/**
 * Reads a text strictly: bytes that are no UTF-8 would all become the same replacement character, and two different
 * files the same text.
 * @throws what the file system says.
 */
export function readUtf8(path: string): Utf8File {
  const bytes = readFileSync(path);
  if (isUtf8(bytes)) return { text: bytes.toString('utf8') };
  let start = 0;
  for (let line = 1; ; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const content = bytes.subarray(start, newline < 0 ? bytes.length : newline);
    if (!isUtf8(content)) return { line, column: charactersBeforeBreak(content) + 1 };
    start = newline + 1;
  }
}

/** Whole characters before the first byte that is no UTF-8. */
function charactersBeforeBreak(line: Buffer): number {
  let good = 0;
  for (let length = 1; length <= line.length; length += 1) if (isUtf8(line.subarray(0, length))) good = length;
  return [...line.subarray(0, good).toString('utf8')].length;
}
