import type { Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { Heap } from '@gatepost/rules/run/heap';
import { agentGateOf, reviewId } from '@gatepost/rules/run/review-id';
import { membersOf, quorumOf } from '@gatepost/rules/run/task-state';
import { nameOfGates, REVIEW_ACCEPTS } from '@gatepost/rules/run/verdict-gates';
import { fillMessages } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { TaskNames } from '@gatepost/shared/records/task-names';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Payment } from './decide/command.js';
import { type Limits, settleFrom } from './decide/limits.js';
import { batchesOf } from './decide/settlements.js';
import {
  assignmentRecord,
  BEGIN_MS,
  type EstimatedAttempt,
  RUN,
  resultRecord,
  type Size,
  startedRecord,
  usualOutput,
  verdictRecord,
} from './estimated-records.js';

/** How a plan is worked at. */
export interface Pace {
  readonly agents: readonly AccountId[];
  readonly token: TokenId;
  /** Attempts that an agent works on at the same time. */
  readonly slots: number;
  /** How long an attempt takes, milliseconds. */
  readonly taskMs: number;
  /** Size of an output. */
  readonly outputBytes: number;
  /** Whether all outputs are the same. */
  readonly isSameOutput: boolean;
  /** How long a record waits for others to share its message, milliseconds. */
  readonly fillMs: number;
  /** From the submission of a transaction until everybody sees it, milliseconds. */
  readonly ledgerMs: number;
  readonly limits: Pick<Limits, 'attemptsPerAgent' | 'openAttempts' | 'settleAfter' | 'settlePart' | 'settleWithinMs'>;
}

/** A message of one author. */
export interface CourseMessage {
  readonly what: 'assignments' | 'reports' | 'verdicts';
  readonly bytes: number;
}

/** What a run writes and pays when every first attempt is accepted, and how long it takes. */
export interface Course {
  readonly messages: readonly CourseMessage[];
  readonly batches: readonly (readonly Payment[])[];
  readonly attempts: number;
  readonly guards: number;
  /** Agents that got work. */
  readonly workers: ReadonlySet<AccountId>;
  /** Until all is paid, milliseconds. */
  readonly ms: number;
}

/** The course that a run usually takes: deciding, working and writing at a pace, packed by the codec itself. */
export const courseOf = (plan: Plan, pace: Pace): Course => new Run(plan, pace).course();

/** Calls back in the order of time. */
class Timeline {
  nowMs = 0;
  readonly #due = new Heap<{ readonly atMs: number; readonly callback: () => void }>((a, b) => a.atMs - b.atMs);

  after(ms: number, callback: () => void): void {
    this.#due.add({ atMs: this.nowMs + ms, callback });
  }

  runToEnd(): void {
    for (let next = this.#due.pop(); next !== undefined; next = this.#due.pop()) {
      this.nowMs = next.atMs;
      next.callback();
    }
  }
}

/** An attempt with the agent that works on it. */
interface Work extends EstimatedAttempt {
  readonly task: EstimatedAttempt['task'] & Pick<PlanTask, 'agent' | 'guard'>;
  readonly gate: string;
  /** What it reviews. */
  readonly reviews?: Work;
  /** The other members of its quorum, and itself. */
  readonly members: Work[];
  worker?: AccountId;
  hasResult?: true;
}

interface Posted {
  readonly record: AnyRecord;
  readonly work: Work;
}

interface BagOptions {
  readonly what: CourseMessage['what'];
  /** Whether a message waits until the one before it is on the ledger, as a coordinator's do and a daemon's do not. */
  readonly isSerial: boolean;
  readonly seen: (posted: readonly Posted[]) => void;
}

/** Records of one author on their way to one topic: those that wait at the same time share messages. */
class Bag {
  #waiting: Posted[] = [];
  #isOpen = false;

  constructor(
    private readonly run: { readonly pace: Pace; readonly line: Timeline; readonly names: TaskNames },
    private readonly messages: CourseMessage[],
    private readonly options: BagOptions,
  ) {}

