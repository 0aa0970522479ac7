import type { Attempt } from '@gatepost/rules/run/attempt';
import type { Dispute } from '@gatepost/rules/run/dispute';
import { reviewedAttempt } from '@gatepost/rules/run/review-id';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { TaskState, TaskStatus } from '@gatepost/rules/run/task-state';
import { factsOf } from '@gatepost/rules/verify/facts';
import type { AnyEntry, AttemptFacts, AttemptHistory, RunHistory } from '@gatepost/rules/verify/history';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import { standsWithPerson } from '../awaited.js';
import { standing } from '../explain.js';
import type { Place, ReportedAttempt, ReportedOutput, ReportedTask } from './document.js';
import type { PlaceAt } from './places.js';

/** What an attempt delivered, as far as whoever makes the report knows it. */
export type ShowOutput = (run: string, result: DeliveredOutput) => ReportedOutput;

/** The end of what the executors of a task wrote, by the number of the attempt. */
export type ShowLogs = (run: string, task: string) => ReadonlyMap<number, string>;

/** The output that a result names. */
export interface DeliveredOutput {
  readonly sha256: string;
  readonly size: number;
  /** As text when it came within the record. */
  readonly inline: string | undefined;
}

/** What tasks are told with. */
export interface Telling {
  readonly run: string;
  readonly placeAt: PlaceAt;
  readonly showOutput: ShowOutput;
  readonly showLogs: ShowLogs;
  /** Fees of a task, in tinybar. */
  readonly feesOf: (task: string) => bigint;
}

/** The tasks of a run whose plan is known, in plan order, reviews last. */
export const tasksOfState = (state: RunState, telling: Telling): ReportedTask[] =>
  [...state.tasks.values()].map((task) => taskOfState(state, task, telling));

function taskOfState(state: RunState, task: TaskState, telling: Telling): ReportedTask {
  const { spec, status, reviews } = task;
  const logs = telling.showLogs(telling.run, spec.id);
  return {
    id: spec.id,
    type: spec.type,
    status,
    ...(reviews === undefined ? { sequence: spec.sequence } : { reviews }),
    depends_on: [...spec.dependsOn],
    gates: spec.gates.map(({ kind }) => kind),
    price: `${spec.price}`,
    why: standing(state, task),
    ...(standsWithPerson(task) ? { awaits_person: true } : {}),
    fees: `${telling.feesOf(spec.id)}`,
    attempts: task.attempts.map((attempt) => attemptOfState(attempt, logs.get(attempt.number), telling)),
  };
}

function attemptOfState(attempt: Attempt, log: string | undefined, telling: Telling): ReportedAttempt {
  const { placeAt } = telling;
  const { startedAt, timedOutAt, result, verdict, dispute, payment } = attempt;
  return {
    number: attempt.number,
    agent: attempt.agent,
    price: `${attempt.price}`,
    deadline: formatTime(attempt.deadlineMs),
    superseded: attempt.superseded,
    assigned: placeAt(attempt.assignedAt),
    ...(startedAt === undefined ? {} : { started: placeAt(startedAt) }),
    ...(timedOutAt === undefined ? {} : { timed_out: placeAt(timedOutAt) }),
    ...(result === undefined
      ? {}
      : { result: resultOf(result.outputSha256, { ...result, place: placeAt(result.at) }, telling) }),
    ...(log === undefined ? {} : { log }),
    ...(verdict === undefined ? {} : { verdict: verdictOf(verdict, placeAt(verdict.at)) }),
    ...(dispute === undefined ? {} : { dispute: disputeOf(dispute, placeAt) }),
    ...(payment === undefined
      ? {}
      : { payment: paymentOf(payment.to, payment.amount, payment.transfer, placeAt(payment.at)) }),
  };
}

interface Delivered {
  readonly ok: boolean;
  readonly reason: string | undefined;
  readonly outputSize: number;
  readonly inline: string | undefined;
  readonly place: Place;
}

const resultOf = (
  sha256: string | undefined,
  { ok, reason, outputSize, inline, place }: Delivered,
  { run, showOutput }: Telling,
): NonNullable<ReportedAttempt['result']> => ({
  ok,
  ...(reason === undefined ? {} : { reason }),
  ...(sha256 === undefined ? {} : { output: showOutput(run, { sha256, size: outputSize, inline }) }),
  place,
});

const verdictOf = (
  { accepted, gate, reason }: { readonly accepted: boolean; readonly gate: string; readonly reason: string },
  place: Place,
): NonNullable<ReportedAttempt['verdict']> => ({ accepted, gate, reason, place });

