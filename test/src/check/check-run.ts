import { checkMoney, type Payment, paymentsOf } from './check-money.js';
import type { Assignment, Evidence, Parties } from './evidence.js';
import { gather } from './evidence.js';
import { type ExpectedTask, expectationOf } from './expectation.js';
import { MirrorTruth, type SeenRecord } from './mirror-truth.js';
import type { Report, RuleId } from './rules.js';

/** Something that does not hold. */
export interface Violation<Rule = RuleId> {
  readonly rule: Rule;
  readonly subject: string;
  readonly found: string;
}

/** What became of a run. */
export interface Findings {
  readonly violations: readonly Violation[];
  readonly outcome: string;
  readonly attempts: number;
  readonly payments: number;
  /** Tasks that were paid, or accepted and free. */
  readonly done: number;
  readonly tasks: number;
  /** Why each of the others was not, in a word each. */
  readonly unpaid: readonly string[];
}

const nameOf = ({ task, attempt }: { readonly task: unknown; readonly attempt: unknown }) => `${task}#${attempt}`;

/** The task a review speaks of; undefined for a task of the plan. */
const reviewed = (task: string): string | undefined => /^\d+~(.+)$/.exec(task)?.[1];

class RunCheck {
  readonly violations: Violation[] = [];
  readonly #assignments = new Map<string, Assignment[]>();
  readonly #verdicts = new Map<string, SeenRecord>();
  readonly #results = new Map<string, SeenRecord[]>();
  readonly payments: readonly Payment[];

