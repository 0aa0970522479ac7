import type { Gate, Plan, PlanTask } from '../plan/plan.js';
import { reviewedAttempt } from '../run/review-id.js';
import { quorumOf } from '../run/task-state.js';
import { decidedPay, decidingVerdict, factsOf, isPaid } from './facts.js';
import {
  type AttemptHistory,
  attemptName,
  attemptsOf,
  type Entry,
  isBefore,
  type Moment,
  mayWriteVerdicts,
  type RunHistory,
} from './history.js';
import type { Findings } from './rules.js';

/** Whether a run did what the given plan says; only its digest is compared when that differs. */
export function checkPlan(run: RunHistory, plan: Plan, findings: Findings): void {
  if (run.opened.record.plan_sha256 !== plan.digest) {
    const what = `opened with ${run.opened.record.plan_sha256}, the file compiles to ${plan.digest}`;
    findings.add('plan-digest', run.run, plan.name, what);
    return;
  }
  const check = new PlanCheck(run, plan, findings);
  for (const attempt of attemptsOf(run)) check.attempt(attempt);
  for (const task of plan.tasks) check.task(task);
  check.budget();
}

class PlanCheck {
  readonly #tasks: ReadonlyMap<string, PlanTask>;
  readonly #after: ReadonlyMap<string, readonly string[]>;
  readonly #sequenceTasks = new Map<string, string[]>();
  readonly #accepted = new Map<string, Moment>();

  constructor(
    readonly run: RunHistory,
    readonly plan: Plan,
    readonly findings: Findings,
  ) {
    this.#tasks = new Map(plan.tasks.map((task) => [task.id, task]));
    this.#after = new Map(plan.sequences.map(({ id, after }) => [id, after]));
    for (const { id, sequence } of plan.tasks) {
      const tasks = this.#sequenceTasks.get(sequence);
      if (tasks === undefined) this.#sequenceTasks.set(sequence, [id]);
      else tasks.push(id);
    }
    for (const task of plan.tasks) this.#noteAcceptance(task);
    for (const { id } of plan.sequences) this.#noteCompletion(id);
  }

  /** Consensus time of each sequence's completion; undefined while a task of it is not accepted. */
  readonly #completed = new Map<string, Moment | undefined>();

