// Task type csv-table: turns rows into CSV. A module executor: the daemon calls the function in a worker thread.

const cell = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

/** @returns the output; a string is taken as it is. */
export default async function csvTable({ columns, rows }, { progress, log, signal }) {
  const lines = [columns.map(cell).join(',')];
  for (const [index, row] of rows.entries()) {
    signal.throwIfAborted();
    lines.push(columns.map((column) => cell(row[column] ?? '')).join(','));
    if (index % 1000 === 0) progress(index / rows.length, `${index} rows`);
  }
  log(`${rows.length} rows, ${columns.length} columns`);
  return `${lines.join('\n')}\n`;
}
