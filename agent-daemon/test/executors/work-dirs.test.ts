import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ModuleExecutor } from '../../src/shell/executors/module-executor.js';
import { MemoryStore } from '../../src/shell/store/memory-store.js';
import { Runner } from '../../src/shell/work/runner.js';
import { WorkDirs } from '../../src/shell/work/work-dirs.js';
import { liveAttempt } from '../support/live-attempt.js';
import { until } from '../support/until.js';
import { LIMITS, outputOf } from './run.js';

/** Does what its input says in its working directory, and tells which one that was and what it found there. */
const MODULE = `import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
  import { join } from 'node:path';
  export default (what, { workDir }) => {
    const found = readdirSync(workDir);
    if (what === 'write') writeFileSync(join(workDir, 'left.txt'), 'by an earlier attempt');
    if (what === 'close') chmodSync(workDir, 0o000);
    if (what === 'end') process.exit(3);
    return { workDir, found, home: process.env.HOME };
  };`;

let data: string;
let executors: ModuleExecutor[];
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'gatepost-work-dirs-'));
  executors = [];
});
afterEach(async () => {
  for (const executor of executors) await executor.close();
  rmSync(data, { recursive: true, force: true });
});

/** What a daemon has of it: two task types, each with a module. */
async function host() {
  const file = join(data, 'module.mjs');
  writeFileSync(file, MODULE);
  executors = ['one', 'other'].map(() => new ModuleExecutor(file, [], {}, LIMITS));
  const [one, other] = executors as [ModuleExecutor, ModuleExecutor];
  const registry = new Map([
    ['one', { executor: one, restart: 'rerun' as const, keepWorkDir: false }],
    ['other', { executor: other, restart: 'rerun' as const, keepWorkDir: false }],
    ['kept', { executor: one, restart: 'rerun' as const, keepWorkDir: true }],
  ]);
  const { blobs } = MemoryStore.open({ clock: new VirtualClock(0), id: 's', commitMs: () => 0 });
  const workDirs = new WorkDirs(data);
  await workDirs.prepare();
  const runner = new Runner(registry, blobs, workDirs, data);
  let count = 0;
  const attempt = async (what: string, taskType = 'one') => {
    count += 1;
    const live = liveAttempt(`t${count}`, taskType, JSON.stringify({ input: what }));
    return outputOf(await runner.run(live, () => undefined));
  };
  return {
    attempt,
    told: async (what: string, taskType?: string) =>
      JSON.parse(await attempt(what, taskType)) as { workDir: string; found: string[]; home: string },
    there: () => readdirSync(join(data, 'work')),
  };
}

it('an attempt finds its directory empty, whatever the one before left in it', async () => {
  const { told, attempt, there } = await host();
  const first = await told('nothing');
  expect(first).toEqual({ workDir: first.home, found: [], home: first.workDir });
  // Left empty, it serves the next attempt.
  expect(await told('write')).toEqual(first);
  const third = await told('nothing');
  expect(third.found).toEqual([]);
  expect(third.workDir).not.toBe(first.workDir);
  expect(await attempt('end')).toMatch(/^failed: .*code 3/);
  const fourth = await told('nothing');
  expect(fourth.found).toEqual([]);
  // Whoever did not come to an end may still be at work where it was.
  expect(fourth.workDir).not.toBe(third.workDir);
  for (const gone of [first, third])
    await until(() => !there().includes(basename(gone.workDir)) || undefined, 'what was left to be removed');
  expect(there()).toEqual([basename(fourth.workDir)]);
});

it('one that an attempt closed to itself is open again for the next', async () => {
  const { told } = await host();
  await told('close');
  expect(await told('write')).toMatchObject({ found: [] });
});

it('attempts at the same time, and those of another task type, have directories of their own', async () => {
  const { told } = await host();
  const three = await Promise.all([told('nothing'), told('nothing'), told('nothing', 'other')]);
  expect(new Set(three.map(({ workDir }) => workDir)).size).toBe(3);
  const used = three.slice(0, 2).map(({ workDir }) => workDir);
  expect(used).not.toContain((await told('nothing', 'other')).workDir);
});

it('one that is to be kept stays as it was left', async () => {
  const { told, there } = await host();
  const { workDir } = await told('write', 'kept');
  await told('nothing', 'kept');
  expect(readdirSync(workDir)).toEqual(['left.txt']);
  expect(there()).toEqual([]);
});
