import type { Awaited } from '@gatepost/coordinator/core/awaited';
import type { Command } from '@gatepost/coordinator/core/decide/command';
import { decide, lookAt } from '@gatepost/coordinator/core/decide/decide';
import type { SessionObservation } from '@gatepost/coordinator/core/decide/health';
import { DEFAULT_LIMITS, type Limits } from '@gatepost/coordinator/core/decide/limits';
import type { Observations } from '@gatepost/coordinator/core/decide/observations';
import { InFlight } from '@gatepost/coordinator/core/effects/in-flight';
import { reduce } from '@gatepost/rules/fold/reduce';
import { type Judged, judgingSteps } from '@gatepost/rules/judging/judging';
import type { Plan } from '@gatepost/rules/plan/plan';
import { attemptKeyOf, keyOf } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { Change } from '@gatepost/rules/run/change';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { Heap } from '@gatepost/rules/run/heap';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { findOrReview } from '@gatepost/rules/run/review-id';
import { emptyState, type RunContext, type RunState } from '@gatepost/rules/run/run-state';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';

export const COORDINATOR = accountId('0.0.100');
export const GATEKEEPER = accountId('0.0.101');
export const ESCROW = accountId('0.0.102');
export const JOURNAL = topicId('0.0.200');
export const TOKEN = tokenId('0.0.300');
const START_MS = 1_800_000_000_000;

/** Small, fast and the same everywhere (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface SimulationOptions {
  readonly plan: Plan;
  readonly seed: number;
  readonly agents?: number;
  readonly slots?: number;
  /** Share of attempts whose agent never answers, fails, or delivers what the gate rejects. */
  readonly silent?: number;
  readonly failing?: number;
  readonly wrong?: number;
  /** So many agents, the first, fail whatever they get, and at once. */
  readonly broken?: number;
  /** Share of agents that drop out for good at a random moment. */
  readonly dying?: number;
  readonly limits?: Partial<Limits>;
  /** The process is killed after so many commands, again and again; its effects under way may still happen. */
  readonly killEvery?: number;
  /** Agents are out of touch for 20 s of every 30 s. */
  readonly flapping?: boolean;
  /** Sizes of inputs by task, and the largest input each agent takes, bytes. */
  readonly largeInputs?: ReadonlyMap<string, number>;
  readonly maxInputBytes?: readonly number[];
  /** Another judges, on its own host; the coordinator only assigns and pays. */
  readonly gatekeeper?: boolean;
  /** What happens within so many milliseconds is folded before the next decision, as when records come in batches. */
  readonly batchMs?: number;
}

/** A coordinator's core against a ledger and agents that exist only here, with time and chance as inputs. */
export class Simulation {
  readonly context: RunContext;
  readonly records: LedgerRecord[] = [];
  readonly commands: Command[] = [];
  readonly changes: Change[] = [];
  readonly #random: () => number;
  readonly #limits: Limits;
  readonly #sequences = new Map<string, number>();
  readonly #agents: readonly { readonly account: ReturnType<typeof accountId>; readonly diesMs: number }[];
  readonly #events = new Heap<{ readonly at: number; readonly what: () => void }>((a, b) => a.at - b.at);
  #lastAt = 0n;
  #epoch = 0;
  #sinceKill = 0;
  state: RunState;
  nowMs = START_MS;
  /** Attempts that their agents refused for good. */
  readonly declined = new Map<string, { task: string; attempt: number; reason: string }>();
  #inFlight = new InFlight();
  #gated = new Map<string, GateOutcome>();
  readonly #gatekeeperSaid = new Map<string, GateOutcome>();
  readonly #gatekeeperBusy = new Set<string>();
  #startedMs = START_MS;