  add(posted: Posted): void {
    // A start whose result is there is not told.
    if (posted.record.type === 'result') this.#waiting = this.#waiting.filter(({ work }) => work !== posted.work);
    this.#waiting.push(posted);
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.run.line.after(this.run.pace.fillMs, () => this.#send());
  }

  #send(): void {
    const { line, pace, names } = this.run;
    const { what, isSerial, seen } = this.options;
    const posted = this.#waiting.splice(0);
    const records = posted.map(({ record }) => record);
    let next = 0;
    for (const message of fillMessages(RUN, records, names)) {
      const carried = posted.slice(next, next + message.size);
      next += carried.length;
      this.messages.push({ what, bytes: message.encode().length });
      line.after(pace.ledgerMs, () => seen(carried));
    }
    this.#isOpen = isSerial;
    if (isSerial) line.after(pace.ledgerMs, () => this.#goOn());
  }

  #goOn(): void {
    if (this.#waiting.length > 0) this.#send();
    else this.#isOpen = false;
  }
}

/** What the coordinator knows of an agent, and what is on its way to it and from it. */
interface Worker {
  readonly account: AccountId;
  readonly inbox: Bag;
  readonly reports: Bag;
  load: number;
  assigned: number;
}

/** Reviews are given out first, the rest as it came. */
const turnOf = ({ reviews }: Work): number => (reviews === undefined ? 1 : 0);

class Run {
  readonly names: TaskNames;
  readonly line = new Timeline();
  readonly #messages: CourseMessage[] = [];
  readonly #batches: (readonly Payment[])[] = [];
  readonly #workers: readonly Worker[];
  readonly #verdicts: Bag;
  readonly #size: Size;
  /** What waits for an agent, by the agent that alone may do it; reviews first. */
  readonly #ready = new Map<AccountId | undefined, Heap<Work>>();
  /** How much a task waits for, and who waits for a task or a sequence. */
  readonly #waits = new Map<PlanTask, number>();
  readonly #dependants = new Map<string, PlanTask[]>();
  readonly #unfinished = new Map<string, number>();
  readonly #plans = new Map<string, PlanTask>();
  readonly #done = new Set<string>();
  /** Whether payments are looked at again when the oldest of them is due. */
  #isAsking = false;
  #payable: { readonly payment: Payment; readonly sinceMs: number }[] = [];
  #attempts = 0;
  #guards = 0;
  #open = 0;
  #decides = false;

