import { formatUsd, fromTinybar, messagePrice, tokenTransferPrice, toTinybar } from '@gatepost/shared/vocabulary/fees';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import { describe, expect, it } from 'vitest';
import { estimatePlan } from '../../src/core/estimate.js';
import { obstaclesOf } from '../../src/core/obstacles.js';
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
    const { least, most } = estimatePlan(planOf(PLAN));
    expect(least.tokens).toBe(100n + 20n + 30n + 5n);
    expect(most.tokens).toBe(100n + 30n + 30n + 2n * 5n);
    expect([least.attempts, most.attempts]).toEqual([1 + 3 + 1 + 1 + 1, 2 * 7]);
  });

  it('is for shared messages and one batch at least, for a message of each record and a batch of each payment at most', () => {
    const { least, most } = estimatePlan(planOf(PLAN));
    const kinds = ['assignments', 'verdicts', 'reports', 'cancellations', 'atomic batches', 'payment records'];
    const counts = (one: typeof least) => kinds.map((what) => count(one.kinds, what));
    expect(counts(most)).toEqual([14, 14, 28, 14, 7, 7]);
    expect(counts(least)).toEqual([2, 1, 2, 0, 1, 1]);
    for (const one of [least, most]) expect(one.fees).toBe(one.kinds.reduce((sum, { price }) => sum + price, 0n));
  });

  it('names opening and closing in either case, and leases that are renewed while attempts last until their deadline', () => {
    const { least, most } = estimatePlan(planOf(PLAN.replace('attempts: 2', 'attempts: 2, deadline: 2m')));
    for (const { kinds } of [least, most]) {
      expect(count(kinds, 'run opened, closed')).toBe(2);
      expect(count(kinds, 'coordinator begins, ends')).toBe(2);
    }
    expect(count(least.kinds, 'lease renewals')).toBe(0);
    const reviews = 2;
    const perReview = 1 + 600 / 30;
    expect(count(most.kinds, 'lease renewals')).toBe((14 - reviews) * (1 + 120 / 30) + reviews * perReview);
  });

  it('counts a guard for each attempt of a guarded task', () => {
    const guarded = planOf(PLAN.replace('type: t, price: 100,', 'type: t, price: 100, guard: true,'));
    const { least, most } = estimatePlan(guarded);
    expect([count(least.kinds, 'guards'), count(most.kinds, 'guards')]).toEqual([1, 2]);
    const plain = estimatePlan(planOf(PLAN));
    expect(formatUsd(least.fees - plain.least.fees)).toBe('$0.011');
    expect(guarded.digest).not.toBe(planOf(PLAN).digest);
    expect(planOf(PLAN.replace('type: t, price: 100,', 'type: t, price: 100, guard: false,')).digest).toBe(
      planOf(PLAN).digest,
    );
  });

  it('has no batch when nothing is paid', () => {
    const free = estimatePlan(planOf('name: p\nsequences: [{ id: s, tasks: [{ id: a, type: t }] }]'));
    expect(count(free.most.kinds, 'atomic batches')).toBe(0);
    expect(free.most.tokens).toBe(0n);
  });
});

describe('what keeps a plan from being run', () => {
  const rate = { hbars: 1, cents: 12 };
  const earlier = {
    ...{ run: 'a-1', plan: 'other', name: 'p', tasks: 3, token: '0.0.5' as TokenId },
    ...{ accepted: new Set(['a']), closed: undefined },
  };

  it.each([
    ['nothing', { tokens: 165n, tinybar: 100_000_000n, earlier: undefined }, []],
    ['tokens', { tokens: 164n, tinybar: 100_000_000n, earlier: undefined }, [/needs 165 tokens/]],
    ['no association', { tokens: undefined, tinybar: 100_000_000n, earlier: undefined }, [/needs 165 tokens/]],
    ['hbar', { tokens: 165n, tinybar: 1n, earlier: undefined }, [/fees are at least 0\.\d+ ℏ/]],
    ['an open run', { tokens: 165n, tinybar: 100_000_000n, earlier }, [/open run: a-1 \(1 of 3 accepted\).*--new/]],
  ])('%s', (_what, standing, expected) => {
    const plan = planOf(PLAN);
    expect(obstaclesOf(plan, estimatePlan(plan), standing, rate)).toEqual(
      expected.map((text) => expect.stringMatching(text)),
    );
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