  /** A task counts as accepted with the verdict that completes its quorum, or its only one. */
  #noteAcceptance(task: PlanTask): void {
    const deciding = decidingVerdict(this.run, task.id, quorumOf(task)?.agree ?? 1);
    const failed = quorumOf(task) === undefined ? this.#failure(task) : undefined;
    if (deciding === undefined || (failed !== undefined && isBefore(failed, deciding))) return;
    const { at, index } = deciding;
    this.#accepted.set(task.id, { at, index });
  }

  #noteCompletion(sequence: string): void {
    let last: Moment | undefined;
    for (const task of this.#sequenceTasks.get(sequence) ?? []) {
      const accepted = this.#accepted.get(task);
      if (accepted === undefined) {
        this.#completed.set(sequence, undefined);
        return;
      }
      if (last === undefined || isBefore(last, accepted)) last = accepted;
    }
    this.#completed.set(sequence, last);
  }

  #verdictsOf(task: string): Entry<'verdict'>[] {
    const attempts = [...(this.run.tasks.get(task)?.values() ?? [])];
    return attempts.flatMap((attempt) => factsOf(this.run, attempt).verdict ?? []);
  }

  #report(rule: Parameters<Findings['add']>[0], subject: string, message: string): void {
    this.findings.add(rule, this.run.run, subject, message);
  }

  attempt(attempt: AttemptHistory): void {
    const { assignment } = factsOf(this.run, attempt);
    if (assignment === undefined) return;
    const name = attemptName(attempt);
    const reviewed = reviewedAttempt(attempt.task);
    const task = this.#tasks.get(reviewed?.task ?? attempt.task);
    const gate = task?.gates.find((one): one is Extract<Gate, { kind: 'agent' }> => one.kind === 'agent');
    const spec = reviewed === undefined ? task : gate;
    if (task === undefined || spec === undefined) {
      this.#report('plan-task', name, 'is not in the plan');
      return;
    }
    const { price, task_type: type } = assignment.entry.record;
    if (type !== spec.type) this.#report('plan-task', name, `assigned as ${type}, the plan says ${spec.type}`);
    if (BigInt(price) !== spec.price)
      this.#report('plan-price', name, `assigned at ${price}, the plan says ${spec.price}`);
    if (reviewed !== undefined) return;
    if (task.agent !== undefined && task.agent !== assignment.agent) {
      this.#report('plan-task', name, `assigned to ${assignment.agent}, the plan names ${task.agent}`);
    }
    this.#checkOrder(task, name, assignment.entry);
  }

  #checkOrder(task: PlanTask, name: string, assigned: Entry<'assign'>): void {
    for (const dependency of task.dependsOn) {
      const accepted = this.#accepted.get(dependency);
      if (accepted !== undefined && isBefore(accepted, assigned)) continue;
      this.#report('plan-order', name, `assigned before ${dependency} was accepted`);
    }
    for (const sequence of this.#after.get(task.sequence) ?? []) {
      const completed = this.#completed.get(sequence);
      if (completed !== undefined && isBefore(completed, assigned)) continue;
      this.#report('plan-order', name, `assigned before sequence ${sequence} was complete`);
    }
  }

  task(task: PlanTask): void {
    const attempts = [...(this.run.tasks.get(task.id)?.values() ?? [])];
    const { of: members, agree } = quorumOf(task) ?? { of: 1, agree: 1 };
    if (members === 1) this.#checkAttempts(task, attempts);
    const accepted = this.#verdictsOf(task.id).filter(({ record }) => record.accepted).length;
    const paid = attempts.filter((attempt) => isPaid(this.run, attempt));
    const deciding = this.#accepted.get(task.id);
    // What the arbiter has paid needs no acceptance: the task may have been given up before.
    const isDue = (attempt: AttemptHistory) => factsOf(this.run, attempt).decision?.record.pay === true;
    if (paid.length > members || (deciding === undefined && !paid.every(isDue))) {
      const what = `${accepted} accepted and ${paid.length} paid, the plan says ${agree} of ${members}`;
      this.#report('plan-quorum', task.id, what);
    } else if (deciding !== undefined && members > 1) {
      for (const attempt of paid) {
        if (attempt.payments.every(({ entry }) => isBefore(deciding, entry))) continue;
        this.#report('plan-quorum', attemptName(attempt), `paid before ${agree} had agreed`);
      }
    }
  }

  /** Verdicts against a task that is no quorum's, in consensus order; a replaced attempt, whose agent was lost, is no failure. */
  #failures(task: PlanTask): readonly Entry<'verdict'>[] {
    const history = this.run.tasks.get(task.id);
    const failures = [...(history?.values() ?? [])].flatMap((attempt) => {
      const { verdict } = factsOf(this.run, attempt);
      if (verdict?.record.accepted !== false) return [];
      const next = history?.get(attempt.attempt + 1);
      const replaced = next === undefined ? undefined : factsOf(this.run, next).assignment?.entry;
      return replaced === undefined || isBefore(verdict, replaced) ? [verdict] : [];
    });
    return failures.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  /** The verdict with which as many attempts of a task have failed as the plan allows. */
  #failure(task: PlanTask): Entry<'verdict'> | undefined {
    return this.#failures(task)[task.attempts - 1];
  }

  /**
   * When as many attempts as allowed have failed, the task has, and what a replaced attempt delivers later comes too late:
   * an acceptance that was under way meanwhile has no effect, and nothing may be paid for it. Nor has an assignment that
   * was, as long as nothing is decided about it and nothing paid.
   */
  #checkAttempts(task: PlanTask, attempts: readonly AttemptHistory[]): void {
    const failed = this.#failure(task);
    if (failed === undefined) return;
    for (const attempt of attempts) {
      const { assignment, verdict } = factsOf(this.run, attempt);
      const wasPaid = isPaid(this.run, attempt);
      const isJudged = attempt.verdicts.some(({ author }) => mayWriteVerdicts(this.run, author));
      if (assignment !== undefined && isBefore(failed, assignment.entry) && (isJudged || wasPaid)) {
        const what = `tried after ${task.attempts} failures, as many as allowed`;
        this.#report('plan-attempts', attemptName(attempt), what);
      }
      if (wasPaid && verdict?.record.accepted === true && isBefore(failed, verdict)) {
        const what = `paid, though accepted after ${task.attempts} failures, as many as allowed`;
        this.#report('plan-attempts', attemptName(attempt), what);
      }
    }
  }

  budget(): void {
    const { maxTotal } = this.plan;
    let paid = 0n;
    for (const attempt of attemptsOf(this.run)) {
      for (const { amount } of attempt.payments) paid += amount;
      paid += decidedPay(factsOf(this.run, attempt)) ?? 0n;
    }
    if (maxTotal !== undefined && paid > maxTotal) {
      this.#report('plan-budget', this.plan.name, `${paid} were paid, max_total is ${maxTotal}`);
    }
  }
}