  constructor(
    readonly plan: Plan,
    readonly pace: Pace,
  ) {
    this.names = taskNamesOf(plan);
    const { token, outputBytes, isSameOutput: isSame } = pace;
    this.#size = { entity: token, reason: '', output: usualOutput(outputBytes), isSame };
    const bag = (options: BagOptions) => new Bag(this, this.#messages, options);
    this.#verdicts = bag({ what: 'verdicts', isSerial: true, seen: (posted) => this.#seeVerdicts(posted) });
    this.#workers = pace.agents.map((account) => ({
      account,
      inbox: bag({ what: 'assignments', isSerial: true, seen: (posted) => this.#begin(posted) }),
      reports: bag({ what: 'reports', isSerial: false, seen: (posted) => this.#seeReports(posted) }),
      load: 0,
      assigned: 0,
    }));
  }

  course(): Course {
    this.#lookAtPlan();
    this.#decideSoon();
    this.line.runToEnd();
    const workers = new Set(this.#workers.filter(({ assigned }) => assigned > 0).map(({ account }) => account));
    const [messages, batches] = [this.#messages, this.#batches];
    return { messages, batches, attempts: this.#attempts, guards: this.#guards, workers, ms: this.line.nowMs };
  }

  #lookAtPlan(): void {
    const sequences = new Map(this.plan.sequences.map(({ id, after }) => [id, after]));
    for (const task of this.plan.tasks) {
      this.#plans.set(task.id, task);
      const key = sequenceKey(task.sequence);
      this.#unfinished.set(key, (this.#unfinished.get(key) ?? 0) + 1);
    }
    for (const task of this.plan.tasks) {
      const after = (sequences.get(task.sequence) ?? []).map(sequenceKey).filter((key) => this.#unfinished.has(key));
      const before = [...task.dependsOn.map(taskKey), ...after];
      this.#waits.set(task, before.length);
      for (const key of before) this.#dependantsOf(key).push(task);
      if (before.length === 0) this.#makeReady(task);
    }
  }

  #dependantsOf(key: string): PlanTask[] {
    const dependants = this.#dependants.get(key) ?? [];
    this.#dependants.set(key, dependants);
    return dependants;
  }

  #makeReady(task: PlanTask): void {
    const members: Work[] = [];
    const gate = nameOfGates(task.gates.filter(({ kind }) => kind !== 'agent' && kind !== 'human'));
    for (let attempt = 1; attempt <= membersOf(task); attempt += 1) members.push({ task, attempt, gate, members });
    for (const work of members) this.#queue(task.agent).add(work);
  }

  #queue(agent: AccountId | undefined): Heap<Work> {
    const queue = this.#ready.get(agent) ?? new Heap<Work>((a, b) => turnOf(a) - turnOf(b));
    this.#ready.set(agent, queue);
    return queue;
  }

  /** Once everything that happens now has been seen. */
  #decideSoon(): void {
    if (this.#decides) return;
    this.#decides = true;
    this.line.after(0, () => {
      this.#decides = false;
      this.#assign();
      this.#settle();
    });
  }

  #assign(): void {
    for (const queue of this.#ready.values()) {
      for (let first = queue.peek(); first !== undefined; first = queue.peek()) {
        const worker = this.#open < this.pace.limits.openAttempts ? this.#workerFor(first) : undefined;
        if (worker === undefined) break;
        queue.pop();
        this.#give(first, worker);
      }
    }
  }

  /** The least busy, then the one that got the least so far; where there are enough, not one that did the same task. */
  #workerFor({ task, members, reviews }: Work): Worker | undefined {
    const others = new Set([...members, ...(reviews?.members ?? [])].flatMap(({ worker }) => worker ?? []));
    const isOthers = others.size < this.#workers.length ? others : NOBODY;
    let found: Worker | undefined;
    for (const worker of this.#workers) {
      if (worker.load >= Math.min(this.pace.slots, this.pace.limits.attemptsPerAgent)) continue;
      if (task.agent === undefined ? isOthers.has(worker.account) : !this.#isOnly(task.agent, worker)) continue;
      if (found === undefined || worker.load < found.load) found = worker;
      else if (worker.load === found.load && worker.assigned < found.assigned) found = worker;
    }
    return found;
  }

  /** An agent that is not among those told of is one of them all the same. */
  #isOnly(agent: AccountId, { account }: Worker): boolean {
    return account === (this.pace.agents.includes(agent) ? agent : this.pace.agents[0]);
  }

  #give(work: Work, worker: Worker): void {
    work.worker = worker.account;
    worker.load += 1;
    worker.assigned += 1;
    this.#open += 1;
    this.#attempts += 1;
    const record = assignmentRecord(work, this.#size, BEGIN_MS + this.line.nowMs);
    const write = () => worker.inbox.add({ record, work });
    if (work.task.guard) {
      this.#guards += 1;
      this.line.after(this.pace.ledgerMs, write);
    } else write();
  }

