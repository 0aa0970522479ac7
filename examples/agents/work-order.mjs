// What every example agent shares: the work order on standard input, the result on standard output,
// progress and log lines on standard error.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** Reads the work order: { input, feedback? }. */
export async function readWorkOrder() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** A path of the checkout that the examples audit. */
export const inCheckout = (path) => resolve(checkout, path);

/** Reports progress; fraction from 0 to 1. */
export function progress(fraction, message) {
  process.stderr.write(`::progress ${fraction.toFixed(2)} ${message}\n`);
}

/** Writes the result. */
export function deliver(output) {
  process.stdout.write(typeof output === 'string' ? output : JSON.stringify(output));
}
