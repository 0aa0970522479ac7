import { attemptKeyOf } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Awaited } from '../awaited.js';
import { CLOSE_KEY, OPEN_KEY, STOP_KEY } from '../effects/effect-key.js';
import { takeTurns } from '../service/fair-share.js';
import { assignReady } from './assignments.js';
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
import { decideLostMembers, reassignLost } from './lost-agents.js';
import type { Observations } from './observations.js';
import { Pass } from './pass.js';
import { decideSettlements } from './settlements.js';
import { Slots } from './slots.js';
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

/** One of the runs that are decided on together. */
export interface RunLook {
  readonly state: RunState;
  readonly seen: Observations;
  readonly limits: Limits;
  /** Order of submission: of two that are equally far behind, the earlier one is served first. */
  readonly ordinal: number;
  /** Its share is this much of the sum of all weights; a whole number from 1. */
  readonly weight: number;
  /** Most attempts that agents may work on for it. */
  readonly mostOpen: number;
}

/** See `decide`. */
export function lookAt(state: RunState, nowMs: number, seen: Observations, limits: Limits): Decision {
  const alone = { state, seen, limits, ordinal: 1, weight: 1, mostOpen: Infinity };
  return decideTogether([alone], nowMs, Infinity)[0] as Decision;
}

/**
 * What is to be done now for each of several runs that share agents, as `decide` says it for one. Who begins the next
 * attempt is the run that has the fewest under way for its weight.
 * @param mostOpen attempts that agents may work on in all runs together.
 * @returns one decision for each run, in the order of the runs.
 */
export function decideTogether(runs: readonly RunLook[], nowMs: number, mostOpen: number): readonly Decision[] {
  const slots = new Slots();
  const looks = runs.map((run) => {
    const pass = new Pass(run.state, nowMs, run.seen, run.limits, slots);
    return { ...run, pass };
  });
  // Reviews of what was delivered are asked for before any turn is taken: what is under way comes to its end first.
  const turns = new Map(looks.map(({ pass }) => [pass.state.context.run, attemptsOf(pass)]));
  const working = looks.reduce((sum, { pass }) => sum + pass.working, 0);
  const claims = looks.map(({ pass, ordinal, weight, mostOpen: most }) => {
    return { run: pass.state.context.run, ordinal, weight, open: pass.working, mostOpen: most };
  });
  takeTurns(claims, mostOpen - working, (run) => turns.get(run)?.next().done === false);
  return looks.map(({ pass }) => {
    if (mayDecide(pass)) decideEnding(pass);
    return { commands: pass.commands, unserved: () => describeUnserved(pass) };
  });
}

const isFenced = (state: RunState, seen: Observations): boolean =>
  state.epoch !== undefined && seen.begun && state.epoch.instance !== seen.instance;

/** Whether the run is open and this process's to decide on. */
function mayDecide({ state, seen }: Pass): boolean {
  // Before its own epoch was read a process does not know when it took over, and what another may have under way.
  const mayAct = state.epoch?.instance === seen.instance;
  return mayAct && state.opened && state.closed === undefined;
}

/** Decides what takes no slot; the attempts that may be begun after that come one by one. */
function attemptsOf(pass: Pass): Generator<void> {
  const { state, seen } = pass;
  if (isFenced(state, seen)) {
    pass.ask({ kind: 'stop', key: STOP_KEY, why: 'fenced' });
  } else if (mayDecide(pass)) {
    return decideOpenRun(pass);
  } else if (state.epoch?.instance === seen.instance && !state.opened) {
    pass.ask({ kind: 'open', key: OPEN_KEY });
  }
  return nothing();
}

function* nothing(): Generator<void> {}

function decideOpenRun(pass: Pass): Generator<void> {
  decideRefused(pass);
  decideSurplus(pass);
  decideDeadlines(pass);
  decideDeclined(pass);
  if (pass.state.cancelReason === undefined) {
    decideCancellations(pass);
    decideGates(pass);
    decideLostMembers(pass);
    return begin(pass);
  }
  decideRunCancellation(pass);
  // What was delivered before is still the gatekeeper's to judge.
  if (pass.state.context.gatekeeper !== undefined) decideGates(pass);
  return nothing();
}

function* begin(pass: Pass): Generator<void> {
  yield* reassignLost(pass);
  yield* assignReady(pass);
}

function decideEnding(pass: Pass): void {
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
