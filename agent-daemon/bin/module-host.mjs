// Runs a module executor's function in a pooled worker thread; src/shell/executors/module-executor.ts starts it.
import { chmodSync, mkdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** A string or bytes are the output as they are, any other value as JSON. */
function bytesOf(value) {
  // A copy: of a view, all the memory under it would be sent.
  if (value instanceof Uint8Array) return Uint8Array.from(value);
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
    // The port of the attempt is closed in this turn: between two tasks the pool's thread stands still.
    await new Promise((resolve) => setImmediate(resolve));
    if (process.getActiveResourcesInfo().every((kind) => kind === 'MessagePort')) return false;
  }
  return true;
}

/** Makes the attempt's directory. One that is there is empty, or is to stay; whoever had it may have closed it. */
function makeDirectory(path) {
  if (mkdirSync(path, { recursive: true, mode: 0o700 }) === undefined) chmodSync(path, 0o700);
}

/** One attempt: what it says goes out over its own port, the output or the error last. */
export default async function run({ port, module, workOrder, workDir, ref, taskType, env }) {
  const aborted = new AbortController();
  const say = (message) => port.postMessage(message);
  port.on('message', () => aborted.abort());
  setEnvironment(env);
  makeDirectory(workDir);
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
  port.close();
  // The thread ends with what the call left; the pool starts another one.
  if (await leftSomething()) process.exit(0);
}
