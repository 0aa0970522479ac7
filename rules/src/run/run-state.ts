import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { Plan } from '../plan/plan.js';
import type { AgentState } from './agent-state.js';
import type { Attempt } from './attempt.js';
import type { GatekeeperState } from './gatekeeper-state.js';
import { Heap } from './heap.js';
import { ReadyLanes } from './ready-lanes.js';
import type { RefusedAssignment } from './refused-assignment.js';
import type { RunMode } from './run-mode.js';
import { RunTasks } from './run-tasks.js';
import { membersOf, type TaskState } from './task-state.js';

/** What a run is about and whom it trusts; fixed for its life. */
export interface RunContext extends RunMode {
  readonly run: string;
  readonly plan: Plan;
  readonly coordinator: AccountId;
  readonly journal: TopicId;
  readonly token: TokenId;
  /** Agents whose records count. */
  readonly agents: ReadonlySet<AccountId>;
}

/** A sequence: how much of it is left and who waits for it. */
export interface SequenceState {
  readonly id: string;
  readonly tasks: readonly string[];
  /** Sequences that wait for this one. */
  readonly followers: string[];
  /** Tasks not yet accepted. */
  remaining: number;
  /** Sequences it waits for. */
  waiting: number;
  /** Can never be complete. */
  doomed: boolean;
}

/** The newest process that acts for the coordinator. */
export interface EpochState {
  readonly epoch: number;
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  readonly at: Nanos;
  readonly ended: boolean;
}

/**
 * The fold of one run. The part that counts is `tasks`; everything else is an index kept beside it, so that a record
 * costs as much as it changes and never a walk over all tasks. Changed in place by whoever owns it.
 */
export interface RunState {
  readonly context: RunContext;
  readonly tasks: RunTasks;
  readonly sequences: Map<string, SequenceState>;
  /** Tasks that wait for a task. */
  readonly dependants: Map<string, string[]>;
  readonly agents: Map<AccountId, AgentState>;
  /** Whose each inbox is: who created it, from when it said so on the journal. */
  readonly inboxes: Map<TopicId, AccountId>;
  readonly ready: ReadyLanes;
  /** Attempts by their deadline. */
  readonly deadlines: Heap<Attempt>;
  /** Past their deadline without a result. */
  readonly overdue: Set<Attempt>;
  /** Tasks with a result, or a full round of them, that the gates must look at. */
  readonly judgeable: Set<string>;
  /** Accepted, priced and not paid, in the order of acceptance. */
  readonly payable: Set<Attempt>;
  /** Of which the arbiter was asked, and has not decided. */
  readonly disputed: Set<Attempt>;
  /** Open attempts of tasks that are decided without them. */
  readonly surplus: Set<Attempt>;
  /** Assignments without effect whose agents were not told yet, by inbox, task and number. */
  readonly refused: Map<string, RefusedAssignment>;
  /** Tasks that are not terminal. */
  unfinished: number;
  /** Tasks that failed, are blocked or were cancelled. */
  lost: number;
  /** Attempts without a verdict. */
  openAttempts: number;
  /** Attempts without a verdict and without a result. */
  working: number;
  /** Prices of all attempts that were paid, are payable or may become so. */
  committed: bigint;
  /** Sum of what was paid. */
  paid: bigint;
  opened: boolean;
  /** Consensus timestamp of `run_opened`. */
  openedAt: Nanos;
  closed: 'complete' | 'failed' | 'cancelled' | undefined;
  /** Consensus timestamp of `run_closed`; 0 while it is open. */
  closedAt: Nanos;
  /** Tasks a person no longer wants, and why. */
  readonly cancelled: Map<string, string>;
  /** A person asked to stop the run. */
  cancelReason: string | undefined;
  epoch: EpochState | undefined;
  /** The newest process of the gatekeeper that was announced. */
  gatekeeper: GatekeeperState | undefined;
  /** When an epoch last began without the one before having said that it had ended; 0 when none did. */
  takenOverAt: Nanos;
  /** Consensus timestamp of the newest record of the coordinator's own on the journal. */
  ownRecordAt: Nanos;
  /** Consensus timestamp of the newest record on the journal: everything before it that is on the journal was folded. */
  journalAt: Nanos;
  /** Consensus timestamp of the newest record of all. */
  at: Nanos;
  /** Records without effect, by reason. */
  readonly ignored: Map<string, number>;
}

function sequencesOf(plan: Plan): Map<string, SequenceState> {
  const tasks = new Map<string, string[]>(plan.sequences.map(({ id }) => [id, []]));
  for (const task of plan.tasks) tasks.get(task.sequence)?.push(task.id);
  const states = new Map<string, SequenceState>();
  for (const { id, after } of plan.sequences) {
    const own = tasks.get(id) ?? [];
    states.set(id, {
      id,
      tasks: own,
      followers: [],
      remaining: own.length,
      waiting: new Set(after).size,
      doomed: false,
    });
  }
  for (const { id, after } of plan.sequences) {
    for (const earlier of new Set(after)) states.get(earlier)?.followers.push(id);
  }
  return states;
}

/** Makes a task that nothing has happened to. */
export function newTask(spec: TaskState['spec'], waiting: number, reviews?: TaskState['reviews']): TaskState {
  return {
    spec,
    reviews,
    status: 'pending',
    waiting,
    need: membersOf(spec),
    failures: 0,
    attempts: [],
    reason: undefined,
    directive: undefined,
  };
}

/** The state before the first record. */
export function emptyState(context: RunContext): RunState {
  const state: RunState = {
    context,
    tasks: new RunTasks(),
    sequences: sequencesOf(context.plan),
    dependants: new Map(),
    agents: new Map(),
    inboxes: new Map(),
    ready: new ReadyLanes(),
    deadlines: new Heap((a, b) => a.deadlineMs - b.deadlineMs),
    overdue: new Set(),
    judgeable: new Set(),
    payable: new Set(),
    disputed: new Set(),
    surplus: new Set(),
    refused: new Map(),
    unfinished: context.plan.tasks.length,
    lost: 0,
    openAttempts: 0,
    working: 0,
    committed: 0n,
    paid: 0n,
    opened: false,
    openedAt: 0n,
    closed: undefined,
    closedAt: 0n,
    cancelled: new Map(),
    cancelReason: undefined,
    epoch: undefined,
    gatekeeper: undefined,
    takenOverAt: 0n,
    ownRecordAt: 0n,
    journalAt: 0n,
    at: 0n,
    ignored: new Map(),
  };
  for (const spec of context.plan.tasks) {
    const dependencies = new Set(spec.dependsOn);
    state.tasks.add(newTask(spec, dependencies.size + 1));
    for (const dependency of dependencies) {
      const waiting = state.dependants.get(dependency);
      if (waiting === undefined) state.dependants.set(dependency, [spec.id]);
      else waiting.push(spec.id);
    }
  }
  return state;
}
