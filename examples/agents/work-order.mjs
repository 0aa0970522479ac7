// What every example agent shares: the work order on standard input, the result on standard output,
// progress and log lines on standard error.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Reads the work order: { input, feedback? }. */
export async function readWorkOrder() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** What the examples audit: the nearest of that name above them, in a checkout or where they were installed. */
export function nearest(name, directory = import.meta.dirname) {
  const path = join(directory, name);
  return existsSync(path) || dirname(directory) === directory ? path : nearest(name, dirname(directory));
}

/** Reports progress; fraction from 0 to 1. */
export function progress(fraction, message) {
  process.stderr.write(`::progress ${fraction.toFixed(2)} ${message}\n`);
}

/** Writes the result. */
export function deliver(output) {
  process.stdout.write(typeof output === 'string' ? output : JSON.stringify(output));
}
