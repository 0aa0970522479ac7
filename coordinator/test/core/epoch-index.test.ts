import { decide } from '@gatepost/coordinator/core/decide/decide';
import { DEFAULT_LIMITS } from '@gatepost/coordinator/core/decide/limits';
import { InFlight } from '@gatepost/coordinator/core/effects/in-flight';
import { reduce } from '@gatepost/rules/fold/reduce';
import { emptyIndex, indexRecord } from '@gatepost/rules/run/journal-index';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { emptyState } from '@gatepost/rules/run/run-state';
import { expect, it } from 'vitest';
import { planOf, taskOf } from './plans.js';
import { COORDINATOR, JOURNAL, TOKEN } from './simulation.js';

const epochs = (...written: readonly [instance: string, epoch: number, state: 'begun' | 'ended'][]): LedgerRecord[] =>
  written.map(([instance, epoch, state], at) => ({
    at: BigInt(at + 1),
    author: COORDINATOR,
    topic: JOURNAL,
    sequence: at + 1,
    run: undefined,
    record: { type: 'epoch', epoch, instance, host: 'here', pid: at + 1, state },
  }));

it.each([
  ['two begin with the same number', epochs(['first', 1, 'begun'], ['second', 1, 'begun'])],
  ['the second of them ends', epochs(['first', 1, 'begun'], ['second', 1, 'begun'], ['second', 1, 'ended'])],
  ['an old one ends late', epochs(['older', 1, 'begun'], ['first', 2, 'begun'], ['older', 1, 'ended'])],
])('who starts sees the same coordinator at work as who runs: %s', (_what, records) => {
  const index = emptyIndex();
  const trusted = { coordinator: COORDINATOR, journal: JOURNAL, token: TOKEN, agents: new Set<never>() };
  const state = emptyState({ run: 'run-1', plan: planOf([taskOf('a')]), ...trusted });
  for (const record of records) {
    indexRecord(index, record, COORDINATOR);
    reduce(state, record, () => undefined);
  }
  expect(index.epoch).toMatchObject({ instance: 'first', ended: false });
  expect(state.epoch).toMatchObject({ instance: 'first', ended: false });
});

it('who has begun with a number that another has does nothing but stop, and nothing before that is known', () => {
  const trusted = { coordinator: COORDINATOR, journal: JOURNAL, token: TOKEN, agents: new Set<never>() };
  const state = emptyState({ run: 'run-1', plan: planOf([taskOf('a')]), ...trusted });
  const decided = (instance: string, begun: boolean) => {
    const seen = { instance, begun, startedMs: 0, inFlight: new InFlight(), feesUsd: 0 };
    const empty = new Map();
    const known = { sessions: empty, gated: empty, inputTrouble: empty, largeInputs: empty, declined: empty };
    return decide(state, 0, { ...seen, ...known }, DEFAULT_LIMITS).map(({ kind }) => kind);
  };
  const [first, second] = epochs(['first', 1, 'begun'], ['second', 1, 'begun']);
  expect(decided('second', false)).toEqual([]);
  for (const record of [first, second]) if (record !== undefined) reduce(state, record, () => undefined);
  expect(decided('first', true)).toEqual(['open']);
  reduce(state, { ...opening(state.context.plan.digest), at: 3n, sequence: 3 }, () => undefined);
  expect(decided('second', false)).toEqual([]);
  expect(decided('second', true)).toEqual(['stop']);
  state.cancelReason = 'nobody wants it';
  expect(decided('second', false)).toEqual([]);
  expect(decided('first', true)).toEqual(['close']);
});

const opening = (plan_sha256: string) => ({
  author: COORDINATOR,
  topic: JOURNAL,
  run: 'run-1',
  record: { type: 'run_opened' as const, plan_sha256, name: 'p', tasks: 1, token: TOKEN },
});
