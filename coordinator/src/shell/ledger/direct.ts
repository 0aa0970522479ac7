import type { RunState } from '@gatepost/rules/run/run-state';
import { hasHumanGate, isTerminal } from '@gatepost/rules/run/task-state';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { clipReason, packRecords } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';

/** What a person decides. */
export interface Directive {
  readonly action: 'approve' | 'reject' | 'cancel';
  /** Left out to cancel the run. */
  readonly task: string | undefined;
  readonly reason: string;
  /** SHA-256 of what was noted of who decides, lower-case hex; the journal names it. */
  readonly by?: string;
}

/** The attempt a word on a task is about. @throws GatepostError USAGE, NOT_FOUND */
function attemptFor(state: RunState, { action, task: id }: Directive): number | undefined {
  if (id === undefined) return undefined;
  const task = state.tasks.get(id);
  if (task === undefined) throw new GatepostError('NOT_FOUND', `run ${state.context.run} has no task ${id}`);
  if (isTerminal(task.status)) throw new GatepostError('USAGE', `${id} is ${task.status} already`);
  if (action === 'cancel') return undefined;
  if (!hasHumanGate(task.spec)) throw new GatepostError('USAGE', `${id} has no gate that asks a person`);
  const open = task.attempts.find(({ verdict, result }) => verdict === undefined && result?.ok === true);
  if (open === undefined) throw new GatepostError('USAGE', `${id} is ${task.status}; there is no result to decide on`);
  return open.number;
}

/**
 * Writes a person's word to the journal, where a running coordinator, or the next one, acts on it.
 * @throws GatepostError USAGE when there is nothing to decide; LEDGER_REJECTED, LEDGER_UNREACHABLE, OUTCOME_UNKNOWN.
 */
export async function direct(ledger: Ledger, state: RunState, directive: Directive): Promise<void> {
  const { journal, run } = state.context;
  if (state.closed !== undefined) throw new GatepostError('USAGE', `run ${run} is ${state.closed} already`);
  const attempt = attemptFor(state, directive);
  const { action, task, by } = directive;
  const record: RecordOf<'directive'> = {
    type: 'directive',
    action,
    ...(task === undefined ? {} : { task }),
    ...(attempt === undefined ? {} : { attempt }),
    reason: clipReason(directive.reason),
    ...(by === undefined ? {} : { by }),
  };
  for (const message of packRecords(run, [record])) {
    requireDone(await ledger.execute(await ledger.prepare([{ kind: 'message', topic: journal, message }])));
  }
}
