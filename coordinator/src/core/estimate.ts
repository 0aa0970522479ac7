import { taskCost } from '@gatepost/rules/plan/budget';
import type { Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { fitsOneMessage, MAX_MESSAGE_BYTES, packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { canonicalJson, type Json } from '@gatepost/shared/vocabulary/digest';
import { BATCH_PRICE, messagePrice, type Tinycents, tokenTransferPrice } from '@gatepost/shared/vocabulary/fees';
import { MAX_PAYEES } from '@gatepost/shared/vocabulary/limits';
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
}

export interface Estimate {
  /** Every first attempt is accepted. */
  readonly least: CaseEstimate;
  /** Every task needs all its attempts, and the last one is accepted. */
  readonly most: CaseEstimate;
}

/** Stand for ids and the sentence of a gate, each as long as they usually are. */
const RUN = '0'.repeat(14);
const INSTANCE = '0'.repeat(36);
const TRANSFER = `0.0.1234567@1700000000.${'0'.repeat(9)}`;
const REASON = 'x'.repeat(80);
const ENTITY = '0.0.1234567';
const SHA256 = '0'.repeat(64);

/**
 * What a run of a plan will cost, from the public price list. Records that share a message cost less, so do payments
 * that share a batch with others; leases of agents and outputs that need a longer inline text are not in it.
 * @param settleAfter payable attempts that make the coordinator settle.
 */
export function estimatePlan(plan: Plan, settleAfter: number): Estimate {
  return {
    least: estimateCase(plan, settleAfter, () => 1),
    most: estimateCase(plan, settleAfter, (task) => task.attempts),
  };
}

function estimateCase(plan: Plan, settleAfter: number, roundsOf: (task: PlanTask) => number): CaseEstimate {
  const sum = new Sum();
  sum.message('run opened, closed; coordinator begins, ends', 'coordinator', runRecords(plan));
  const payments: { task: string; attempt: number; to: string; amount: string }[] = [];
  let tokens = 0n;
  let attempts = 0;
  for (const task of plan.tasks) {
    const rounds = roundsOf(task);
    const members = task.gates.find((gate) => gate.kind === 'quorum')?.of ?? 1;
    const review = task.gates.find((gate) => gate.kind === 'agent');
    const { work, reviews } = taskCost(task);
    tokens += work + reviews * BigInt(rounds);
    for (let attempt = 1; attempt <= rounds * members; attempt += 1) {
      attempts += 1;
      sum.attempt(task.id, attempt, task.type, task.input, task.price);
      if (task.guard) sum.add('guards', 'coordinator', GUARD_PRICE);
      const paid = attempt > (rounds - 1) * members && task.price > 0n;
      if (paid) payments.push({ task: task.id, attempt, to: ENTITY, amount: task.price.toString() });
    }
    for (let round = 1; review !== undefined && round <= rounds; round += 1) {
      attempts += 1;
      const id = `${round}~${task.id}`;
      sum.attempt(id, 1, review.type, task.input, review.price);
      payments.push({ task: id, attempt: 1, to: ENTITY, amount: review.price.toString() });
    }
  }
  settle(sum, payments, settleAfter);
  const kinds = sum.kinds.filter(({ count }) => count > 0);
  return { tokens, attempts, kinds, fees: kinds.reduce((total, { price }) => total + price, 0n) };
}

function runRecords(plan: Plan): readonly AnyRecord[] {
  const epoch = { type: 'epoch' as const, epoch: 1, instance: INSTANCE, host: SHA256, pid: 1_234_567 };
  const { length: tasks } = plan.tasks;
  return [
    { ...epoch, state: 'begun' },
    { type: 'run_opened', plan_sha256: plan.digest, name: plan.name, tasks, token: ENTITY },
    { type: 'run_closed', outcome: 'complete', state_sha256: SHA256 },
    { ...epoch, state: 'ended' },
  ];
}

function settle(
  sum: Sum,
  payments: readonly { task: string; attempt: number; to: string; amount: string }[],
  settleAfter: number,
): void {
  const record = (some: typeof payments): AnyRecord => ({
    type: 'settled',
    token: ENTITY,
    transfer: TRANSFER,
    payments: [...some],
  });
  let batch: typeof payments = [];
  const flush = (): void => {
    if (batch.length === 0) return;
    sum.add('atomic batches', 'coordinator', BATCH_PRICE);
    sum.add('token transfers', 'coordinator', tokenTransferPrice(1 + Math.min(batch.length, MAX_PAYEES)));
    sum.message('payment records', 'coordinator', [record(batch)]);
    batch = [];
  };
  for (const payment of payments) {
    const joined = [...batch, payment];
    if (batch.length >= settleAfter || !fitsOneMessage(RUN, [record(joined)])) flush();
    batch = [...batch, payment];
  }
  flush();
}

class Sum {
  readonly kinds: EstimatedKind[] = [];
  readonly #known = new Map<string, EstimatedKind>();

  add(what: string, payer: Payer, price: Tinycents): void {
    const kind = this.#known.get(what) ?? { what, payer, count: 0, price: 0n };
    if (!this.#known.has(what)) {
      this.#known.set(what, kind);
      this.kinds.push(kind);
    }
    kind.count += 1;
    kind.price += price;
  }

  /** Records of which each gets a message of its own. */
  message(what: string, payer: Payer, records: readonly AnyRecord[]): void {
    for (const record of records) {
      for (const message of packRecords(RUN, [record])) this.add(what, payer, messagePrice(message.length));
    }
  }

  /** The messages of one attempt. */
  attempt(task: string, attempt: number, type: string, input: Json, price: bigint): void {
    const size = canonicalJson({ input }).length;
    const assign: AnyRecord = {
      type: 'assign',
      task,
      attempt,
      task_type: type,
      input_sha256: SHA256,
      input_size: size,
      deadline_ms: 1_700_000_000_000,
      price: price.toString(),
      token: ENTITY,
    };
    const inline = size < MAX_MESSAGE_BYTES && fitsOneMessage(RUN, [{ ...assign, input: { input } }]);
    this.message('assignments', 'coordinator', [inline ? { ...assign, input: { input } } : assign]);
    this.message('started', 'agents', [{ type: 'started', task, attempt }]);
    const result = { type: 'result' as const, task, attempt, outcome: 'ok' as const };
    this.message('results', 'agents', [{ ...result, output_sha256: SHA256, output_size: 1_000, output: REASON }]);
    this.message('verdicts', 'coordinator', [
      { type: 'verdict', task, attempt, accepted: true, gate: 'command', reason: REASON },
    ]);
  }
}
