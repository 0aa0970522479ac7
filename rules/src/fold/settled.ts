import type { RecordOf } from '@gatepost/shared/records/schema';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { Attempt } from '../run/attempt.js';
import { attemptAt } from '../run/attempt-numbers.js';
import { DISPUTE_QUIET } from '../run/dispute.js';
import type { RunState } from '../run/run-state.js';
import { isAccepted, type TaskState } from '../run/task-state.js';
import type { Apply } from './outcome.js';
import { markPaid } from './transitions.js';

/**
 * Attempts were paid, in the same atomic batch that carries this record. A payment that should not have been is still
 * taken down, so that it is never made again.
 */
export const applySettled: Apply<'settled'> = (state, record, entry, emit) => {
  let wrong: string | undefined;
  for (const payment of record.payments) {
    const task = state.tasks.get(payment.task);
    const attempt = attemptAt(task, payment.attempt);
    if (task === undefined || attempt === undefined) wrong = 'payment of an attempt that was not assigned';
    else if (attempt.payment !== undefined) wrong = 'payment made twice';
    else {
      wrong = faultOf(state, task, attempt, record, payment) ?? disputeFault(attempt, entry.at) ?? wrong;
      const paid = {
        to: accountId(payment.to),
        amount: BigInt(payment.amount),
        transfer: record.transfer,
        at: entry.at,
      };
      markPaid(state, task, attempt, paid, emit);
    }
  }
  return wrong;
};

/** What was under way when the arbiter was asked may still happen for a while; nothing else may. */
const disputeFault = ({ dispute }: Attempt, at: Nanos): string | undefined =>
  dispute !== undefined && at > dispute.at + DISPUTE_QUIET ? 'payment of what is disputed' : undefined;

function faultOf(
  state: RunState,
  task: TaskState,
  attempt: Attempt,
  { token }: RecordOf<'settled'>,
  { to, amount }: RecordOf<'settled'>['payments'][number],
): string | undefined {
  if (state.closed !== undefined) return 'payment after the end of the run';
  if (token !== state.context.token) return 'payment in a wrong token';
  // A member of a quorum may be accepted while too few others are: nothing is owed for that.
  if (attempt.verdict?.accepted !== true || !isAccepted(task.status)) return 'payment without acceptance';
  if (to !== attempt.agent || BigInt(amount) !== attempt.price) return 'payment of a wrong amount or agent';
  return undefined;
}