  constructor(
    readonly evidence: Evidence,
    readonly tasks: ReadonlyMap<string, ExpectedTask>,
  ) {
    const { coordinator, agents } = evidence.parties;
    for (const assignment of evidence.assignments) add(this.#assignments, nameOf(assignment), assignment);
    for (const record of evidence.records) {
      const key = `${record.task}#${record.attempt}`;
      // The first verdict on an attempt is the one that counts.
      if (record.type === 'verdict' && record.author === coordinator && !this.#verdicts.has(key)) {
        this.#verdicts.set(key, record);
      }
      if (record.type === 'result' && agents.includes(record.author)) add(this.#results, key, record);
    }
    this.payments = paymentsOf(evidence);
  }

  readonly report: Report = (rule, subject, found) => void this.violations.push({ rule, subject, found });

  /** An agent's first report on an attempt. */
  result(key: string, agent: string): SeenRecord | undefined {
    return this.#results.get(key)?.find(({ author }) => author === agent);
  }

  /** When a task was accepted: with the verdict that completes its quorum. */
  acceptedAt(task: string): bigint | undefined {
    const times = this.accepted(task).map(({ at }) => at);
    return times[(this.tasks.get(task)?.agree ?? 1) - 1];
  }

  accepted(task: string): SeenRecord[] {
    return [...this.#verdicts.values()].filter((verdict) => verdict.task === task && verdict.accepted === true);
  }

  checkAssignments(): void {
    for (const assignment of this.evidence.assignments) {
      const task = this.tasks.get(assignment.task);
      const of = reviewed(assignment.task);
      const price = of === undefined ? task?.price : this.tasks.get(of)?.reviewPrice;
      if (price === undefined) this.report('assigned-unknown', nameOf(assignment), 'the plan has no such task');
      else if (price !== assignment.price) {
        this.report('assigned-price', nameOf(assignment), `for ${assignment.price}, the plan says ${price}`);
      }
      for (const before of task?.after ?? []) {
        const at = this.acceptedAt(before);
        if (at !== undefined && at < assignment.at) continue;
        this.report('assigned-early', nameOf(assignment), `${before} was not accepted yet`);
      }
    }
  }

  /** What was paid was assigned, done and accepted, in that order. */
  checkPayments(): void {
    for (const payment of this.payments) {
      const key = nameOf(payment);
      const assignment = this.#assignments.get(key)?.find(({ agent }) => agent === payment.to);
      const result = this.result(key, payment.to);
      const verdict = this.#verdicts.get(key);
      if (assignment === undefined) this.report('paid-unassigned', key, `to ${payment.to}`);
      else if (assignment.price !== payment.amount) {
        this.report('paid-price', key, `${payment.amount}, the price is ${assignment.price}`);
      }
      if (result?.outcome !== 'ok') this.report('paid-without-result', key, `to ${payment.to}`);
      else if (assignment !== undefined && result.at < assignment.at) {
        this.report('result-before-assignment', key, 'the result came first');
      }
      if (verdict?.accepted !== true) this.report('paid-without-verdict', key, `to ${payment.to}`);
      else if (payment.at < verdict.at) this.report('paid-before-verdict', key, 'the payment came first');
      else if (result !== undefined && verdict.at < result.at) {
        this.report('verdict-before-result', key, 'the verdict came first');
      }
    }
  }

  /** Each task is paid its price once, a quorum's once for each agent that agreed, or not at all. */
  checkOnce(): void {
    const byTask = new Map<string, Payment[]>();
    for (const payment of this.payments) add(byTask, payment.task, payment);
    for (const [id, payments] of byTask) {
      const { members, agree } = this.tasks.get(id) ?? { members: 1, agree: 1 };
      const payees = new Set(payments.map(({ to }) => to));
      const shown = payments.map((payment) => `${nameOf(payment)} to ${payment.to}`).join(', ');
      if (payees.size < payments.length) this.report('paid-twice', id, shown);
      if (payments.length > members) this.report('paid-too-often', id, shown);
      const outputs = new Set(payments.map((one) => this.result(nameOf(one), one.to)?.output_sha256));
      if (outputs.size > 1) this.report('paid-different-outputs', id, shown);
      if (this.accepted(id).length < agree) this.report('paid-without-quorum', id, shown);
    }
  }

  /** An agent reports an attempt once; what it reported in time is not called late. */
  checkResults(): void {
    for (const [key, results] of this.#results) {
      const authors = results.map(({ author }) => author);
      for (const author of new Set(authors)) {
        const times = authors.filter((other) => other === author).length;
        if (times > 1) this.report('reported-twice', key, `${times} times by ${author}`);
      }
      const verdict = this.#verdicts.get(key);
      if (verdict?.gate !== 'deadline') continue;
      const inTime = this.#assignments.get(key)?.some(({ agent, deadlineMs }) => {
        const result = this.result(key, agent);
        return result !== undefined && result.at <= BigInt(deadlineMs) * 1_000_000n;
      });
      if (inTime === true) this.report('in-time-called-late', key, String(verdict.reason));
    }
  }

  /** The run was opened once, is closed once, nothing comes after that, and all that is owed is paid. */
  checkEnd(): string {
    const own = this.evidence.records.filter(({ author }) => author === this.evidence.parties.coordinator);
    const opened = own.filter(({ type }) => type === 'run_opened');
    // A coordinator that was killed and the next one may both have written it; they must have meant the same.
    const openings = new Set(opened.map((record) => JSON.stringify([record.plan_sha256, record.tasks, record.token])));
    if (openings.size !== 1) this.report('opened-again', this.evidence.run, `opened as ${[...openings].join(' and ')}`);
    const closed = own.filter(({ type }) => type === 'run_closed');
    const [end] = closed;
    if (end === undefined) {
      this.report('not-closed', this.evidence.run, 'the run is open');
      return 'open';
    }
    if (closed.length > 1) this.report('closed-again', this.evidence.run, `closed ${closed.length} times`);
    const after = [...this.evidence.assignments, ...this.payments].filter(({ at }) => at > end.at);
    for (const late of after) this.report('after-close', nameOf(late), 'assigned or paid after the run was closed');
    this.checkOwed();
    const missing = [...this.tasks.keys()].filter((id) => this.acceptedAt(id) === undefined);
    if ((end.outcome === 'complete') !== (missing.length === 0)) {
      this.report(
        'outcome-differs',
        this.evidence.run,
        `${end.outcome}, not accepted: ${missing.join(', ') || 'none'}`,
      );
    }
    for (const id of missing) this.checkExplained(id, new Set(missing));
    return String(end.outcome);
  }

  private checkOwed(): void {
    const paid = new Set(this.payments.map(nameOf));
    for (const [key, verdict] of this.#verdicts) {
      const task = String(verdict.task);
      const price = this.#assignments.get(key)?.[0]?.price ?? 0n;
      const isOwed = verdict.accepted === true && this.acceptedAt(task) !== undefined && price > 0n;
      if (isOwed && !paid.has(key)) this.report('accepted-unpaid', key, `${price} are owed`);
    }
  }

  /** A task that was not accepted was rejected, given up, or waits for one that was not accepted. */
  private checkExplained(id: string, missing: ReadonlySet<string>): void {
    const rejected = [...this.#verdicts.values()].some((verdict) => verdict.task === id && verdict.accepted === false);
    const blocked = this.tasks.get(id)?.after.some((before) => missing.has(before)) === true;
    if (!rejected && !blocked) this.report('unexplained', id, 'not accepted, and the ledger does not say why');
  }

  /** The last word on each task that was not accepted. */
  unpaid(): string[] {
    return [...this.tasks.keys()]
      .filter((id) => this.acceptedAt(id) === undefined)
      .map((id) => {
        const last = [...this.#verdicts.values()].filter(({ task }) => task === id).at(-1);
        return `${id}: ${last === undefined ? 'never assigned' : `${last.gate} ${last.reason}`}`;
      });
  }
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [value]);
  else there.push(value);
}

/** Checks what the mirror showed of a run against what its plan expects. Pure. */
export function checkEvidence(evidence: Evidence, tasks: ReadonlyMap<string, ExpectedTask>): Findings {
  const check = new RunCheck(evidence, tasks);
  check.checkAssignments();
  check.checkPayments();
  check.checkOnce();
  check.checkResults();
  const outcome = check.checkEnd();
  checkMoney(evidence, check.payments, check.report);
  const unpaid = check.unpaid();
  return {
    violations: check.violations,
    outcome,
    attempts: evidence.assignments.length,
    payments: check.payments.length,
    done: tasks.size - unpaid.length,
    tasks: tasks.size,
    unpaid,
  };
}

/**
 * Checks the run of a plan from mirror REST alone; shares no code with the product.
 * @param mirrorRest Base URL of the mirror, without `/api/v1`.
 * @param planText The plan file, JSON; its name must be the run's alone.
 */
export async function checkRun(mirrorRest: string, parties: Parties, planText: string): Promise<Findings> {
  const { name, tasks } = expectationOf(planText);
  const evidence = await gather(new MirrorTruth(mirrorRest), parties, name);
  if (evidence !== undefined) return checkEvidence(evidence, tasks);
  const violations: Violation[] = [
    { rule: 'never-opened', subject: name, found: 'no run of this plan is on the journal' },
  ];
  return { violations, outcome: 'none', attempts: 0, payments: 0, done: 0, tasks: tasks.size, unpaid: [] };
}
