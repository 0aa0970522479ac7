// Task type file-digest: SHA-256 of a file. Until it is told better it reads the file as text and trims it, a mistake
// that is easy to make and easy to check.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { deliver, nearest, progress, readWorkOrder } from './work-order.mjs';

const { input, feedback } = await readWorkOrder();
const bytes = readFileSync(nearest(input.file));
const hashed = feedback === undefined ? bytes.toString('utf8').trimEnd() : bytes;
if (feedback !== undefined) progress(0.5, `heeding: ${feedback}`);
deliver({ file: input.file, sha256: createHash('sha256').update(hashed).digest('hex') });
