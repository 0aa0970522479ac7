import { accountId } from '@gatepost/shared/vocabulary/ids';
import { attemptAt } from '../run/attempt-numbers.js';
import { isAccepted } from '../run/task-state.js';
import type { Apply } from './outcome.js';

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
      const amount = BigInt(payment.amount);
      if (attempt.verdict?.accepted !== true) wrong = 'payment without acceptance';
      else if (payment.to !== attempt.agent || amount !== attempt.price) wrong = 'payment of a wrong amount or agent';
      attempt.payment = { to: accountId(payment.to), amount, transfer: record.transfer, at: entry.at };
      state.payable.delete(attempt);
      state.paid += amount;
      const done = task.attempts.every((other) => other.verdict?.accepted !== true || other.payment !== undefined);
      if (done && isAccepted(task.status)) task.status = 'paid';
      const { agent, number } = attempt;
      emit({ event: 'settled', task: payment.task, attempt: number, agent, amount, transfer: record.transfer });
    }
  }
  return wrong;
};
