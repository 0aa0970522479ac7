import type { Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { PaymentFill, packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { TaskNames } from '@gatepost/shared/records/task-names';
import {
  addUp,
  type CustomFee,
  type FeeAmount,
  FREE_TERMS,
  feeOf,
  mostOf,
  type TokenTerms,
} from '@gatepost/shared/vocabulary/custom-fees';
import {
  messagePrice,
  SCHEDULE_CREATE_PRICE,
  SCHEDULE_DELETE_PRICE,
  settlementPrice,
  type Tinycents,
  tokenTransferPrice,
} from '@gatepost/shared/vocabulary/fees';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { USUAL_LEASE_INTERVAL_MS } from '@gatepost/shared/vocabulary/lease';
import { courseOf, type Pace } from './course.js';
import {
  assignmentRecord,
  cancelRecord,
  type EstimatedPayment,
  INSTANCE,
  LONG,
  RUN,
  resultRecord,
  SHA256,
  SHORT,
  type Size,
  settledRecord,
  startedRecord,
  TRANSFER,
  verdictRecord,
} from './estimated-records.js';
import { GUARD_PRICE } from './guard.js';

/** Who pays a fee. */
export type Payer = 'coordinator' | 'agents';

/** One kind of transaction of a run. */
export interface EstimatedKind {
  readonly what: string;
  readonly payer: Payer;
  count: number;
  price: Tinycents;
}

/** What a run costs in one case. */
export interface CaseEstimate {
  /** Tokens, in the smallest unit. */
  readonly tokens: bigint;
  readonly attempts: number;
  readonly kinds: readonly EstimatedKind[];
  /** US dollars in tinycents, all kinds together. */
  readonly fees: Tinycents;
  /** What the coordinator pays to collectors of the token's custom fees, beside tokens and fees. */
  readonly customFees: readonly FeeAmount[];
}

export interface Estimate {
  /** Whether the coordinator owes custom fees for the token's transfers. */
  readonly owesCustomFees: boolean;
  /**
   * Every first attempt is accepted, records share messages as densely as they can, payments one batch, and the agents'
   * leases last.
   */
  readonly least: CaseEstimate;
  /**
   * Every task needs all its attempts, and the last one is accepted; each record has a message of its own, each payment a
   * batch; each attempt lasts until its deadline, alone, and its agent's lease is renewed at its usual interval.
   */
  readonly most: CaseEstimate;
}

/** What a renewal of a lease costs: the next is created, the previous deleted. */
export const RENEWAL_PRICE: Tinycents = SCHEDULE_CREATE_PRICE + SCHEDULE_DELETE_PRICE;

/**
 * What a run of a plan will cost, from the public price list. Not in it: work that is given to another agent because one
 * was lost, restarts of the coordinator, and what agents pay when they start and while they are idle.
 * @param terms those of the token for the coordinator.
 */
export const estimatePlan = (plan: Plan, terms: TokenTerms = FREE_TERMS): Estimate => ({
  owesCustomFees: terms.owed.length > 0,
  least: estimateLeast(plan, terms),
  // Ten times as dear as the least, and not everybody asks for it.
  get most() {
    return estimateMost(plan, terms);
  },
});

function estimateLeast(plan: Plan, terms: TokenTerms): CaseEstimate {
  const names = taskNamesOf(plan);
  const sum = new Sum(names, terms, feeOf);
  const records = recordsOf(plan, SHORT, () => 1);
  openAndClose(sum, plan, SHORT);
  sum.messages('assignments', 'coordinator', packRecords(RUN, records.assignments, names));
  sum.messages('reports', 'agents', packRecords(RUN, records.reports, names));
  sum.messages('verdicts', 'coordinator', packRecords(RUN, records.verdicts, names));
  sum.add('guards', 'coordinator', GUARD_PRICE, records.guards);
  const newFill = () => new PaymentFill(RUN, SHORT.entity, `${SHORT.entity}${TRANSFER}`, names);
  let batch: EstimatedPayment[] = [];
  let fill = newFill();
  for (const payment of records.payments) {
    if (!fill.add(payment)) {
      sum.batch(batch, SHORT);
      batch = [];
      fill = newFill();
      fill.add(payment);
    }
    batch.push(payment);
  }
  if (batch.length > 0) sum.batch(batch, SHORT);
  return sum.total({ payments: records.payments, attempts: records.assignments.length });
}

function estimateMost(plan: Plan, terms: TokenTerms): CaseEstimate {
  const names = taskNamesOf(plan);
  const sum = new Sum(names, terms, mostOf);
  const records = recordsOf(plan, LONG, (task) => task.attempts);
  openAndClose(sum, plan, LONG);
  sum.alone('assignments', 'coordinator', records.assignments);
  // Whatever is not accepted may have to be taken back.
  sum.alone('cancellations', 'coordinator', records.cancellations);
  sum.alone('reports', 'agents', records.reports);
  sum.alone('verdicts', 'coordinator', records.verdicts);
  sum.add('guards', 'coordinator', GUARD_PRICE, records.guards);
  for (const payment of records.payments) sum.batch([payment], LONG);
  sum.add('lease renewals', 'agents', RENEWAL_PRICE, renewalsFor(records));
  return sum.total({ payments: records.payments, attempts: records.assignments.length });
}

/** What a run costs when it takes its usual course. */
export interface UsualEstimate extends CaseEstimate {
  /** How long it takes, milliseconds. */
  readonly ms: number;
}

/**
 * What a run of a plan usually costs: every first attempt is accepted, and records share messages as they will at that
 * pace. Work makes agents renew their leases once they are as old as is usual.
 * @param hasOldLease whether the lease of an agent is so old when the run begins; of all of them when left out.
 */
export function estimateUsual(
  plan: Plan,
  pace: Pace,
  terms: TokenTerms = FREE_TERMS,
  hasOldLease: (agent: AccountId) => boolean = () => true,
): UsualEstimate {
  const course = courseOf(plan, pace);
  const sum = new Sum(taskNamesOf(plan), terms, feeOf);
  const size = { ...SHORT, entity: pace.token };
  openAndClose(sum, plan, size);
  for (const { what, bytes } of course.messages)
    sum.message(what, what === 'reports' ? 'agents' : 'coordinator', bytes);
  sum.add('guards', 'coordinator', GUARD_PRICE, course.guards);
  const batches = course.batches.map((batch) => batch.map((one) => ({ ...one, amount: one.amount.toString() })));
  const guarded = new Set(plan.tasks.filter(({ guard }) => guard).map(({ id }) => id));
  for (const batch of batches) sum.batch(batch, size, batch.filter(({ task }) => guarded.has(task)).length);
  const renewals = Math.floor(course.ms / USUAL_LEASE_INTERVAL_MS);
  for (const agent of course.workers) {
    sum.add('lease renewals', 'agents', RENEWAL_PRICE, renewals + (hasOldLease(agent) ? 1 : 0));
  }
  return { ...sum.total({ payments: batches.flat(), attempts: course.attempts }), ms: course.ms };
}

function openAndClose(sum: Sum, { digest, name, tasks }: Plan, { entity }: Size): void {
  const epoch = { type: 'epoch' as const, epoch: 1, instance: INSTANCE, host: SHA256.slice(0, 16), pid: 1_000 };
  const end = [
    { ...epoch, state: 'begun' as const },
    { ...epoch, state: 'ended' as const },
  ];
  const run: readonly AnyRecord[] = [
    { type: 'run_opened', plan_sha256: digest, name, tasks: tasks.length, token: entity },
    { type: 'run_closed', outcome: 'complete', state_sha256: SHA256 },
  ];
  // Each of them is waited for before anything else is written.
  sum.alone('run opened, closed', 'coordinator', run);
  sum.alone('coordinator begins, ends', 'coordinator', end);
}

/** Everything that is written and paid in one case. */
interface Records {
  readonly assignments: AnyRecord[];
  readonly cancellations: AnyRecord[];
  readonly reports: AnyRecord[];
  readonly verdicts: AnyRecord[];
  readonly payments: EstimatedPayment[];
  guards: number;
  /** How long it takes when attempts last until their deadline, one after the other; what leases have to cover. */
  workMs: number;
}

function recordsOf(plan: Plan, size: Size, roundsOf: (task: PlanTask) => number): Records {
  const records: Records = {
    assignments: [],
    cancellations: [],
    reports: [],
    verdicts: [],
    payments: [],
    guards: 0,
    workMs: 0,
  };
  for (const task of plan.tasks) {
    const rounds = roundsOf(task);
    const { of: members, agree } = task.gates.find((gate) => gate.kind === 'quorum') ?? { of: 1, agree: 1 };
    // Of a quorum only those are paid who agree: at least so many as it asks for, at most all.
    const payees = size === SHORT ? agree : members;
    const review = task.gates.find((gate) => gate.kind === 'agent');
    for (let attempt = 1; attempt <= rounds * members; attempt += 1) {
      attemptInto(records, task, attempt, size);
      const accepted = attempt > rounds * members - payees;
      if (accepted && task.price > 0n) records.payments.push(payment(task.id, attempt, task.price, size));
    }
    for (let round = 1; review !== undefined && round <= rounds; round += 1) {
      const id = `${round}~${task.id}`;
      const { type, price, deadlineMs } = review;
      // A reviewer gets the output that it reviews.
      attemptInto(
        records,
        { ...task, id, type, price, deadlineMs, input: { $output: task.id }, guard: false },
        1,
        size,
      );
      records.payments.push(payment(id, 1, price, size));
    }
  }
  return records;
}

const payment = (task: string, attempt: number, price: bigint, { entity }: Size): EstimatedPayment => ({
  task,
  attempt,
  to: entity,
  amount: price.toString(),
});

/** An agent that works renews its lease once at first, then at the usual interval. */
const renewalsFor = ({ assignments, workMs }: Records): number =>
  assignments.length === 0 ? 0 : 1 + Math.floor(workMs / USUAL_LEASE_INTERVAL_MS);

/** What is written for one attempt. */
function attemptInto(records: Records, task: PlanTask, attempt: number, size: Size): void {
  const of = { task, attempt };
  records.assignments.push(assignmentRecord(of, size));
  records.cancellations.push(cancelRecord(of, size));
  // A start whose result is there by then is not told.
  if (size !== SHORT) records.reports.push(startedRecord(of));
  records.reports.push(resultRecord(of, size));
  records.verdicts.push(verdictRecord(of, 'command', size));
  if (task.guard) records.guards += 1;
  records.workMs += task.deadlineMs;
}

class Sum {
  readonly #kinds = new Map<string, EstimatedKind>();
  readonly #customFees: FeeAmount[] = [];

  constructor(
    readonly names: TaskNames,
    readonly terms: TokenTerms,
    /** What a custom fee comes to for so many units in one transfer. */
    readonly comesTo: (fee: CustomFee, sent: bigint) => bigint,
  ) {}

  add(what: string, payer: Payer, price: Tinycents, count = 1): void {
    if (count === 0) return;
    const kind = this.#kinds.get(what) ?? { what, payer, count: 0, price: 0n };
    this.#kinds.set(what, kind);
    kind.count += count;
    kind.price += price * BigInt(count);
  }

  messages(what: string, payer: Payer, messages: readonly Uint8Array[]): void {
    for (const { length } of messages) this.message(what, payer, length);
  }

  message(what: string, payer: Payer, bytes: number): void {
    this.add(what, payer, messagePrice(bytes));
  }

  /** Records of which each gets a message of its own. */
  alone(what: string, payer: Payer, records: readonly AnyRecord[]): void {
    for (const record of records) this.messages(what, payer, packRecords(RUN, [record], this.names));
  }

  /** @param deletions of guards, which are taken away with the payment. */
  batch(payments: readonly EstimatedPayment[], size: Size, deletions = 0): void {
    const payees = new Set(payments.map(({ to }) => to)).size;
    const [record = Buffer.alloc(0)] = packRecords(RUN, [settledRecord(payments, size)], this.names);
    this.add('atomic batches', 'coordinator', settlementPrice(payees, record.length, deletions));
    this.add('token transfers', 'coordinator', tokenTransferPrice(1 + payees, this.terms.hasFees));
    this.message('payment records', 'coordinator', record.length);
    const sent = payments.reduce((all, { amount }) => all + BigInt(amount), 0n);
    for (const fee of this.terms.owed) {
      const { unit, collector } = fee;
      this.#customFees.push({ unit, collector, amount: this.comesTo(fee, sent) });
    }
  }

  total({ payments, attempts }: { payments: readonly EstimatedPayment[]; attempts: number }): CaseEstimate {
    const tokens = payments.reduce((all, { amount }) => all + BigInt(amount), 0n);
    const kinds = [...this.#kinds.values()];
    const fees = kinds.reduce((all, { price }) => all + price, 0n);
    return { tokens, attempts, kinds, fees, customFees: addUp(this.#customFees) };
  }
}
