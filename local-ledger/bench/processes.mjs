import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../bin/local-ledger.js', import.meta.url));
const FREE_PORTS = ['--port', '--mirror-grpc-port', '--mirror-rest-port', '--fees-port', '--control-port'].flatMap(
  (name) => [name, '0'],
);

/** Starts the command on free ports; resolves when it says that it is ready, with the milliseconds that took. */
export async function startLedgerProcess(...options) {
  const started = performance.now();
  const child = spawn(process.execPath, [COMMAND, '--json', ...FREE_PORTS, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = JSON.parse(await firstLine(child));
  const readyMs = performance.now() - started;
  return {
    ...ready,
    pid: child.pid,
    readyMs,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Starts the command so that it can be asked for the memory in use after collecting garbage. */
export async function startMeasuredLedger() {
  const path = fileURLToPath(new URL('ledger-with-gc.mjs', import.meta.url));
  const child = fork(path, ['--json', ...FREE_PORTS], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ready = JSON.parse(await firstLine(child));
  return {
    ...ready,
    pid: child.pid,
    async memory() {
      child.send('collect');
      const [usage] = await once(child, 'message');
      return usage;
    },
    async advanceClock(ms) {
      const response = await fetch(`http://127.0.0.1:${ready.ports.control}/clock/advance`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ms }),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Runs a script of this folder in a process of its own; resolves to the JSON it prints. */
export async function runClient(script, input) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await firstLine(child));
}

async function firstLine(child) {
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs[1]} exited with ${code} before it answered`);
  });
  const [line] = await Promise.race([once(lines, 'line'), exited]);
  exited.catch(() => undefined);
  return line;
}
