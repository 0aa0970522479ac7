import { formatUsd, fromTinybar, messagePrice, tokenTransferPrice, toTinybar } from '@gatepost/shared/vocabulary/fees';
import { describe, expect, it } from 'vitest';
import { estimatePlan } from '../../src/core/estimate.js';
import { planOf } from '../plan/temp-dir.js';

const PLAN = `name: p
defaults: { attempts: 2 }
sequences:
  - id: s
    tasks:
      - { id: a, type: t, price: 100, gate: { command: [x] } }
      - { id: q, type: t, price: 10, gate: { quorum: { of: 3, agree: 2 } } }
      - { id: r, type: t, price: 30, gate: { agent: { type: review, price: 5 } } }
      - { id: free, type: t }
`;

const count = (kinds: readonly { what: string; count: number }[], what: string): number =>
  kinds.find((kind) => kind.what === what)?.count ?? 0;

describe('an estimate', () => {
  it('counts the tokens of members and reviews, and what the last of all attempts costs', () => {
    const { least, most } = estimatePlan(planOf(PLAN), 5);
    expect(least.tokens).toBe(100n + 30n + 30n + 5n);
    expect(most.tokens).toBe(100n + 30n + 30n + 2n * 5n);
    expect([least.attempts, most.attempts]).toEqual([1 + 3 + 1 + 1 + 1, 2 * 7]);
  });

  it('counts a message for each record and a batch for every few payments', () => {
    const { least, most } = estimatePlan(planOf(PLAN), 5);
    expect(count(least.kinds, 'assignments')).toBe(7);
    expect(count(least.kinds, 'verdicts')).toBe(7);
    expect(count(least.kinds, 'atomic batches')).toBe(2);
    expect(count(least.kinds, 'payment records')).toBe(2);
    expect(least.fees).toBe(least.kinds.reduce((sum, { price }) => sum + price, 0n));
    expect(most.fees).toBeGreaterThan(least.fees);
  });

  it('counts a guard for each attempt of a guarded task', () => {
    const guarded = planOf(PLAN.replace('type: t, price: 100,', 'type: t, price: 100, guard: true,'));
    const { least, most } = estimatePlan(guarded, 5);
    expect([count(least.kinds, 'guards'), count(most.kinds, 'guards')]).toEqual([1, 2]);
    const plain = estimatePlan(planOf(PLAN), 5);
    expect(formatUsd(least.fees - plain.least.fees)).toBe('$0.011');
    expect(guarded.digest).not.toBe(planOf(PLAN).digest);
    expect(planOf(PLAN.replace('type: t, price: 100,', 'type: t, price: 100, guard: false,')).digest).toBe(
      planOf(PLAN).digest,
    );
  });

  it('has no batch when nothing is paid', () => {
    const free = estimatePlan(planOf('name: p\nsequences: [{ id: s, tasks: [{ id: a, type: t }] }]'), 5);
    expect(count(free.most.kinds, 'atomic batches')).toBe(0);
    expect(free.most.tokens).toBe(0n);
  });
});

describe('the price list', () => {
  it.each([
    [1, '$0.00017'],
    [100, '$0.00017'],
    [512, '$0.000451'],
    [1_024, '$0.000799'],
  ])('a message of %i bytes costs %s', (bytes, usd) => expect(formatUsd(messagePrice(bytes))).toBe(usd));

  it.each([
    [2, '$0.001'],
    [3, '$0.0011'],
    [10, '$0.0018'],
  ])('a transfer among %i accounts costs %s', (accounts, usd) =>
    expect(formatUsd(tokenTransferPrice(accounts))).toBe(usd),
  );

  it('turns dollars into hbar and back at a rate', () => {
    const rate = { hbars: 1, cents: 12 };
    expect(toTinybar(12_00_000_000n, rate)).toBe(100_000_000n);
    expect(fromTinybar(100_000_000n, rate)).toBe(12_00_000_000n);
    expect([formatUsd(0n), formatUsd(1n), formatUsd(10_000_000_000n)]).toEqual(['$0.00', '$0.000001', '$1.00']);
  });
});
