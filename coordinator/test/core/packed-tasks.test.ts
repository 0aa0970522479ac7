import { reduce } from '@gatepost/rules/fold/reduce';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { emptyState, type RunContext, type RunState } from '@gatepost/rules/run/run-state';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyPlan, planOf, taskOf } from './plans.js';
import { Simulation } from './simulation.js';

/** A state whose tasks all stay as they are. */
function neverPacked(context: RunContext): RunState {
  const state = emptyState(context);
  state.tasks.pack = () => undefined;
  return state;
}

/** Everything once more, later: most of it speaks of tasks that are over. Payments also of what was never accepted. */
function saidAgain(records: readonly LedgerRecord[]): LedgerRecord[] {
  const end = records.at(-1)?.at ?? 0n;
  return records.flatMap((entry) => {
    const later = { ...entry, at: entry.at + end };
    const { record, run } = entry;
    if (record.type !== 'verdict' || run === undefined) return [later];
    const { task, attempt } = record;
    const cancel: AnyRecord = { type: 'cancel', task, attempt, reason: 'late' };
    const assigned = records.find(
      ({ record: one }) => one.type === 'assign' && one.task === task && one.attempt === attempt,
    );
    return assigned === undefined ? [later] : [later, { ...later, topic: assigned.topic, record: cancel }];
  });
}

const isPaid = ({ status }: { readonly status: string }): boolean => status === 'paid';

function checkSame(packing: RunState, plain: RunState): void {
  expect([...packing.tasks.values()]).toEqual([...plain.tasks.values()]);
  expect(packing.ignored).toEqual(plain.ignored);
  expect([packing.paid, packing.committed, packing.lost]).toEqual([plain.paid, plain.committed, plain.lost]);
  expect(stateDigest(packing)).toBe(stateDigest(plain));
}

it('what is over is packed, and everything that is said later comes to the same as if it were not', () => {
  let packed = 0;
  const troubles = { failing: 0.2, wrong: 0.3, dying: 0.3, silent: 0.1 };
  fc.assert(
    fc.property(anyPlan, fc.nat(), fc.boolean(), (plan, seed, gatekeeper) => {
      const { records, context } = new Simulation({ plan, seed, gatekeeper, ...troubles }).run();
      const [packing, plain] = [emptyState(context), neverPacked(context)];
      for (const record of [...records, ...saidAgain(records)]) {
        reduce(packing, record);
        reduce(plain, record);
      }
      checkSame(packing, plain);
      packed += packing.tasks.size - [...packing.tasks.open()].length;
    }),
    { numRuns: 60 },
  );
  expect(packed, 'tasks that are packed').toBeGreaterThan(50);
});

it('a task that somebody asked for is the same object until more is folded, and packed again then', () => {
  const plan = planOf(Array.from({ length: 50 }, (_, index) => taskOf(`t${index}`, { gates: [{ kind: 'none' }] })));
  const { records, state } = new Simulation({ plan, seed: 7 }).run();
  expect([...state.tasks.values()].every(isPaid)).toBe(true);
  expect([...state.tasks.open()]).toEqual([]);
  const task = state.tasks.get('t7');
  expect(task).toEqual(state.tasks.copyOf('t7'));
  expect(state.tasks.get('t7')).toBe(task);
  expect([...state.tasks.open()]).toEqual([task]);
  const last = records.at(-1) as LedgerRecord;
  reduce(state, last);
  expect([...state.tasks.open()]).toEqual([]);
  expect([...state.tasks.keys()]).toEqual(plan.tasks.map(({ id }) => id));
});

it('holds no deadlines of many attempts that are decided', () => {
  const plan = planOf(Array.from({ length: 3_000 }, (_, index) => taskOf(`t${index}`, { gates: [{ kind: 'none' }] })));
  const { records, context } = new Simulation({ plan, seed: 7, agents: 20, slots: 10, batchMs: 50 }).run(10_000_000);
  const state = emptyState(context);
  let most = 0;
  for (const record of records) {
    reduce(state, record);
    most = Math.max(most, state.deadlines.size);
  }
  expect(most).toBeLessThan(2_000);
});
