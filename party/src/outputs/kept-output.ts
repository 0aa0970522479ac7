import type { Attempt, AttemptResult } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { TaskState } from '@gatepost/rules/run/task-state';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { OutputKeeper } from './output-keeper.js';

/** The attempt whose output is meant: the one named, else the accepted one, else the last with a result. @throws GatepostError NOT_FOUND */
export function telling(task: TaskState, number: number | undefined): Attempt {
  const done = task.attempts.filter(({ result }) => result?.ok === true);
  const accepted = done.find(({ verdict }) => verdict?.accepted === true);
  const found = number === undefined ? (accepted ?? done.at(-1)) : attemptAt(task, number);
  if (found?.result?.ok === true) return found;
  const which = number === undefined ? 'no attempt' : `attempt ${number}`;
  const { id } = task.spec;
  throw new GatepostError('NOT_FOUND', `${which} of ${id} has delivered an output; ${id} is ${task.status}`);
}

/** Whether an attempt's output is one that was, or is to be, paid for: it was accepted, or an arbiter had it paid. */
export const isAcceptedWork = ({ verdict, payment }: Pick<Attempt, 'verdict' | 'payment'>): boolean =>
  verdict?.accepted === true || payment !== undefined;

/** An output that is on the ledger or on this host, always the bytes that the `result` record names. */
export function keptOutput(
  { result }: { readonly result: Pick<AttemptResult, 'outputSha256' | 'inline'> | undefined },
  store: Pick<OutputKeeper, 'get'>,
): Buffer | undefined {
  if (result?.outputSha256 === undefined) return undefined;
  const { inline, outputSha256 } = result;
  return inline !== undefined && sha256(inline) === outputSha256 ? Buffer.from(inline) : store.get(outputSha256);
}