  #begin(posted: readonly Posted[]): void {
    for (const { work } of posted) {
      const worker = this.#workerOf(work);
      worker?.reports.add({ record: startedRecord(work), work });
      this.line.after(this.pace.taskMs, () => worker?.reports.add({ record: resultRecord(work, this.#size), work }));
    }
  }

  #workerOf = ({ worker }: Work): Worker | undefined => this.#workers.find(({ account }) => account === worker);

  #seeReports(posted: readonly Posted[]): void {
    for (const { record, work } of posted) {
      if (record.type !== 'result') continue;
      const worker = this.#workerOf(work);
      if (worker !== undefined) worker.load -= 1;
      work.hasResult = true;
      this.#judge(work);
    }
    this.#decideSoon();
  }

  #judge(work: Work): void {
    const task = work.reviews === undefined ? this.#plans.get(work.task.id) : undefined;
    if (task === undefined) {
      this.#accept(work, REVIEW_ACCEPTS);
      return;
    }
    const delivered = work.members.filter(({ hasResult }) => hasResult === true);
    const needed = quorumOf(task)?.agree ?? 1;
    if (delivered.length < needed) return;
    const group = delivered.length === needed ? delivered : [work];
    const review = agentGateOf(task);
    const [first] = work.members;
    if (review === undefined || delivered.length > needed) for (const one of group) this.#accept(one, one.gate);
    else if (first !== undefined) this.#askForReview(task, group[0] ?? first, review);
  }

  #askForReview(
    task: PlanTask,
    reviews: Work,
    { type, price, deadlineMs }: NonNullable<ReturnType<typeof agentGateOf>>,
  ): void {
    const id = reviewId(task.id, reviews.attempt);
    const input = { task: task.id, attempt: reviews.attempt, input: task.input, output: { $output: task.id } };
    const members: Work[] = [];
    const of = { ...task, id, type, price, deadlineMs, input, agent: undefined, guard: false };
    const work: Work = { task: of, attempt: 1, gate: REVIEW_ACCEPTS, reviews, members };
    members.push(work);
    this.#queue(undefined).add(work);
  }

  #accept(work: Work, gate: string): void {
    this.#verdicts.add({ record: verdictRecord(work, gate, this.#size), work });
  }

  #seeVerdicts(posted: readonly Posted[]): void {
    for (const { work } of posted) {
      const { task, attempt, reviews } = work;
      this.#open -= 1;
      const payment = { task: task.id, attempt, to: work.worker as AccountId, amount: task.price };
      if (task.price > 0n) this.#payable.push({ payment, sinceMs: this.line.nowMs });
      if (reviews === undefined) this.#finish(task.id);
      else for (const one of reviews.members) if (one.hasResult === true) this.#accept(one, one.gate);
    }
    this.#decideSoon();
  }

  #finish(id: string): void {
    const task = this.#plans.get(id);
    if (task === undefined || this.#done.has(id)) return;
    this.#done.add(id);
    this.#release(taskKey(id));
    const sequence = sequenceKey(task.sequence);
    const left = (this.#unfinished.get(sequence) ?? 0) - 1;
    this.#unfinished.set(sequence, left);
    if (left === 0) this.#release(sequence);
  }

  #release(key: string): void {
    for (const task of this.#dependants.get(key) ?? []) {
      const waits = (this.#waits.get(task) ?? 0) - 1;
      this.#waits.set(task, waits);
      if (waits === 0) this.#makeReady(task);
    }
  }

  /** As `decideSettlements` does. */
  #settle(): void {
    const [oldest] = this.#payable;
    if (oldest === undefined) return;
    const dueMs = oldest.sinceMs + this.pace.limits.settleWithinMs;
    const isEnough = this.#payable.length >= settleFrom(this.pace.limits, this.#open);
    if (!isEnough && this.#open > 0 && this.line.nowMs < dueMs) {
      if (this.#isAsking) return;
      this.#isAsking = true;
      this.line.after(dueMs - this.line.nowMs, () => {
        this.#isAsking = false;
        this.#settle();
      });
      return;
    }
    const of = { run: RUN, token: this.pace.token, plan: this.plan };
    this.#batches.push(
      ...batchesOf(
        of,
        this.#payable.map(({ payment }) => payment),
      ),
    );
    this.#payable = [];
    this.line.after(this.pace.ledgerMs, () => {});
  }
}

const NOBODY: ReadonlySet<AccountId> = new Set();
const taskKey = (id: string): string => `task ${id}`;
const sequenceKey = (id: string): string => `sequence ${id}`;
