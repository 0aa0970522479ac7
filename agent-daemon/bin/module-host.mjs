// Runs a module executor's function in a worker thread; src/shell/executors/module-executor.ts starts it.
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { module, workOrder, workDir, ref, taskType } = workerData;
const aborted = new AbortController();
const say = (message) => parentPort.postMessage(message);
parentPort.on('message', () => aborted.abort());

/** A string or bytes are the output as they are, any other value as JSON. */
function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value ?? null));
}

try {
  const { input, feedback } = JSON.parse(Buffer.from(workOrder).toString('utf8'));
  const { default: execute } = await import(pathToFileURL(module).href);
  const output = await execute(input, {
    feedback,
    attempt: ref,
    taskType,
    workDir,
    signal: aborted.signal,
    progress: (fraction, message = '') =>
      say({ type: 'progress', fraction: Number(fraction), message: String(message) }),
    log: (line) => say({ type: 'log', line: String(line) }),
  });
  say({ type: 'output', output: bytesOf(output) });
} catch (error) {
  say({ type: 'error', reason: error instanceof Error ? error.message : String(error) });
}