const disputeOf = (
  { by, reason, at, decision }: Dispute,
  placeAt: PlaceAt,
): NonNullable<ReportedAttempt['dispute']> => ({
  by,
  reason,
  place: placeAt(at),
  ...(decision === undefined
    ? {}
    : { decision: { pays: decision.pay, reason: decision.reason, place: placeAt(decision.at) } }),
});

const paymentOf = (
  to: AccountId,
  amount: bigint,
  transfer: string | undefined,
  place: Place,
): NonNullable<ReportedAttempt['payment']> => ({
  to,
  amount: `${amount}`,
  ...(transfer === undefined ? {} : { transfer }),
  place,
});

/** The tasks of a run whose plan is not known: those that were assigned, as far as the records tell. */
export function tasksOfHistory(history: RunHistory, telling: Telling): ReportedTask[] {
  const tasks: ReportedTask[] = [];
  for (const [id, attempts] of history.tasks) {
    const told = [...attempts.values()].flatMap((attempt) => attemptOfHistory(history, attempt, telling));
    const [first] = [...attempts.values()].flatMap((attempt) => factsOf(history, attempt).assignment ?? []);
    if (first === undefined) continue;
    const { task_type: type, price } = first.entry.record;
    const reviews = reviewedAttempt(id);
    tasks.push({
      id,
      type,
      status: statusOf(told, history.closed !== undefined),
      ...(reviews === undefined ? {} : { reviews }),
      depends_on: [],
      gates: [],
      price,
      why: ['the plan is not known here, so neither is what the task waits for'],
      fees: `${telling.feesOf(id)}`,
      attempts: told,
    });
  }
  return tasks;
}

function statusOf(attempts: readonly ReportedAttempt[], closed: boolean): TaskStatus {
  if (attempts.some(({ payment }) => payment !== undefined)) return 'paid';
  if (attempts.some(({ verdict }) => verdict?.accepted === true)) return 'complete';
  const last = attempts.at(-1);
  if (closed) return 'failed';
  if (last?.verdict !== undefined) return 'pending';
  return last?.result === undefined ? 'assigned' : 'review';
}

function attemptOfHistory(history: RunHistory, attempt: AttemptHistory, telling: Telling): ReportedAttempt[] {
  const { assignment, result, verdict, dispute, decision } = factsOf(history, attempt);
  if (assignment === undefined) return [];
  const { entry, agent } = assignment;
  const [payment] = attempt.payments;
  const [timedOut] = attempt.timedOut;
  return [
    {
      number: attempt.attempt,
      agent,
      price: entry.record.price,
      deadline: formatTime(entry.record.deadline_ms),
      superseded: false,
      assigned: placeOf(entry, telling),
      ...(timedOut === undefined ? {} : { timed_out: placeOf(timedOut, telling) }),
      ...(result === undefined ? {} : { result: resultOfRecord(result, telling) }),
      ...(verdict === undefined ? {} : { verdict: verdictOf(verdict.record, placeOf(verdict, telling)) }),
      ...(dispute === undefined ? {} : { dispute: disputeOfRecords(dispute, decision, telling) }),
      ...(payment === undefined
        ? {}
        : {
            payment: paymentOf(
              payment.to,
              payment.amount,
              payment.entry.record.transfer,
              placeOf(payment.entry, telling),
            ),
          }),
    },
  ];
}

const disputeOfRecords = (
  dispute: NonNullable<AttemptFacts['dispute']>,
  decision: AttemptFacts['decision'],
  telling: Telling,
): NonNullable<ReportedAttempt['dispute']> => ({
  by: dispute.author,
  reason: dispute.record.reason,
  place: placeOf(dispute, telling),
  ...(decision === undefined
    ? {}
    : { decision: { pays: decision.record.pay, reason: decision.record.reason, place: placeOf(decision, telling) } }),
});

const placeOf = ({ at }: AnyEntry, { placeAt }: Telling): Place => placeAt(at);

function resultOfRecord(
  entry: NonNullable<ReturnType<typeof factsOf>['result']>,
  telling: Telling,
): NonNullable<ReportedAttempt['result']> {
  const { record } = entry;
  const place = placeOf(entry, telling);
  if (record.outcome === 'failed') {
    return resultOf(undefined, { ok: false, reason: record.reason, outputSize: 0, inline: undefined, place }, telling);
  }
  const { output_sha256, output_size: outputSize, output: inline } = record;
  return resultOf(output_sha256, { ok: true, reason: undefined, outputSize, inline, place }, telling);
}
