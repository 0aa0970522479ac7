import { disputeObstacle } from '@gatepost/rules/fold/dispute';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { type Attempt, attemptKeyOf } from '@gatepost/rules/run/attempt';
import type { RunContext, RunState } from '@gatepost/rules/run/run-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { type DisputedPayment, signDisputePayment } from '@gatepost/shared/hedera/dispute-payment';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { clipReason, packRecords } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { ScheduleId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';

/** What would pay an attempt of a run with an arbiter. @throws GatepostError USAGE when the run has none. */
export function disputedPayment({ run, token, escrow, arbiter }: RunContext, attempt: Attempt): DisputedPayment {
  if (escrow === undefined || arbiter === undefined) {
    throw new GatepostError('USAGE', `run ${run} was opened without an arbiter; nobody can be asked`);
  }
  const { task, number, agent: to, price: amount } = attempt;
  return { run, task, attempt: number, escrow, token, to, amount };
}

/** The newest attempt of a task that the arbiter may be asked about. @throws GatepostError NOT_FOUND, USAGE */
function disputable(state: RunState, id: string): Attempt {
  const task = state.tasks.get(id);
  if (task === undefined) throw new GatepostError('NOT_FOUND', `run ${state.context.run} has no task ${id}`);
  const found = task.attempts.findLast((attempt) => disputeObstacle(task, attempt) === undefined);
  if (found !== undefined) return found;
  const last = task.attempts.at(-1);
  const why = last === undefined ? 'it was not assigned' : `${attemptKeyOf(last)}: ${disputeObstacle(task, last)}`;
  throw new GatepostError('USAGE', `the arbiter cannot be asked about ${id}: ${why}`);
}

/**
 * Signs the payment of a task's newest result that is unpaid, and asks the arbiter to sign it too; from then on nobody pays it
 * but the arbiter. Done again after it broke off, it makes nothing twice.
 * @throws GatepostError USAGE when nothing can be asked; LEDGER_REJECTED, LEDGER_UNREACHABLE, MIRROR_UNREACHABLE
 */
export async function askArbiter(
  connection: Connection,
  ledger: Ledger,
  state: RunState,
  { task, reason }: { readonly task: string; readonly reason: string },
): Promise<{ readonly attempt: Attempt; readonly schedule: ScheduleId }> {
  const { context } = state;
  const attempt = disputable(state, task);
  const schedule = await signDisputePayment(connection, disputedPayment(context, attempt));
  await writeRecord(ledger, context, {
    type: 'dispute',
    task,
    attempt: attempt.number,
    schedule,
    reason: clipReason(reason),
  });
  return { attempt, schedule };
}

/** Writes one record of a run to its journal. @throws GatepostError as `requireDone` does. */
export async function writeRecord(
  ledger: Ledger,
  { journal, run, plan }: RunContext,
  record: RecordOf<'dispute'> | RecordOf<'decision'>,
): Promise<void> {
  for (const message of packRecords(run, [record], taskNamesOf(plan))) {
    requireDone(await ledger.execute(await ledger.prepare([{ kind: 'message', topic: journal, message }])));
  }
}
