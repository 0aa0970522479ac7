import { mayGiveUp } from '@gatepost/rules/judging/giving-up';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import type { Attempt } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import { findOrReview } from '@gatepost/rules/run/review-id';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { VerdictGate } from '@gatepost/rules/run/verdict-gates';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { BEACON_KEY, cancelKey, type EffectKey, verdictKey } from '../effects/effect-key.js';
import { AgentQueue } from './agent-queue.js';
import type { Command, Payment } from './command.js';
import { type Judgement, judge } from './health.js';
import type { Limits } from './limits.js';
import type { Observations } from './observations.js';
import type { Slots } from './slots.js';
import type { Wanted } from './wanted.js';

/** How long an agent gets no work after its first loss or its last chance, and at most. */
const FIRST_PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 600_000;

const NONE: ReadonlySet<AccountId> = new Set();

const pauseAfter = (times: number): number =>
  times <= 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (times - 1), MAX_PAUSE_MS);

/** Failures in a row after which an agent is asked less, as long as there are others. */
const DOUBTED_AFTER = 3;

/** Whether an agent has only failed lately. */
export const isDoubted = ({ failures }: AgentState): boolean => failures >= DOUBTED_AFTER;

/** What nobody could be found for. */
interface Unfound {
  readonly task: string;
  readonly wanted: Wanted;
  /** The attempt of an agent that is gone; it may still come back to it. */
  readonly held: Attempt | undefined;
}

/** One pass of deciding: its inputs, and the commands found so far with what they use up. */
export class Pass {
  readonly commands: Command[] = [];
  readonly unserved: Unfound[] = [];
  readonly #asked = new Set<EffectKey>();
  readonly #judgements = new Map<AccountId, Judgement>();
  readonly #queues = new Map<string, AgentQueue>();
  readonly #alive = new Map<string, readonly AgentState[]>();
  committed: bigint;
  open: number;
  /** Attempts that an agent works on or is about to. */
  working: number;

  constructor(
    readonly state: RunState,
    readonly nowMs: number,
    readonly seen: Observations,
    readonly limits: Limits,
    /** Shared by the passes of all runs that are decided on together. */
    readonly slots: Slots,
  ) {
    this.committed = state.committed;
    this.open = state.openAttempts;
    this.working = state.working;
    for (const { account, busy } of state.agents.values()) if (busy > 0) slots.take(account, busy);
    for (const { agent, price } of seen.inFlight.assignments.values()) this.#take(agent, price);
  }

  #take(agent: AccountId, price: bigint): void {
    this.slots.take(agent);
    this.committed += price;
    this.open += 1;
    this.working += 1;
  }

  /** Agents that can take work of a type. */
  queue(type: string): AgentQueue {
    let queue = this.#queues.get(type);
    if (queue === undefined) {
      const alive = this.alive(type);
      const hasTrusted = alive.some((agent) => !isDoubted(agent));
      const hasRoom = (agent: AgentState) =>
        this.hasRoom(agent) && !(hasTrusted && isDoubted(agent) && !this.#isProbe(agent));
      queue = new AgentQueue(alive, { load: (agent) => this.load(agent), hasRoom });
      this.#queues.set(type, queue);
    }
    return queue;
  }

  /** Agents of a capability that are alive, whether they have room or not. */
  alive(type: string): readonly AgentState[] {
    let alive = this.#alive.get(type);
    if (alive === undefined) {
      const able = [...this.state.agents.values()].filter(({ capabilities }) => capabilities.has(type));
      alive = able.filter((agent) => this.judgement(agent).health === 'alive');
      this.#alive.set(type, alive);
    }
    return alive;
  }

  /** An agent that only failed lately gets one attempt now and then, to see whether it is well again. */
  #isProbe(agent: AgentState): boolean {
    const pauseMs = pauseAfter(agent.failures - DOUBTED_AFTER + 1);
    return this.load(agent) === 0 && this.nowMs >= agent.lastFailureMs + pauseMs;
  }

  /** Agents that are known to take no input of this size. */
  tooSmallFor(bytes: number | undefined): ReadonlySet<AccountId> {
    if (bytes === undefined) return NONE;
    const small = [...this.seen.sessions].filter(([, { maxInputBytes }]) => (maxInputBytes ?? bytes) < bytes);
    return new Set(small.map(([account]) => account));
  }

  /** Whether an effect is under way or asked for already. */
  busy(key: EffectKey): boolean {
    return this.#asked.has(key) || this.seen.inFlight.has(key);
  }

  /** Asks for payments together; none of them is busy. */
  settle(payments: readonly Payment[]): void {
    this.commands.push({ kind: 'settle', payments });
  }

  /** Has something written to the journal, so that it shows a later time. */
  askForTime(): void {
    this.ask({ kind: 'beacon', key: BEACON_KEY });
  }

  /** Asks for an effect once. */
  ask(command: Exclude<Command, { kind: 'settle' }>): void {
    if (this.busy(command.key)) return;
    this.#asked.add(command.key);
    if (command.kind === 'assign') this.#take(command.agent, command.price);
    this.commands.push(command);
  }

  /** Asks for a verdict, unless it would not count: beside a gatekeeper only what was not delivered can be given up. */
  verdict(task: string, attempt: number, accepted: boolean, gate: VerdictGate, reason: string): void {
    if (accepted ? this.state.context.gatekeeper !== undefined : !this.mayGiveUp(task, attempt, gate)) return;
    const key = verdictKey(task, attempt);
    this.ask({ kind: 'verdict', key, task, attempt, accepted, gate, reason });
  }

  /** Whether a rejection for want of a delivery would count. */
  mayGiveUp(id: string, attempt: number, gate: string): boolean {
    if (this.state.context.gatekeeper === undefined) return true;
    const task = findOrReview(this.state, id);
    return task === undefined || mayGiveUp(task, attemptAt(task, attempt), gate);
  }

  cancel(attempt: Attempt, reason: string): void {
    if (attempt.cancelled || attempt.result !== undefined) return;
    const { task, number, agent, inbox } = attempt;
    this.ask({ kind: 'cancel', key: cancelKey(inbox, task, number), task, attempt: number, agent, inbox, reason });
  }

  judgement(agent: AgentState): Judgement {
    let judged = this.#judgements.get(agent.account);
    if (judged === undefined) {
      judged = judge(agent, this.seen.sessions.get(agent.account), this.nowMs, this.limits);
      this.#judgements.set(agent.account, judged);
    }
    return judged;
  }

  mayWork(agent: AgentState): boolean {
    return this.hasRoom(agent) && this.judgement(agent).health === 'alive';
  }

  /** Slots of an agent that are taken, by attempts on their way to it and by those of other runs too. */
  load({ account }: AgentState): number {
    return this.slots.taken(account);
  }

  /** An agent that keeps getting lost has to wait longer each time before it gets work again. */
  restsUntilMs({ losses, lastLossMs }: AgentState): number {
    return lastLossMs + pauseAfter(losses);
  }

  hasRoom(agent: AgentState): boolean {
    if (this.nowMs < this.restsUntilMs(agent)) return false;
    return this.load(agent) < Math.min(agent.slots, this.limits.attemptsPerAgent);
  }
}
