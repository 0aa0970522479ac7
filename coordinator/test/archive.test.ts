import {
  Archive,
  MAX_STORING,
  MAX_STORING_BYTES,
  STORING_PATIENCE_MS,
} from '@gatepost/coordinator/shell/outputs/archive';
import type { ArtifactName } from '@gatepost/party/artifacts/artifact-store';
import type { Attempt } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { expect, it } from 'vitest';

const LATE_MS = 1_000_000;

/** A store that is there when it is said to be, and an archive beside a run. */
function stage({ broken = new Set<string>() } = {}) {
  const clock = new VirtualClock(0);
  const there = { up: true, puts: 0, atOnce: 0, most: 0, mostBytes: 0, bytes: 0 };
  const stored = new Map<string, string>();
  const artifacts = {
    place: 'the store',
    async put({ digest, size }: ArtifactName, bytes: Buffer) {
      there.puts += 1;
      there.atOnce += 1;
      there.bytes += size;
      there.most = Math.max(there.most, there.atOnce);
      there.mostBytes = Math.max(there.mostBytes, there.bytes);
      await new Promise<void>((done) => clock.at(clock.nowMs() + 10, done));
      there.atOnce -= 1;
      there.bytes -= size;
      if (!there.up || broken.has(digest)) throw new GatepostError('ARTIFACTS_UNAVAILABLE', 'the store is down');
      stored.set(digest, String(bytes));
    },
    get: async () => undefined,
    prove: async () => undefined,
    close: () => undefined,
  };
  const waits: string[] = [];
  const wait = { note: (what: string) => void waits.push(what), end: () => void waits.push('over') };
  const archive = new Archive(artifacts, { of: async ({ task }) => Buffer.from(task) }, wait, clock);
  return { clock, there, stored, waits, archive };
}

const accepted = (task: string, outputSize = 5, more: Partial<Attempt> = {}): Attempt =>
  ({
    task,
    number: 1,
    result: { outputSha256: `of ${task}`, outputSize },
    verdict: { accepted: true },
    ...more,
  }) as never;

const stateOf = (attempts: readonly Attempt[]): RunState =>
  ({ tasks: new Map(attempts.map((attempt) => [attempt.task, { attempts: [attempt] }])) }) as never;

it('stores what was accepted or is paid, each once, and nothing else', async () => {
  const { archive, stored, there, clock } = stage();
  const rejected = accepted('rejected', 5, { verdict: { accepted: false } as never });
  const decided = accepted('decided', 5, { verdict: { accepted: false } as never, payment: {} as never });
  const attempts = [accepted('a'), accepted('b'), accepted('a'), rejected, decided];
  for (const attempt of attempts) archive.keep(attempt);
  await clock.pass(100);
  for (const attempt of attempts) archive.keep(attempt);
  const finished = archive.finish(stateOf(attempts));
  await clock.pass(100);
  await finished;
  expect([...stored.keys()]).toEqual(['of a', 'of b', 'of decided']);
  expect([there.puts, archive.stored]).toEqual([3, 3]);
  expect(attempts.map((attempt) => archive.missing([attempt]))).toEqual(Array(5).fill(undefined));
});

it('stores a few at a time, and of large ones no more than fit the memory that they may take', async () => {
  const { archive, there, clock, stored } = stage();
  for (let each = 0; each < 3 * MAX_STORING; each += 1) archive.keep(accepted(`small-${each}`));
  await clock.pass(1_000);
  expect(there.most).toBe(MAX_STORING);
  for (let each = 0; each < 5; each += 1) archive.keep(accepted(`large-${each}`, MAX_STORING_BYTES * 0.4));
  archive.keep(accepted('larger', MAX_STORING_BYTES * 3));
  await clock.pass(1_000);
  expect(there.mostBytes).toBe(MAX_STORING_BYTES * 3);
  expect(stored.size).toBe(3 * MAX_STORING + 6);
});

it('asks a store that is down less and less often, says what it waits for, and goes on by itself', async () => {
  const { archive, there, waits, clock, stored } = stage();
  there.up = false;
  archive.keep(accepted('a'));
  archive.keep(accepted('b'));
  await clock.pass(3_600_000);
  // Twice each time: after 1, 2, 4 ... 60 s, and then every minute.
  expect(there.puts).toBeGreaterThan(2 * 60);
  expect(there.puts).toBeLessThan(2 * 70);
  expect(waits.at(-1)).toBe('to have the output of b and 1 more: the store is down');
  there.up = true;
  await clock.pass(61_000);
  expect(stored.size).toBe(2);
  expect(waits.at(-1)).toBe('over');
});

it('one that cannot be stored does not keep the others from it', async () => {
  const { archive, clock, stored } = stage({ broken: new Set(['of broken']) });
  for (const task of ['broken', ...Array.from({ length: 100 }, (_, each) => `t-${each}`)]) archive.keep(accepted(task));
  await clock.pass(5_000);
  expect(stored.size).toBe(100);
  expect(archive.missing([accepted('broken')])).toBe('the store is down');
});

it('the end of a run waits while outputs are stored, gives up when none is, and tells which are not', async () => {
  const { archive, there, clock, stored } = stage();
  const attempts = Array.from({ length: 20_000 }, (_, each) => accepted(`t-${each}`));
  let over = false;
  const finished = archive.finish(stateOf(attempts)).then(() => {
    over = true;
  });
  expect(await clock.runUntil(() => stored.size > 15_000, LATE_MS)).toBe(true);
  expect([over, clock.nowMs() > STORING_PATIENCE_MS]).toEqual([false, true]);
  there.up = false;
  const downMs = clock.nowMs();
  await clock.runUntil(() => over, LATE_MS);
  await finished;
  expect(clock.nowMs() - downMs).toBeGreaterThanOrEqual(STORING_PATIENCE_MS - 1_000);
  expect(clock.nowMs() - downMs).toBeLessThan(STORING_PATIENCE_MS + 2_000);
  const missing = attempts.filter((attempt) => archive.missing([attempt]) !== undefined);
  expect(missing.length).toBe(20_000 - stored.size);
  expect(new Set(missing.map((attempt) => archive.missing([attempt])))).toEqual(
    new Set(['the store is down', 'there was no time for it']),
  );
});