  constructor(readonly options: SimulationOptions) {
    this.#random = seeded(options.seed);
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#agents = Array.from({ length: options.agents ?? 4 }, (_, index) => ({
      account: accountId(`0.0.${1_000 + index}`),
      diesMs: this.#chance(options.dying ?? 0) ? START_MS + this.#random() * 120_000 : Infinity,
    }));
    this.context = {
      run: 'run-1',
      plan: options.plan,
      coordinator: COORDINATOR,
      journal: JOURNAL,
      token: TOKEN,
      agents: new Set(this.#agents.map(({ account }) => account)),
      ...(options.gatekeeper === true ? { gatekeeper: GATEKEEPER, escrow: ESCROW } : {}),
    };
    this.state = emptyState(this.context);
    for (const [index, { account }] of this.#agents.entries()) this.#online(account, index);
    this.#begin();
  }

  #chance = (share: number): boolean => this.#random() < share;

  #online(account: ReturnType<typeof accountId>, index: number): void {
    this.#post(
      JOURNAL,
      account,
      undefined,
      {
        type: 'online',
        session: `session-${index}`,
        inbox: `0.0.${2_000 + index}`,
        address: '127.0.0.1:1',
        capabilities: ['work', 'other', 'review'],
        slots: this.options.slots ?? 2,
      },
      { ofOwnInbox: true },
    );
  }

  #begin(): void {
    this.#epoch += 1;
    this.#startedMs = this.nowMs;
    const instance = `instance-${this.#epoch}`;
    this.#post(JOURNAL, COORDINATOR, undefined, {
      type: 'epoch',
      epoch: this.#epoch,
      instance,
      host: 'h',
      pid: 1,
      state: 'begun',
    });
  }

  /** A new process with an empty memory: it folds the topics and goes on. */
  #restart(): void {
    this.#inFlight = new InFlight();
    this.#gated = new Map();
    this.state = emptyState(this.context);
    for (const record of this.records) reduce(this.state, record);
    this.#begin();
  }

  /** A message reaches consensus now. */
  #post(
    topic: ReturnType<typeof topicId>,
    author: ReturnType<typeof accountId>,
    run: string | undefined,
    record: AnyRecord,
    looked: Pick<LedgerRecord, 'ofOwnSchedule' | 'ofOwnInbox'> = {},
  ): void {
    const now = nanosFromMs(this.nowMs);
    this.#lastAt = now > this.#lastAt ? now : this.#lastAt + 1n;
    const sequence = (this.#sequences.get(topic) ?? 0) + 1;
    this.#sequences.set(topic, sequence);
    const entry: LedgerRecord = { at: this.#lastAt, author, topic, sequence, run, record, ...looked };
    this.records.push(entry);
    reduce(this.state, entry, (change) => this.changes.push(change));
    if (author === COORDINATOR) this.#inFlight.folded(entry, this.nowMs);
    if (record.type === 'assign') this.#work(topic, record);
    if (record.type === 'verdict') this.#gated.delete(keyOf(record.task, record.attempt));
  }

  #in(delayMs: number, run: () => void): void {
    this.#events.add({ at: this.nowMs + Math.round(delayMs), what: run });
  }

  #work(inbox: string, { task, attempt }: { readonly task: string; readonly attempt: number }): void {
    const agent = this.#agents[Number(inbox.split('.')[2]) - 2_000];
    const { silent = 0, failing = 0, wrong = 0 } = this.options;
    if (agent === undefined || this.#chance(silent)) return;
    const post = (record: AnyRecord) => {
      if (this.nowMs < agent.diesMs) this.#post(JOURNAL, agent.account, this.context.run, record);
    };
    this.#in(this.#random() * 300, () => post({ type: 'started', task, attempt }));
    const broken = Number(inbox.split('.')[2]) - 2_000 < (this.options.broken ?? 0);
    const failed = broken || this.#chance(failing);
    const output = task.includes('~') ? 'review' : this.#chance(wrong) ? `wrong ${this.#random()}` : `right ${task}`;
    this.#in(broken ? 300 : 300 + this.#random() * 5_000, () =>
      post(
        failed
          ? { type: 'result', task, attempt, outcome: 'failed', reason: 'exit code 1' }
          : { type: 'result', task, attempt, outcome: 'ok', output_sha256: sha256(output), output_size: 1, output },
      ),
    );
  }

  #carryOut(command: Command): unknown {
    const { run } = this.context;
    const own = (topic: ReturnType<typeof topicId>, record: AnyRecord) => this.#post(topic, COORDINATOR, run, record);
    switch (command.kind) {
      case 'open':
        return own(JOURNAL, {
          type: 'run_opened',
          plan_sha256: this.context.plan.digest,
          name: 'p',
          tasks: 1,
          token: TOKEN,
          gatekeeper: this.context.gatekeeper,
          escrow: this.context.escrow,
        });
      case 'assign': {
        const { task, attempt, price, deadlineMs: deadline_ms } = command;
        const type = findOrReview(this.state, task)?.spec.type ?? '';
        const input = { input_sha256: sha256(task), input_size: 1 };
        this.#guard(task, attempt, deadline_ms);
        return own(command.inbox, {
          type: 'assign',
          task,
          attempt,
          task_type: type,
          ...input,
          deadline_ms,
          price: `${price}`,
          token: TOKEN,
          judge: this.context.gatekeeper,
        });
      }
      case 'cancel':
        return own(command.inbox, {
          type: 'cancel',
          task: command.task,
          attempt: command.attempt,
          reason: command.reason,
        });
      case 'judge':
        return this.#judge(command, this.#gated);
      case 'verdict': {
        const { task, attempt, accepted, gate, reason } = command;
        return own(JOURNAL, { type: 'verdict', task, attempt, accepted, gate, reason });
      }
      case 'settle': {
        const payments = command.payments.map((payment) => ({ ...payment, amount: `${payment.amount}` }));
        return own(JOURNAL, { type: 'settled', token: TOKEN, transfer: `t@${this.records.length}`, payments });
      }
      case 'beacon':
        return this.#post(JOURNAL, COORDINATOR, undefined, {
          type: 'epoch',
          epoch: this.#epoch,
          instance: `instance-${this.#epoch}`,
          host: 'h',
          pid: 1,
          state: 'begun',
        });
      case 'close':
        return own(JOURNAL, { type: 'run_closed', outcome: command.outcome, state_sha256: sha256('') });
      case 'stop':
        throw new Error(`stopped: ${command.why}`);
    }
  }

  /** The ledger tells of the deadline of a guarded attempt, unless somebody was there to decide it. */
  #guard(task: string, attempt: number, deadlineMs: number): void {
    const { run } = this.context;
    if (this.state.tasks.get(task)?.spec.guard !== true) return;
    this.#in(deadlineMs + this.#limits.deadlineGraceMs - this.nowMs, () => {
      if (attemptAt(this.state.tasks.get(task), attempt)?.verdict !== undefined) return;
      this.#post(JOURNAL, COORDINATOR, run, { type: 'timed_out', task, attempt });
    });
  }

  #judge({ task, attempt }: { readonly task: string; readonly attempt: number }, said: Map<string, GateOutcome>): void {
    const state = this.state.tasks.get(task);
    const output = attemptAt(state, attempt)?.result?.inline ?? '';
    const outcome: GateOutcome =
      state?.reviews !== undefined
        ? { accepted: true, gate: this.#chance(0.8) ? 'review-accepts' : 'review-rejects', reason: 'seen' }
        : { accepted: output.startsWith('right'), gate: 'command', reason: 'seen' };
    said.set(keyOf(task, attempt), outcome);
    if (state?.spec.gates.some(({ kind }) => kind === 'human') === true && state.reviews === undefined) {
      const action = this.#chance(0.8) ? 'approve' : 'reject';
      this.#in(2_000, () =>
        this.#post(JOURNAL, this.context.gatekeeper ?? COORDINATOR, this.context.run, {
          type: 'directive',
          action,
          task,
          attempt,
          reason: 'a person',
        }),
      );
    }
  }

  /** One look of the gatekeeper at what is delivered. */
  #judgeElsewhere(): void {
    const judged: Judged = {
      automatic: (attempt) => this.#gatekeeperSaid.get(attemptKeyOf(attempt)),
      underWay: (attempt) => this.#gatekeeperBusy.has(attemptKeyOf(attempt)),
    };
    for (const step of judgingSteps(this.state, judged)) {
      if (step.step === 'review') continue;
      const { task, number: attempt, result } = step.attempt;
      const key = keyOf(task, attempt);
      if (this.#gatekeeperBusy.has(key) || result?.ok !== true) continue;
      this.#gatekeeperBusy.add(key);
      this.#in(this.#random() * 400, () => {
        this.#gatekeeperBusy.delete(key);
        if (step.step === 'judge') this.#judge({ task, attempt }, this.#gatekeeperSaid);
        else this.#post(JOURNAL, GATEKEEPER, this.context.run, { type: 'verdict', task, attempt, ...step.says });
      });
    }
  }

  #sessions(): Map<ReturnType<typeof accountId>, SessionObservation> {
    return new Map(
      this.#agents.map(({ account, diesMs }, index) => {
        const inCycle = (this.nowMs - START_MS + index * 15_000) % 30_000;
        const away = this.options.flapping === true && inCycle > 10_000 ? inCycle - 10_000 : 0;
        const maxInputBytes = this.options.maxInputBytes?.[index];
        const connected = this.nowMs < diesMs && away === 0;
        const lastHeardMs = Math.min(this.nowMs - away, diesMs);
        return [
          account,
          {
            connected,
            lastHeardMs,
            watchingSinceMs: this.#startedMs,
            heartbeatMs: 2_000,
            trouble: connected ? undefined : 'gone',
            ...(maxInputBytes === undefined ? {} : { maxInputBytes }),
          },
        ];
      }),
    );
  }

  /** An agent stops in good order, or its lease runs out although its session answers. */
  leave(index: number, how: 'offline' | 'lapsed'): void {
    const { account } = this.#agents[index] ?? { account: COORDINATOR };
    const session = `session-${index}`;
    if (how === 'offline') this.#post(JOURNAL, account, undefined, { type: 'offline', session, reason: 'told to' });
    else this.#post(JOURNAL, account, undefined, { type: 'lapsed', session, lease: 1 }, { ofOwnSchedule: true });
  }

  /** What nobody can be found for now. */
  unserved(): readonly Awaited[] {
    return lookAt(this.state, this.nowMs, this.#observations(), this.#limits).unserved();
  }

  /** A person no longer wants a task, or the whole run. */
  cancel(task: string | undefined, reason: string): void {
    const about = task === undefined ? {} : { task };
    this.#post(JOURNAL, COORDINATOR, this.context.run, { type: 'directive', action: 'cancel', ...about, reason });
  }

  #observations(): Observations {
    return {
      instance: `instance-${this.#epoch}`,
      begun: true,
      startedMs: this.#startedMs,
      inFlight: this.#inFlight,
      sessions: this.#sessions(),
      gated: this.#gated,
      inputTrouble: new Map(),
      largeInputs: this.options.largeInputs ?? new Map(),
      declined: this.declined,
      feesUsd: 0,
    };
  }

  /** One look at what is to be done. */
  tick(): readonly Command[] {
    this.#inFlight.tick(this.nowMs);
    const commands = decide(this.state, this.nowMs, this.#observations(), this.#limits);
    for (const command of commands) this.#launch(command);
    return commands;
  }

  #launch(command: Command): void {
    this.commands.push(command);
    this.#inFlight.launched(command, this.nowMs);
    const inFlight = this.#inFlight;
    const epoch = this.#epoch;
    this.#in(this.#random() * 400, () => {
      // What only a process knows dies with it; what it had sent reaches the ledger all the same.
      if (command.kind === 'judge' && epoch !== this.#epoch) return;
      this.#carryOut(command);
      if (command.kind === 'judge') inFlight.judged(command.task, command.attempt);
    });
    this.#sinceKill += 1;
    if (this.options.killEvery !== undefined && this.#sinceKill >= this.options.killEvery) {
      this.#sinceKill = 0;
      // A process dies once: a second kill meant for it must not hit the next one, or kills breed kills until no time is
      // left between them in which an agent could finish anything, and the run never closes (seed 1631466449).
      this.#in(this.#random() * 200, () => {
        if (epoch === this.#epoch) this.#restart();
      });
    }
  }

  /** Decides once, then lets the next thing happen or time pass. */
  step(): void {
    this.tick();
    if (this.options.gatekeeper === true) this.#judgeElsewhere();
    const next = this.#events.peek();
    if (next === undefined || next.at > this.nowMs + 1_000) {
      this.nowMs += 1_000;
      return;
    }
    const until = next.at + (this.options.batchMs ?? 0);
    for (let due = this.#events.peek(); due !== undefined && due.at <= until; due = this.#events.peek()) {
      this.#events.pop();
      this.nowMs = Math.max(this.nowMs, due.at);
      due.what();
      if (this.options.batchMs === undefined) return;
    }
  }

  /** Runs until the run is closed. @throws when it is not within the steps. */
  run(maxSteps = 20_000): this {
    for (let step = 0; this.state.closed === undefined; step += 1) {
      if (step > maxSteps) throw new Error(`not closed after ${step} steps (seed ${this.options.seed})`);
      this.step();
    }
    return this;
  }
}

/** Folds recorded history from empty. */
export function replay(simulation: Simulation): RunState {
  const state = emptyState(simulation.context);
  for (const record of simulation.records) reduce(state, record);
  return state;
}
