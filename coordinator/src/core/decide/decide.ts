import { attemptKeyOf } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Awaited } from '../awaited.js';
import { CLOSE_KEY, OPEN_KEY, STOP_KEY } from '../effects/effect-key.js';
import { decideAssignments } from './assignments.js';
import type { Command } from './command.js';
import {
  decideCancellations,
  decideDeadlines,
  decideDeclined,
  decideRefused,
  decideRunCancellation,
  decideSurplus,
} from './endings.js';
import { decideGates } from './gates.js';
import type { Limits } from './limits.js';
import { decideReassignments } from './lost-agents.js';
import type { Observations } from './observations.js';
import { Pass } from './pass.js';
import { decideSettlements } from './settlements.js';
import { describeUnserved } from './unserved.js';

/**
 * What is to be done now. Pure but for one index: deadlines that have passed move to `overdue`. The same state, time
 * and observations give the same commands in the same order.
 * @param nowMs of the process's clock, for what it saw itself; what the ledger witnesses goes by how far it was read.
 */
export function decide(state: RunState, nowMs: number, seen: Observations, limits: Limits): readonly Command[] {
  return lookAt(state, nowMs, seen, limits).commands;
}

/** What is to be done now, as `decide` says it, and on request what cannot be done for want of an agent. */
export interface Decision {
  readonly commands: readonly Command[];
  readonly unserved: () => readonly Awaited[];
}

/** See `decide`. */
export function lookAt(state: RunState, nowMs: number, seen: Observations, limits: Limits): Decision {
  const pass = new Pass(state, nowMs, seen, limits);
  // Before its own epoch was read a process does not know when it took over, and what another may have under way.
  const mayAct = state.epoch?.instance === seen.instance;
  if (isFenced(state, seen)) {
    pass.ask({ kind: 'stop', key: STOP_KEY, why: 'fenced' });
  } else if (mayAct && !state.opened) {
    pass.ask({ kind: 'open', key: OPEN_KEY });
  } else if (mayAct && state.closed === undefined) {
    decideOpenRun(pass);
  }
  return { commands: pass.commands, unserved: () => describeUnserved(pass) };
}

const isFenced = (state: RunState, seen: Observations): boolean =>
  state.epoch !== undefined && seen.begun && state.epoch.instance !== seen.instance;

function decideOpenRun(pass: Pass): void {
  decideRefused(pass);
  decideSurplus(pass);
  decideDeadlines(pass);
  decideDeclined(pass);
  if (pass.state.cancelReason === undefined) {
    decideCancellations(pass);
    decideGates(pass);
    decideReassignments(pass);
    decideAssignments(pass);
  } else {
    decideRunCancellation(pass);
    // What was delivered before is still the gatekeeper's to judge.
    if (pass.state.context.gatekeeper !== undefined) decideGates(pass);
  }
  decideSettlements(pass);
  decideClosing(pass);
}

function decideClosing(pass: Pass): void {
  const { state, seen } = pass;
  const over = state.unfinished === 0 || state.cancelReason !== undefined;
  if (!over || state.openAttempts > 0 || pass.open > 0 || pass.commands.length > 0) return;
  // What the arbiter was asked about is decided first.
  if (state.disputed.size > 0) return;
  if (state.payable.size === 0) {
    const outcome = state.cancelReason !== undefined ? 'cancelled' : state.lost > 0 ? 'failed' : 'complete';
    pass.ask({ kind: 'close', key: CLOSE_KEY, outcome });
  } else if ([...state.payable].every((attempt) => seen.inFlight.unpayable.has(attemptKeyOf(attempt)))) {
    pass.ask({ kind: 'stop', key: STOP_KEY, why: 'unpayable' });
  }
}
