import { appendFileSync, chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttemptRow } from '../src/shell/store/rows.js';
import { AgentHome } from './support/daemon-process.js';
import { startNetwork, type TestNetwork } from './support/network.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

const THOROUGH = process.env.THOROUGH === '1';
const TASKS = Number(process.env.TASKS ?? (THOROUGH ? 1_000 : 60));
const KILLS = Number(process.env.KILLS ?? (THOROUGH ? 200 : 6));
/** Printed when the test fails; the same seed kills at the same moments. */
const SEED = Number(process.env.SEED ?? 4_711);

let network: TestNetwork;
let home: AgentHome;

beforeAll(async () => {
  network = await startNetwork();
  home = new AgentHome(network, await network.member());
});

afterAll(async () => {
  home?.remove();
  await network?.close();
});

/** mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Attempts that the store of a dead daemon calls finished. */
async function finishedInStore(): Promise<Set<string>> {
  const store = open({ path: join(home.directory, 'data/store'), readOnly: true, maxDbs: 8 });
  const rows = store.openDB<AttemptRow, string>({ name: 'attempts' });
  const finished = new Set<string>();
  for (const { value } of rows.getRange({})) {
    if (value.finished !== undefined) finished.add(value.assignment.ref.task);
  }
  await store.close();
  return finished;
}

it(`SIGKILL at ${KILLS} moments while ${TASKS} tasks run: none finished runs again, none is unreported, each is reported once`, {
  timeout: 120_000 + KILLS * 20_000,
}, async () => {
  const random = randomFrom(SEED);
  const executions = join(home.directory, 'executions');
  appendFileSync(executions, '');
  chmodSync(executions, 0o666); // Run by root, a confined command is nobody.
  const script = `echo $GATEPOST_TASK >> ${executions}; cat`;
  await home.init({ echo: { command: ['sh', '-c', script], write: [executions] } });
  const runs = () => readFileSync(executions, 'utf8').split('\n').filter(Boolean);
  /** Executions of a task at the moment the store first called it finished. */
  const settled = new Map<string, number>();
  let daemon = await home.serve();
  const { inbox } = daemon.ready;
  for (let n = 0; n < TASKS; n += 2) {
    const records = [n, n + 1].map(
      (task) =>
        work({ token: network.token, task: `t${task}`, inline: true, deadlineMs: Date.now() + 3_600_000 }).record,
    );
    await network.write(inbox, 'run', records);
  }
  for (let kill = 0; kill < KILLS; kill += 1) {
    const goal = runs().length + 1 + Math.floor(random() * (TASKS / KILLS));
    await until(() => runs().length >= Math.min(goal, TASKS) || undefined, `execution ${goal}`);
    await daemon.kill('SIGKILL');
    const counts = runs();
    for (const task of await finishedInStore()) {
      const count = counts.filter((entry) => entry === task).length;
      expect(count, `seed ${SEED}: ${task} ran again after it was finished`).toBe(settled.get(task) ?? count);
      settled.set(task, count);
    }
    daemon = await home.serve();
  }
  const results = await until(async () => {
    const found = (await network.journalRecords()).filter(({ record }) => record.type === 'result');
    return new Set(found.map(({ record }) => ('task' in record ? record.task : ''))).size === TASKS ? found : undefined;
  }, 'every result');
  await daemon.kill('SIGTERM');
  expect(results.length, `seed ${SEED}: results reported twice`).toBe(TASKS);
  expect(results.every(({ record }) => record.type === 'result' && record.outcome === 'ok')).toBe(true);
  const counts = runs();
  for (const [task, count] of settled) {
    expect(counts.filter((entry) => entry === task).length, `seed ${SEED}: ${task}`).toBe(count);
  }
});
