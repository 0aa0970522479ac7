// Sustained rate of no-op attempts over one session: dispatched, executed, their results durable, finished, acknowledged.
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, platform, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '@gatepost/shared/clock';
import { createLogger } from '@gatepost/shared/log';
import { insecureIdentity } from '@gatepost/shared/server/tls';
import { stringify } from 'yaml';
import { loadConfig } from '../config/daemon-config.js';
import { Daemon } from '../shell/daemon.js';
import type { Executor } from '../shell/executors/executor.js';
import { COORDINATOR, INBOX, MemoryLedger } from './memory-ledger.js';
import { assignmentOf, PER_MESSAGE, RUN } from './work.js';

const { values } = parseArgs({
  options: {
    attempts: { type: 'string', default: '50000' },
    window: { type: 'string', default: '256' },
    slots: { type: 'string', default: '128' },
    every: { type: 'string', default: '10000' },
  },
});
const attempts = Number(values.attempts);
const window = Number(values.window);
const every = Number(values.every);

const directory = mkdtempSync(join(tmpdir(), 'gatepost-bench-'));
const file = join(directory, 'agent.yaml');
const config = {
  account: '0.0.20',
  coordinator: { account: COORDINATOR },
  journal: '0.0.31',
  token: '0.0.40',
  inbox: INBOX,
  tls: { cert: 'cert.pem', key: 'key.pem' },
  slots: Number(values.slots),
  queue: window,
  limits: { awaiting: window },
};
writeFileSync(file, stringify(config));

const ledger = new MemoryLedger(false);
const output = Buffer.from('{}');
const noop: Executor = { kind: 'module', usesWorkDir: false, execute: async () => ({ ok: true, output }) };
const daemon = new Daemon({
  config: loadConfig(file),
  ledger,
  keys: ledger,
  identity: insecureIdentity('127.0.0.1:0'),
  clock: systemClock,
  log: createLogger('bench', { GATEPOST_LOG_LEVEL: 'error' }),
  registry: new Map([['noop', { executor: noop, restart: 'rerun', keepWorkDir: false }]]),
});

let assigned = 0;
/** The inbox is written ahead of the dispatches, but not the whole run at once. */
function feed(until: number): void {
  const deadlineMs = Date.now() + 3_600_000;
  while (assigned < Math.min(until, attempts)) {
    const records = Array.from({ length: Math.min(PER_MESSAGE, attempts - assigned) }, (_, n) =>
      assignmentOf(assigned + n, deadlineMs),
    );
    ledger.assign(RUN, records);
    assigned += records.length;
  }
}

const mib = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;

/** Memory of this process that no file backs, bytes; the database is mapped and grows with what is retained. */
function anonymousMemory(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1_024;
}

const [{ model } = { model: 'unknown processor' }] = cpus();
process.stdout.write(`node ${process.version}, ${platform()} ${release()}, ${cpus().length} x ${model}\n`);
await daemon.start();
feed(window * 4);
const client = fileURLToPath(new URL('./client.js', import.meta.url));
const child = fork(client, [daemon.address, daemon.tokens.issue(COORDINATOR), String(attempts), String(window)]);
const began = Date.now();
const cpuBegan = process.cpuUsage();
let lapBegan = began;
const rates: number[] = [];
child.on('message', ({ finished }: { finished: number }) => {
  feed(finished + window * 4 + 1_000);
  if (finished % every !== 0) return;
  const rate = Math.round((every * 1_000) / (Date.now() - lapBegan));
  rates.push(rate);
  lapBegan = Date.now();
  const { rss, heapUsed } = process.memoryUsage();
  const memory = `heap ${mib(heapUsed)}, anonymous ${mib(anonymousMemory())}, resident ${mib(rss)}`;
  const waiting = `${daemon.poster.pending} records wait for the journal`;
  process.stdout.write(`${finished} attempts, ${rate} per s, ${memory}, ${waiting}\n`);
});
child.on('exit', (code) => {
  const seconds = (Date.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpuBegan);
  const perAttempt = Math.round((user + system) / attempts);
  const rate = Math.round(attempts / seconds);
  const median = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? rate;
  process.stdout.write(`${attempts} attempts in ${seconds.toFixed(1)} s: ${rate} per s, median lap ${median} per s, `);
  process.stdout.write(`${perAttempt} us of the daemon's processor time each\n`);
  void daemon.stop('the benchmark is over').then(() => {
    rmSync(directory, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
});
