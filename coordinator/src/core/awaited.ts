import { attemptKeyOf } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import { awaitsPerson, isTerminal, type TaskState } from '@gatepost/rules/run/task-state';
import { formatTime, msFromNanos } from '@gatepost/shared/vocabulary/time';
import type { Limits } from './decide/limits.js';

/** For whom a run can wait: few enough to be counted apart. */
export const WAIT_KINDS = [
  'network',
  'mirror',
  'agent',
  'person',
  'predecessor',
  'gatekeeper',
  'arbiter',
  'store',
] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

/** What a run cannot go on without now, in words for people. */
export interface Awaited {
  readonly kind: WaitKind;
  /** Who is waited for. */
  readonly whom: string;
  /** What for, why, and what helps. */
  readonly what: string;
}

/**
 * Whether a task has a result that a person can still say something about; it may be one of a lost agent that came back,
 * while the task already waits for another attempt.
 */
export const standsWithPerson = (task: TaskState): boolean =>
  !isTerminal(task.status) &&
  task.attempts.some(
    (attempt) => attempt.verdict === undefined && attempt.result?.ok === true && awaitsPerson(task, attempt),
  );

/** A person's word on results, with the command to give it. */
export function awaitedPeople(state: RunState): readonly Awaited[] {
  let first: string | undefined;
  let more = 0;
  for (const task of state.tasks.open()) {
    if (!standsWithPerson(task)) continue;
    if (first === undefined) first = task.spec.id;
    else more += 1;
  }
  if (first === undefined) return [];
  const { run } = state.context;
  const others = more === 0 ? '' : `, and on ${more} more`;
  return [
    {
      kind: 'person',
      whom: 'a person',
      what: `to decide on task ${first}${others}: coordinator approve ${first} --run ${run}, or coordinator reject ${first} --run ${run} --reason "..."`,
    },
  ];
}

/** The arbiter's word on what is disputed, with the command to give it. */
export function awaitedArbiter({ context, disputed }: RunState): readonly Awaited[] {
  const [first] = disputed;
  if (first === undefined || context.arbiter === undefined) return [];
  const others = disputed.size === 1 ? '' : `, and on ${disputed.size - 1} more`;
  const what = `to decide on ${attemptKeyOf(first)}${others}: arbiter decide ${first.task} --run ${context.run}`;
  return [{ kind: 'arbiter', whom: `the arbiter ${context.arbiter}`, what }];
}

/** The time until which a process that fell silent may still have paid what is accepted. */
export function awaitedTime(state: RunState, { quarantineMs }: Pick<Limits, 'quarantineMs'>): readonly Awaited[] {
  const { takenOverAt, ownRecordAt, payable } = state;
  const untilMs = msFromNanos(takenOverAt) + quarantineMs;
  if (takenOverAt === 0n || msFromNanos(ownRecordAt) > untilMs) return [];
  const held = [...payable].filter(({ verdict }) => verdict !== undefined && verdict.at < takenOverAt).length;
  if (held === 0) return [];
  return [
    {
      kind: 'predecessor',
      whom: 'the end of what an earlier process may have paid',
      what: `which is at ${formatTime(untilMs)}: ${held} accepted results are paid after it, and nothing need be done`,
    },
  ];
}
