import { type CustomFee, type FeeUnit, FREE_TERMS } from '@gatepost/shared/vocabulary/custom-fees';
import {
  BATCH_PRICE,
  formatUsd,
  fromTinybar,
  messagePrice,
  tokenTransferPrice,
  toTinybar,
} from '@gatepost/shared/vocabulary/fees';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import { describe, expect, it } from 'vitest';
import { planOf } from '../../../party/test/plan/temp-dir.js';
import type { Pace } from '../../src/core/course.js';
import { DEFAULT_LIMITS } from '../../src/core/decide/limits.js';
import { estimatePlan, estimateUsual } from '../../src/core/estimate.js';
import { obstaclesOf, type Standing } from '../../src/core/obstacles.js';

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

const UNIT = '0.0.5' as TokenId;
const FIXED = { kind: 'fixed', collector: '0.0.7' as AccountId, unit: UNIT, amount: 5n } as const;
/** A tenth, from who pays. */
const NET: CustomFee = {
  ...{ kind: 'fractional', collector: '0.0.8' as AccountId, unit: UNIT, isNet: true },
  ...{ numerator: 1n, denominator: 10n, minimum: 0n, maximum: undefined },
};

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
    expect(counts(least)).toEqual([1, 1, 1, 0, 1, 1]);
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
    const minutes = (14 - reviews) * 2 + reviews * 10;
    expect(count(most.kinds, 'lease renewals')).toBe(1 + Math.floor(minutes / 60));
    const days = estimatePlan(planOf(PLAN.replace('attempts: 2', 'attempts: 2, deadline: 5h')));
    const hours = (14 - reviews) * 5 + (reviews * 10) / 60;
    expect(count(days.most.kinds, 'lease renewals')).toBe(1 + Math.floor(hours));
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

  it('names the custom fees of the token: for one batch at least, rounded up for each payment at most', () => {
    const { least, most } = estimatePlan(planOf(PLAN), { hasFees: true, owed: [FIXED, NET] });
    const plain = estimatePlan(planOf(PLAN));
    const fees = (fixed: bigint, net: bigint) => [
      { unit: FIXED.unit, collector: FIXED.collector, amount: fixed },
      { unit: NET.unit, collector: NET.collector, amount: net },
    ];
    // One batch of 155, and seven payments: 100, 10 thrice, 30, 5 twice.
    expect(least.customFees).toEqual(fees(5n, 15n));
    expect(most.customFees).toEqual(fees(7n * 5n, 10n + 1n + 1n + 1n + 3n + 1n + 1n));
    expect([plain.least.customFees, plain.most.customFees]).toEqual([[], []]);
    // Transfers of a token with custom fees cost $0.001 more, whoever owes them.
    expect(most.fees - plain.most.fees).toBe(7n * 10_000_000n);
    expect(estimatePlan(planOf(PLAN), { hasFees: true, owed: [] }).most.fees).toBe(most.fees);
    expect([least.tokens, most.tokens]).toEqual([plain.least.tokens, plain.most.tokens]);
  });

  it('keeps within the bounds of a fraction', () => {
    const of = (bounds: object) =>
      estimatePlan(planOf(PLAN), { hasFees: true, owed: [{ ...NET, ...bounds }] }).least.customFees[0]?.amount;
    expect([of({ minimum: 20n }), of({ maximum: 3n }), of({ minimum: 20n, maximum: 17n })]).toEqual([20n, 3n, 17n]);
  });

  it('tells a usual case between the bounds, which a longer filling delay makes cheaper and longer tasks dearer by leases', () => {
    const { least, most } = estimatePlan(planOf(PLAN));
    const [agents, token] = [['0.0.1001', '0.0.1002', '0.0.1003'] as AccountId[], '0.0.1004' as TokenId];
    const pace = {
      agents,
      token,
      slots: 1,
      taskMs: 3_000,
      outputBytes: 100,
      isSameOutput: false,
      ledgerMs: 100,
      limits: DEFAULT_LIMITS,
    };
    const usual = (change: Partial<Pace>, isOld = false) =>
      estimateUsual(planOf(PLAN), { ...pace, fillMs: 100, ...change }, FREE_TERMS, () => isOld);
    const quick = usual({});
    expect(quick.tokens).toBe(100n + 30n + 30n + 5n);
    expect(quick.attempts).toBe(least.attempts);
    expect(quick.fees).toBeGreaterThan(least.fees);
    expect(quick.fees).toBeLessThan(most.fees);
    expect(usual({ fillMs: 10_000 }).fees).toBeLessThan(quick.fees);
    expect(count(quick.kinds, 'lease renewals')).toBe(0);
    expect(count(usual({}, true).kinds, 'lease renewals')).toBe(agents.length);
    // Seven attempts, three at a time, and what comes after others.
    const slow = usual({ taskMs: 3_600_000 });
    expect(slow.ms).toBeGreaterThan(3 * 3_600_000);
    expect(count(slow.kinds, 'lease renewals')).toBe(agents.length * Math.floor(slow.ms / 3_600_000));
  });

  it('does not fill a settlement beyond the size from which on the network charges bytes', () => {
    const paid = planOf(`name: p
sequences: [{ id: s, tasks: [${Array.from({ length: 400 }, (_, n) => `{ id: t${n}, type: t, price: ${1 + (n % 90)}, gate: none }`).join(', ')}] }]`);
    const agents = ['0.0.1001', '0.0.1002'] as AccountId[];
    const { kinds } = estimateUsual(paid, {
      ...{
        agents,
        token: '0.0.1003' as TokenId,
        slots: 200,
        taskMs: 0,
        outputBytes: 10,
        isSameOutput: false,
        fillMs: 1_000,
        ledgerMs: 20,
      },
      limits: DEFAULT_LIMITS,
    });
    const batches = kinds.find(({ what }) => what === 'atomic batches');
    expect(batches?.count).toBeGreaterThan(5);
    expect(batches?.price).toBe(BigInt(batches?.count ?? 0) * BATCH_PRICE);
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

  const token = '0.0.5' as TokenId;
  const standing = { token, terms: FREE_TERMS, troubles: [], earlier: undefined };
  const held = (tokens: bigint | undefined, tinybar = 100_000_000n) =>
    new Map<FeeUnit, bigint | undefined>([
      [token, tokens],
      ['hbar', tinybar],
    ]);
  const trouble = 'it is paused. Have it unpaused';
  const terms = { hasFees: true, owed: [FIXED, NET] };

  it.each<[string, Standing, readonly RegExp[]]>([
    ['nothing', { ...standing, held: held(165n) }, []],
    ['tokens', { ...standing, held: held(164n) }, [/needs at least 165 of 0\.0\.5; mint or send the rest first/]],
    ['no association', { ...standing, held: held(undefined) }, [/needs at least 165 of 0\.0\.5/]],
    ['hbar', { ...standing, held: held(165n, 1n) }, [/needs at least 0\.\d+ ℏ; send the coordinator hbar first/]],
    ['an open run', { ...standing, held: held(165n), earlier }, [/open run: a-1 \(1 of 3 accepted\).*--new/]],
    ['the token', { ...standing, held: held(165n), troubles: [trouble] }, [/^it is paused\. Have it unpaused$/]],
    [
      'custom fees',
      { ...standing, terms, held: held(214n) },
      [/needs at least 218 of 0\.0\.5, 53 of .* for custom fees/],
    ],
    ['no custom fees', { ...standing, terms, held: held(218n) }, []],
  ])('%s', (_what, standing, expected) => {
    const plan = planOf(PLAN);
    expect(obstaclesOf(plan, estimatePlan(plan, standing.terms), standing, rate)).toEqual(
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
