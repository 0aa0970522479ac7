import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Emit } from '../run/change.js';
import type { LedgerRecord } from '../run/ledger-record.js';
import type { RunContext, RunState } from '../run/run-state.js';
import { applyLapsed, applyOffline, applyOnline } from './agent-life.js';
import { applyAssign } from './assign.js';
import { applyCancel } from './cancel.js';
import { applyDirective } from './directive.js';
import { applyDecision, applyDispute } from './dispute.js';
import { applyEpoch } from './epoch.js';
import { applyGatekeeperOffline, applyGatekeeperOnline } from './gatekeeper-life.js';
import type { Apply } from './outcome.js';
import { applyResult, applyStarted } from './progress.js';
import { applyRunClosed } from './run-closed.js';
import { applyRunOpened } from './run-opened.js';
import { applySettled } from './settled.js';
import { applyTimedOut } from './timed-out.js';
import { applyVerdict } from './verdict.js';

/** A judge is the coordinator, beside it the gatekeeper where there is one; the kinds of record say which of the two. */
type Author = 'coordinator' | 'agent' | 'gatekeeper' | 'judge' | 'arbiter';
type Place = 'journal' | 'inbox';

/** Who may write a kind of record, where, and whether it belongs to a run. */
interface Grant {
  readonly author: Author;
  readonly place: Place;
  readonly ofRun: boolean;
}

/** A kind of record: its grant and what it does. */
interface Rule<T extends AnyRecord['type']> extends Grant {
  readonly apply: Apply<T>;
}

const RULES: { readonly [T in AnyRecord['type']]: Rule<T> } = {
  epoch: { author: 'coordinator', place: 'journal', ofRun: false, apply: applyEpoch },
  directive: { author: 'judge', place: 'journal', ofRun: true, apply: applyDirective },
  run_opened: { author: 'coordinator', place: 'journal', ofRun: true, apply: applyRunOpened },
  verdict: { author: 'judge', place: 'journal', ofRun: true, apply: applyVerdict },
  settled: { author: 'coordinator', place: 'journal', ofRun: true, apply: applySettled },
  dispute: { author: 'judge', place: 'journal', ofRun: true, apply: applyDispute },
  decision: { author: 'arbiter', place: 'journal', ofRun: true, apply: applyDecision },
  run_closed: { author: 'coordinator', place: 'journal', ofRun: true, apply: applyRunClosed },
  timed_out: { author: 'coordinator', place: 'journal', ofRun: true, apply: applyTimedOut },
  assign: { author: 'coordinator', place: 'inbox', ofRun: true, apply: applyAssign },
  cancel: { author: 'coordinator', place: 'inbox', ofRun: true, apply: applyCancel },
  online: { author: 'agent', place: 'journal', ofRun: false, apply: applyOnline },
  offline: { author: 'agent', place: 'journal', ofRun: false, apply: applyOffline },
  lapsed: { author: 'agent', place: 'journal', ofRun: false, apply: applyLapsed },
  gatekeeper_online: { author: 'gatekeeper', place: 'journal', ofRun: false, apply: applyGatekeeperOnline },
  gatekeeper_offline: { author: 'gatekeeper', place: 'journal', ofRun: false, apply: applyGatekeeperOffline },
  started: { author: 'agent', place: 'journal', ofRun: true, apply: applyStarted },
  result: { author: 'agent', place: 'journal', ofRun: true, apply: applyResult },
};

const silent: Emit = () => undefined;

/**
 * Folds one record into the state, which is changed in place and returned. Total: a record without authority, out of
 * turn or about something unknown is counted in `ignored` and changes nothing else. Deterministic: nothing but the
 * state and the record counts.
 */
export function reduce(state: RunState, entry: LedgerRecord, emit: Emit = silent): RunState {
  const { record } = entry;
  const rule = RULES[record.type];
  if (entry.topic === state.context.journal && entry.at > state.journalAt) state.journalAt = entry.at;
  if (rule.ofRun && entry.run !== state.context.run) return state;
  if (entry.at > state.at) state.at = entry.at;
  const ignored = unauthorised(state, entry, rule) ?? applyTo(rule.apply, state, entry, emit);
  if (ignored !== undefined) {
    state.ignored.set(ignored, (state.ignored.get(ignored) ?? 0) + 1);
    emit({
      event: 'ignored',
      reason: `${record.type} by ${entry.author} (${entry.topic}/${entry.sequence}): ${ignored}`,
    });
  }
  if (rule.place === 'journal' && entry.author === state.context.coordinator) state.ownRecordAt = entry.at;
  state.tasks.pack();
  return state;
}

function unauthorised(state: RunState, entry: LedgerRecord, rule: Grant): string | undefined {
  const { context } = state;
  if (!mayWrite(context, entry.author, rule.author)) return 'record of an author without authority';
  const onJournal = entry.topic === context.journal;
  return onJournal === (rule.place === 'journal') ? undefined : 'record on the wrong topic';
}

function mayWrite({ coordinator, gatekeeper, arbiter, agents }: RunContext, author: AccountId, as: Author): boolean {
  switch (as) {
    case 'coordinator':
      return author === coordinator;
    case 'gatekeeper':
      return author === gatekeeper;
    case 'judge':
      return author === coordinator || author === gatekeeper;
    case 'arbiter':
      return author === arbiter;
    case 'agent':
      return agents.has(author);
  }
}

function applyTo(apply: unknown, state: RunState, entry: LedgerRecord, emit: Emit): string | undefined {
  // The table pairs each type with the function for it; the compiler cannot follow that through an index.
  return (apply as Apply<AnyRecord['type']>)(state, entry.record, entry, emit);
}
