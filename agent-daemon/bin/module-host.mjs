// Runs a module executor's function in a pooled worker thread; src/shell/executors/module-executor.ts starts it.
import { chmodSync, mkdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';

/** A string or bytes are the output as they are, any other value as JSON. */
function bytesOf(value) {
  // A copy: of a view, all the memory under it would be sent.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value ?? null));
}

/** The environment of one attempt in place of that of the one before. */
function setEnvironment(env) {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
}

/** Turns of the loop in which what is only being closed may go. */
const TURNS = 5;

/** Whether the call left anything that could still act: timers, sockets, files. */
async function leftSomething() {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (process.getActiveResourcesInfo().every((kind) => kind === 'MessagePort')) return false;
  }
  return true;
}

/** Makes the attempt's directory. One that is there is empty, or is to stay; whoever had it may have closed it. */
function makeDirectory(path) {
  if (mkdirSync(path, { recursive: true, mode: 0o700 }) === undefined) chmodSync(path, 0o700);
}

/** The words that are shared with the daemon: the call has to stop; it is over. */
const STOP = 1;
const OVER = 2;

/** Aborts once the daemon says so, or has said so. */
async function heed(stop, aborted) {
  await Atomics.waitAsync(stop, 0, 0).value;
  if (Atomics.load(stop, 0) === STOP) aborted.abort();
}

/** One attempt. What it says goes out at once; how it ended is what comes back. */
export default async function run({ call, stop, module, workOrder, workDir, ref, taskType, env }) {
  const aborted = new AbortController();
  let said = 0;
  const say = (message) => {
    said += 1;
    parentPort.postMessage({ call, ...message });
  };
  void heed(stop, aborted);
  setEnvironment(env);
  makeDirectory(workDir);
  let end;
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
    end = { output: bytesOf(output) };
  } catch (error) {
    end = { reason: error instanceof Error ? error.message : String(error) };
  }
  Atomics.compareExchange(stop, 0, 0, OVER);
  Atomics.notify(stop, 0);
  // The thread ends with what the call left; the pool starts another one.
  if (await leftSomething()) {
    say({ type: 'ended', end: { ...end, said } });
    process.exit(0);
  }
  return { ...end, said };
}
