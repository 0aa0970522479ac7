import { replay } from '@gatepost/rules/verify/replay';
import { verify } from '@gatepost/rules/verify/verify';
import { describe, expect, it } from 'vitest';
import { billRun, type PaidTransaction } from '../../src/core/bill.js';
import { honestRunWithArbiter } from '../verify/honest-run.js';
import { recordedEvidence } from '../verify/recorded.js';

const evidence = recordedEvidence('mixed-gates');
const { runs, entries } = replay(evidence);
const run = [...runs.values()][0];
if (run === undefined) throw new Error('no run in the history');

/** Every transaction of the coordinator costs 1,000,003 tinybar here, which no share divides evenly. */
const FEE = 1_000_003n;
const transactions: readonly PaidTransaction[] = evidence.transactions.map(({ at, name, batch }) => ({
  at,
  name,
  batch,
  payer: run.coordinator,
  result: 'SUCCESS',
  fee: FEE,
}));

describe('a bill', () => {
  const bill = billRun(run, entries, transactions);

  it('adds up to the last tinybar, however messages and batches are shared', () => {
    const parts = bill.tasks.reduce((sum, { tinybar }) => sum + tinybar, bill.overheadTinybar);
    expect(parts).toBe(BigInt(transactions.length) * FEE);
    expect(bill.tinybar).toBe(parts);
  });

  it('names what each task was paid, and its attempts', () => {
    expect(bill.tokens).toBe(155n);
    expect(bill.tasks.map(({ task, attempts, tokens }) => [task, attempts, tokens])).toEqual(
      expect.arrayContaining([
        ['careful', 2, 100n],
        ['counted', 2, 20n],
        ['reviewed', 1, 30n],
        ['1~reviewed', 1, 5n],
        ['free', 1, 0n],
      ]),
    );
  });

  it('shares a batch, its transfer and its record among the tasks it pays', () => {
    const batched = transactions.filter(({ batch }) => batch !== undefined);
    const only = billRun(run, entries, batched);
    expect(only.overheadTinybar).toBe(0n);
    expect(only.tasks.find(({ task }) => task === 'free')?.tinybar).toBe(0n);
    expect(only.tasks.find(({ task }) => task === 'counted')?.tinybar).toBeGreaterThan(FEE / 2n);
  });

  it('counts failed transactions, which belong to no task', () => {
    const last = transactions.at(-1);
    if (last === undefined) throw new Error('no transactions');
    const failed = billRun(run, entries, [
      { ...last, at: last.at + 1n, batch: undefined, result: 'INVALID_SIGNATURE' },
    ]);
    expect(failed.kinds).toMatchObject([{ count: 1, failed: 1, tinybar: FEE }]);
    expect(failed.overheadTinybar).toBe(FEE);
  });

  it('counts what the arbiter decided to pay, as verify does', () => {
    const disputed = honestRunWithArbiter().build();
    const replayed = replay(disputed);
    const [history] = [...replayed.runs.values()];
    if (history === undefined) throw new Error('no run in the history');
    const { tokens, tasks } = billRun(history, replayed.entries, []);
    expect(tokens).toBe(verify(disputed).runs[0]?.paid);
    expect(tasks.find(({ task }) => task === 'b')?.tokens).toBe(50n);
  });
});
