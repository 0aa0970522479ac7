import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GATEKEEPER_MARKS, type Mark } from '../src/simulation/events.js';
import { simulate } from '../src/simulation/simulate.js';
import { sweep } from '../src/simulation/sweep.js';

/** Runs that once broke a promise, and what it was. */
const ONCE_BROKEN = [
  [69, 'two results of one task were accepted at the same time'],
  [81, 'a message that the stream brought before REST showed it was lost'],
  [143, 'what came before the epoch of a successor was folded out of order'],
  [170, 'what a predecessor had paid was paid again before the successor had read its own epoch'],
  [224, 'what was folded between the decision to pay and the payment was paid again'],
  [400, 'a result was folded before its assignment'],
  [623, 'a record of the journal was folded before an earlier one of an inbox'],
  [123_198, 'work of a predecessor on an inbox that came into sight with it was done and paid again'],
  [10_062, 'a node that was busy for long was taken for a clock that is wrong'],
  [122_104, 'an attempt whose assignment crossed the last verdict was counted by verify'],
  [122_289, 'an agent was believed that announced another\u2019s inbox before it did'],
  [22, 'two tasks waited for each other\u2019s agents, whose slots were taken by what they had delivered'],
  [123_344, 'a review of something decided was waited for without end'],
  [489, 'a lie about an attempt that was on its way stopped the reading for good'],
  [9_113_689, 'a person was not told of what a lost agent had delivered after all, and the run waited'],
] as const;

/** The same of runs with a gatekeeper. */
const ONCE_BROKEN_WITH_GATEKEEPER = [
  [5_000_980, 'a cancelled quorum waited for a member that was not assigned any more'],
  [5_001_412, 'the late word of a dead process replaced one that had no run yet'],
  [5_002_860, 'each payment was signed at the end of its window, when it could not happen any more'],
] as const;

const BOUNDED = 120;
const BOUNDED_WITH_GATEKEEPER = 60;

/** What so few runs see. */
const SEEN: readonly Mark[] = [
  'a batch was split',
  'a payment was refused',
  'a run was resumed',
  'two coordinators acted at once',
  'a coordinator noticed that it was fenced',
  'a lease lapsed',
  'a guard spoke',
  'a deadline passed',
  'a result came late',
  'an output was fetched',
  'an output was rejected',
  'a quorum agreed',
  'a review was done',
  'a person decided',
  'a lie was told',
  'an agent announced an inbox of another',
  'a daemon lost its disk',
  'a write was torn',
  'a disk was full',
  'a run was complete',
  'a run failed',
];

const failureOf = (seeds: readonly number[]) =>
  seeds.map((seed) => `replay: npm run simulate -- --seed ${seed}`).join('\n');

describe('the whole system in a simulation', () => {
  it.each(ONCE_BROKEN)('keeps its promises in run %i, where %s', async (seed) => {
    const { violations } = await simulate(seed);
    expect(violations, failureOf([seed])).toEqual([]);
  });

  it.each(ONCE_BROKEN_WITH_GATEKEEPER)('keeps its promises with a gatekeeper in run %i, where %s', async (seed) => {
    const { violations } = await simulate(seed, true);
    expect(violations, `replay: npm run simulate -- --gatekeeper --seed ${seed}`).toEqual([]);
  });

  it('does the same for the same seed, byte for byte', async () => {
    for (const seed of [3, 1_003, 2_003]) {
      const [first, second] = [await simulate(seed), await simulate(seed)];
      expect(second.digest, `seed ${seed}`).toBe(first.digest);
      expect(second.lines).toEqual(first.lines);
    }
  });

  it('keeps its promises in fixed runs, and these see what they are there to see', async () => {
    const { failed, marks } = await sweep(1, BOUNDED);
    expect(failed, failureOf(failed)).toEqual([]);
    expect(SEEN.filter((mark) => !marks.has(mark))).toEqual([]);
  }, 120_000);

  it('keeps its promises with a gatekeeper that dies at any time, and never are two transactions for one payment alive', async () => {
    const { failed, marks } = await sweep(101, BOUNDED_WITH_GATEKEEPER, { withGatekeeper: true });
    expect(failed, failed.map((seed) => `npm run simulate -- --gatekeeper --seed ${seed}`).join('\n')).toEqual([]);
    const seen: readonly Mark[] = [...GATEKEEPER_MARKS, 'a review was done', 'a quorum agreed', 'a run was complete'];
    expect(seen.filter((mark) => !marks.has(mark))).toEqual([]);
    const [first, second] = [await simulate(3, true), await simulate(3, true)];
    expect(second.digest).toBe(first.digest);
  }, 120_000);

  it('keeps its promises in a run that nobody has seen before', async () => {
    const seed = randomInt(2 ** 31);
    const { violations } = await simulate(seed);
    expect(violations, failureOf([seed])).toEqual([]);
  });
});
