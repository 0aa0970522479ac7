import { reduce } from '@gatepost/rules/fold/reduce';
import type { Gate, Plan } from '@gatepost/rules/plan/plan';
import type { Attempt } from '@gatepost/rules/run/attempt';
import { freeNumbers, nextNumber } from '@gatepost/rules/run/attempt-numbers';
import { agentGateOf, findOrReview, reviewId } from '@gatepost/rules/run/review-id';
import type { RunMode } from '@gatepost/rules/run/run-mode';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import { membersOf, type TaskState } from '@gatepost/rules/run/task-state';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import { planOf, taskOf } from '../core/plans.js';
import { seeded } from './cheats.js';
import {
  AGENT_1,
  AGENT_2,
  AGENT_3,
  ARBITER,
  COORDINATOR,
  ESCROW,
  GATEKEEPER,
  HistoryBuilder,
  INBOX_1,
  INBOX_2,
  INBOX_4,
  inboxOf,
  JOURNAL,
  OTHER_TOKEN,
  type RawMessage,
  RUN,
  STRANGER,
  TOKEN,
  TWO_OF_THREE,
} from './history-builder.js';

const AGENTS: readonly AccountId[] = [AGENT_1, AGENT_2, AGENT_3];
const AUTHORS: readonly AccountId[] = [COORDINATOR, COORDINATOR, ...AGENTS, STRANGER];
const TOPICS: readonly TopicId[] = [JOURNAL, INBOX_1, INBOX_2, INBOX_4];
const OUTPUTS = ['x', 'x', 'x', 'y'].map(sha256);
const REJECTING = ['command', 'deadline', 'lost', 'result', 'declined', 'superseded', 'quorum', 'agent', 'human'];
const FINAL = ['cancelled', 'unassignable', 'budget'];
/** What stands before the name of a task in that of its reviews; only the first two are such. */
const REVIEW_IDS = ['1', '2', '01', '1e0', '1~1', '0', '-1', ' 1', '1.0'];
const FAR_MS = 1_800_000_000_000;

const COMMAND: Gate = { kind: 'command', argv: ['true'], timeoutMs: 1_000 };
const GATES: readonly (readonly Gate[])[] = [
  [COMMAND],
  [COMMAND],
  [{ kind: 'quorum', of: 3, agree: 2 }],
  [{ kind: 'quorum', of: 2, agree: 2 }],
  [COMMAND, { kind: 'agent', type: 'review', price: 3n, deadlineMs: 60_000 }],
  [{ kind: 'human' }],
  [{ kind: 'none' }],
];

const JUDGED: RunMode = { gatekeeper: GATEKEEPER, escrow: ESCROW };
const MODES: readonly RunMode[] = [{}, {}, JUDGED, { ...JUDGED, arbiter: ARBITER }, { ...JUDGED, arbiter: ARBITER }];

/** A history that nobody's honest run was the pattern of, and the plan its runs are of. */
export interface Generated {
  readonly history: HistoryBuilder;
  readonly plan: Plan;
  /** Whether the plan forbids nothing that could not be known without it. */
  readonly lenient: boolean;
}

/**
 * Writes records one after the other, most of them such as the state allows or nearly allows, some of any kind, by
 * anybody, anywhere.
 */
class Writer {
  readonly history = new HistoryBuilder();
  readonly #state: RunState;
  readonly #deadlines = new Map<string, number>();

