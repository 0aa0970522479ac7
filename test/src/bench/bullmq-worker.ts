// A worker of the peer: a process of its own that does nothing with every job and counts them.
import { Worker } from 'bullmq';

/** Jobs at the same time, as many as a daemon of the benchmark has slots. */
const CONCURRENCY = 256;
const TELL_EVERY_MS = 10;

const [queue = '', port = ''] = process.argv.slice(2);
const worker = new Worker(queue, async () => ({ done: true }), {
  connection: { host: '127.0.0.1', port: Number(port) },
  concurrency: CONCURRENCY,
});
let completed = 0;
let told = 0;
worker.on('completed', () => {
  completed += 1;
});
worker.on('error', (error) => {
  throw error;
});
setInterval(() => {
  if (completed === told) return;
  told = completed;
  process.send?.({ completed });
}, TELL_EVERY_MS);
await worker.waitUntilReady();
process.send?.({ completed: 0 });
process.once('disconnect', () => process.exit());