  constructor(
    readonly plan: Plan,
    readonly random: () => number,
    readonly lenient: boolean,
    readonly noise: number,
    mode: RunMode,
  ) {
    this.history.plan = plan;
    this.history.mode = mode;
    if (mode.arbiter !== undefined) this.history.escrowKey = TWO_OF_THREE;
    const trusted = { coordinator: COORDINATOR, journal: JOURNAL, token: TOKEN, agents: new Set(AGENTS) };
    this.#state = emptyState({ run: RUN, plan, ...trusted, ...mode });
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.random() * from.length)];
  }

  #chance = (share: number): boolean => this.random() < share;

  /** Whether a mistake is made that an honest coordinator would not make. */
  #slips = (share: number): boolean => this.noise > 0 && this.#chance(share);

  /** Folds what was just written, so that what comes next can go on from it. */
  #fold({ at, payer, topic, run, records }: RawMessage): void {
    for (const record of records) {
      const ofOwnInbox = record.type === 'online' && this.history.creators.get(record.inbox as TopicId) === payer;
      reduce(this.#state, { at, author: payer, topic, sequence: 1, run, record, ofOwnInbox });
    }
  }

  #say(record: AnyRecord, topic: TopicId = JOURNAL, payer: AccountId = COORDINATOR, run?: string): void {
    this.#fold(this.history.say(topic, payer, record, run));
  }

  get #tasks(): TaskState[] {
    return [...this.#state.tasks.values()];
  }

  get #attempts(): Attempt[] {
    return this.#tasks.flatMap(({ attempts }) => attempts);
  }

  /** Any id of a task, of the plan, of a review, or of neither. */
  get #anyTask(): string {
    const { id } = this.#pick(this.plan.tasks) ?? { id: '' };
    const reviewed = this.plan.tasks.find((task) => agentGateOf(task) !== undefined)?.id;
    const reviews = reviewed === undefined ? [] : REVIEW_IDS.map((mark) => `${mark}~${reviewed}`);
    return this.#pick([id, id, id, ...reviews, 'new']) ?? id;
  }

  get #anyNumber(): number {
    return 1 + Math.floor(this.random() * 5);
  }

  /** Soon, so that it may pass, or never. */
  #deadline(): number {
    return this.#chance(0.4) ? msFromNanos(this.history.now) + Math.floor(this.random() * 6_000) : FAR_MS;
  }

  #assign(id: string, attempt: number, agent: AccountId, change: Record<string, unknown> = {}): void {
    const task = findOrReview(this.#state, id);
    const key = `${id}#${attempt}`;
    const deadline_ms = this.#deadlines.get(key) ?? this.#deadline();
    this.#deadlines.set(key, deadline_ms);
    const price = `${task?.spec.price ?? 3n}`;
    const input = { input_sha256: sha256(id), input_size: 2, deadline_ms };
    const record = {
      type: 'assign',
      task: id,
      attempt,
      task_type: task?.spec.type ?? 'review',
      ...input,
      price,
      token: TOKEN,
      judge: this.history.mode.gatekeeper,
    };
    this.#say({ ...record, ...change } as AnyRecord, inboxOf(agent));
  }

  /** What a coordinator and its agents could do next; each does nothing when there is nothing to do it to. */
  readonly #sensible: readonly (() => void)[] = [
    () => this.#assignReady(),
    () => this.#assignReady(),
    () => this.#assignReady(),
    () => this.#askForReview(),
    () => this.#report(),
    () => this.#report(),
    () => this.#report(),
    () => this.#judge(),
    () => this.#judge(),
    () => this.#judge(),
    () => this.#callLate(),
    () => this.#giveUp(),
    () => this.#pay(),
    () => this.#pay(),
    () => this.#dispute(),
    () => this.#arbitrate(),
  ];

  #assignReady(): void {
    const ready = this.#tasks.filter(
      ({ status, waiting, reviews }) => reviews === undefined && waiting === 0 && status !== 'paid',
    );
    const task = this.#pick(ready);
    const number = task && (this.#pick(freeNumbers(task)) ?? nextNumber(task));
    if (task === undefined || number === undefined) return;
    const others = AGENTS.filter((agent) => task.attempts.every((attempt) => attempt.agent !== agent));
    const fitting = task.spec.agent ?? (membersOf(task.spec) > 1 ? this.#pick(others) : this.#pick(AGENTS));
    const agent = this.#slips(0.3) ? this.#pick(AGENTS) : fitting;
    if (agent !== undefined && (task.need > 0 || this.#slips(0.3) || this.#chance(0.1)))
      this.#assign(task.spec.id, number, agent);
  }

  #askForReview(): void {
    const delivered = this.#attempts.filter(({ task, result }) => {
      const spec = this.#state.tasks.get(task)?.spec;
      return spec !== undefined && agentGateOf(spec) !== undefined && result?.ok === true;
    });
    const work = this.#pick(delivered);
    if (work === undefined) return;
    const id = reviewId(work.task, work.number);
    const review = findOrReview(this.#state, id);
    const agent = this.#pick(this.#slips(0.3) ? AGENTS : AGENTS.filter((one) => one !== work.agent));
    this.#assign(id, review === undefined ? 1 : nextNumber(review), agent ?? AGENT_1);
  }

  #report(): void {
    const attempt = this.#pick(
      this.#attempts.filter(({ result, verdict }) => result === undefined && verdict === undefined),
    );
    if (attempt === undefined) return;
    const { task, number, agent } = attempt;
    if (this.#chance(0.1)) {
      this.#say({ type: 'started', task, attempt: number }, JOURNAL, agent);
      return;
    }
    const ok = this.#chance(0.85);
    const told = ok
      ? { outcome: 'ok', output_sha256: this.#pick(OUTPUTS), output_size: 1 }
      : { outcome: 'failed', reason: 'no' };
    this.#say({ type: 'result', task, attempt: number, ...told } as AnyRecord, JOURNAL, agent);
  }

  #judge(): void {
    const attempt = this.#pick(
      this.#attempts.filter(({ result, verdict }) => result !== undefined && verdict === undefined),
    );
    if (attempt === undefined) return;
    const spec = this.#state.tasks.get(attempt.task)?.spec;
    const quorum = spec !== undefined && membersOf(spec) > 1;
    const accepted = attempt.result?.ok === true ? this.#chance(0.8) : this.#slips(0.1);
    const gate = accepted ? (quorum ? 'quorum' : 'command') : this.noise > 0 ? (this.#pick(REJECTING) ?? '') : 'result';
    this.#verdict(attempt.task, attempt.number, accepted, gate);
  }

  #verdict(task: string, attempt: number, accepted: boolean, gate: string): void {
    const { gatekeeper } = this.history.mode;
    const judge = gatekeeper !== undefined && !this.#chance(0.15) ? gatekeeper : COORDINATOR;
    this.#say({ type: 'verdict', task, attempt, accepted, gate, reason: 'because' }, JOURNAL, judge);
  }

  /** Without the plan it is the gate's name that says whether a task is a quorum's: nobody lies about that here. */
  #anyVerdict(): void {
    const [task, attempt, accepted] = [this.#anyTask, this.#anyNumber, this.#chance(0.6)];
    const spec = this.#state.tasks.get(task)?.spec;
    const accepting = spec !== undefined && membersOf(spec) > 1 ? 'quorum' : 'command';
    this.#verdict(task, attempt, accepted, accepted ? accepting : (this.#pick([...REJECTING, ...FINAL]) ?? ''));
  }

  #callLate(): void {
    const open = this.#attempts.filter(
      ({ verdict, result }) => verdict === undefined && (result === undefined || this.#slips(0.2)),
    );
    const attempt = this.#pick(open);
    if (attempt === undefined) return;
    if (this.#chance(0.7)) this.history.now += 5_000_000_000n;
    if (msFromNanos(this.history.now) <= attempt.deadlineMs && !this.#slips(0.5)) return;
    if (this.#chance(0.5)) this.#say({ type: 'timed_out', task: attempt.task, attempt: attempt.number });
    else this.#verdict(attempt.task, attempt.number, false, 'deadline');
  }

  /** Rarely: most of what follows has no effect. */
  #giveUp(): void {
    const task = this.#pick(this.#tasks);
    if (task === undefined || this.#chance(0.8)) return;
    this.#verdict(task.spec.id, nextNumber(task), false, this.#pick(FINAL) ?? 'budget');
  }

  /** Of a run with an arbiter: a party asks about what was delivered. */
  #dispute(): void {
    const { arbiter, gatekeeper } = this.history.mode;
    const attempt = this.#pick(this.#attempts.filter(({ result }) => result?.ok === true || this.#slips(0.1)));
    if (arbiter === undefined || attempt === undefined) return;
    const by = this.#slips(0.1) ? STRANGER : (this.#pick([COORDINATOR, gatekeeper ?? COORDINATOR]) ?? COORDINATOR);
    this.#fold(this.history.dispute(attempt.task, attempt.number, by));
  }

  /** The arbiter decides, mostly late enough, and pays what it decided to pay, as it does when its decision has effect. */
  #arbitrate(): void {
    const { arbiter } = this.history.mode;
    const attempt = this.#pick(this.#attempts.filter(({ dispute }) => dispute !== undefined || this.#slips(0.1)));
    if (arbiter === undefined || attempt === undefined) return;
    if (this.#chance(0.8)) this.history.now += 181_000_000_000n;
    const { task, number } = attempt;
    this.#fold(this.history.decide(task, number, this.#chance(0.6), this.#slips(0.1) ? STRANGER : arbiter));
    if (
      attempt.dispute?.decision?.pay === true &&
      attempt.payment?.at === attempt.dispute.decision.at &&
      !this.#slips(0.1)
    )
      this.history.carryOut(task, number, attempt.agent, Number(attempt.price));
  }

  #pay(): void {
    this.#payAll(0.7);
  }

  #payAll(share = 1): void {
    const owed = [...this.#state.payable].filter(() => this.#chance(share));
    if (owed.length > 0)
      this.#settle(
        owed.map((one) => ({ task: one.task, attempt: one.number, to: one.agent, amount: Number(one.price) })),
      );
  }

  #settle(payments: { task: string; attempt: number; to: AccountId; amount: number }[], change = {}): void {
    this.#fold(this.history.settle({ payments, ...change }).message);
  }

  /** What nobody asked for. */
  readonly #noise: readonly (() => void)[] = [
    () => this.#assign(this.#anyTask, this.#anyNumber, this.#pick(AGENTS) ?? AGENT_1),
    () => this.#assign(this.#anyTask, this.#anyNumber, this.#pick(AGENTS) ?? AGENT_1),
    () => this.#assign(this.#anyTask, this.#anyNumber, this.#pick(AGENTS) ?? AGENT_1, this.#otherTerms()),
    () => this.#anyVerdict(),
    () => this.#anyResult(),
    () => this.#payAnything(),
    () => this.#payAnything(),
    () => this.#payAnything(),
    () => this.#say({ type: 'timed_out', task: this.#anyTask, attempt: this.#anyNumber }),
    () => this.#say({ type: 'cancel', task: this.#anyTask, attempt: this.#anyNumber, reason: '' }, this.#pick(TOPICS)),
    () => this.#elsewhere(),
    () => this.#elsewhere(),
    () => this.#open(this.#pick([RUN, 'run-2'])),
    () => this.#close(),
  ];

  #otherTerms(): Record<string, unknown> {
    const terms: readonly Record<string, unknown>[] = [
      { token: OTHER_TOKEN },
      { judge: this.#pick([undefined, STRANGER, this.history.mode.gatekeeper]) },
      ...(this.lenient ? [] : [{ price: '7' }, { task_type: 'other' }]),
    ];
    return this.#pick(terms) ?? {};
  }

  #anyResult(): void {
    const attempt = this.#pick(this.#attempts);
    const about =
      this.#chance(0.7) && attempt !== undefined ? attempt : { task: this.#anyTask, number: this.#anyNumber };
    const told = this.#chance(0.5)
      ? { outcome: 'ok', output_sha256: this.#pick(OUTPUTS), output_size: 1 }
      : { outcome: 'failed', reason: 'no' };
    this.#say(
      { type: 'result', task: about.task, attempt: about.number, ...told } as AnyRecord,
      JOURNAL,
      this.#pick(AUTHORS),
    );
  }

  #payAnything(): void {
    const attempt = this.#pick(this.#attempts);
    const price = attempt?.price ?? 10n;
    const known = {
      task: attempt?.task ?? 'new',
      attempt: attempt?.number ?? 1,
      to: attempt?.agent ?? AGENT_1,
      amount: Number(price),
    };
    const payment = this.#chance(0.6)
      ? known
      : {
          ...known,
          ...this.#pick([
            { to: this.#pick([...AGENTS, STRANGER]) },
            { amount: 4 },
            { task: this.#anyTask },
            { attempt: this.#anyNumber },
          ]),
        };
    const token = this.#chance(0.1) ? OTHER_TOKEN : TOKEN;
    const author = this.#chance(0.1) ? this.#pick(AUTHORS) : COORDINATOR;
    this.#settle([payment as typeof known], { token, author });
  }

  /** Any message again, by anybody, anywhere, of any run. */
  #elsewhere(): void {
    const message = this.#pick(this.history.messages);
    const record = message?.records[0];
    if (message === undefined || record === undefined || record.type === 'online') return;
    const [topic, payer] = [
      this.#pick([message.topic, message.topic, ...TOPICS]),
      this.#pick([message.payer, ...AUTHORS]),
    ];
    this.#say(structuredClone(record), topic, payer, this.#pick([RUN, RUN, 'run-2']));
  }

  #open(run?: string): void {
    const { digest, tasks } = this.plan;
    this.#say(
      {
        type: 'run_opened',
        plan_sha256: digest,
        name: 'test',
        tasks: tasks.length,
        token: TOKEN,
        ...this.history.mode,
      },
      JOURNAL,
      COORDINATOR,
      run,
    );
  }

  #close(): void {
    const outcome = this.#state.unfinished > 0 ? 'cancelled' : this.#state.lost > 0 ? 'failed' : 'complete';
    this.#say({ type: 'run_closed', outcome: this.#slips(0.2) ? 'complete' : outcome, state_sha256: '0'.repeat(64) });
  }

  write(steps: number): void {
    for (const agent of AGENTS) this.#fold(this.history.online(agent));
    if (!this.#slips(0.05)) this.#open();
    for (let step = 0; step < steps; step += 1) {
      const action = this.#pick(this.#chance(this.noise) ? this.#noise : this.#sensible);
      action?.();
      if (this.#state.unfinished === 0 && this.#state.payable.size === 0 && this.#chance(0.3)) break;
    }
    if (!this.#slips(0.3)) this.#payAll();
    if (this.#chance(0.8)) this.#close();
    if (this.#slips(0.1)) for (let step = 0; step < 5; step += 1) this.#pick([...this.#noise, ...this.#sensible])?.();
  }
}

function randomPlan(random: () => number, lenient: boolean): Plan {
  const below = (limit: number): number => Math.floor(random() * limit);
  const tasks = Array.from({ length: 1 + below(4) }, (_, index) =>
    taskOf(`t${index}`, {
      price: BigInt(10 * below(3)),
      gates: GATES[below(GATES.length)] ?? [COMMAND],
      attempts: lenient ? 1_000 : 1 + below(3),
      ...(lenient
        ? {}
        : {
            sequence: `s${below(2)}`,
            dependsOn: index > 0 && random() < 0.3 ? [`t${below(index)}`] : [],
            agent: random() < 0.1 ? AGENTS[below(3)] : undefined,
          }),
    }),
  );
  const ordered = [...tasks].sort((a, b) => (a.sequence < b.sequence ? -1 : a.sequence > b.sequence ? 1 : 0));
  return planOf(ordered, { maxTotal: !lenient && random() < 0.2 ? 40n : undefined });
}

/** The history that a seed stands for. */
export function generatedOf(seed: number): Generated {
  const random = seeded(seed);
  const lenient = random() < 0.5;
  const plan = randomPlan(random, lenient);
  const noise = [0, 0.05, 0.15, 0.4][Math.floor(random() * 4)] ?? 0;
  const writer = new Writer(plan, random, lenient, noise, MODES[Math.floor(random() * MODES.length)] ?? {});
  writer.write(10 + Math.floor(random() * 50));
  return { history: writer.history, plan, lenient };
}
