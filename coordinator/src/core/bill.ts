import { decidedPay, factsOf } from '@gatepost/rules/verify/facts';
import { type AnyEntry, attemptsOf, type RunHistory } from '@gatepost/rules/verify/history';
import { addUp, type FeeAmount } from '@gatepost/shared/vocabulary/custom-fees';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/** A transaction that an account paid for, whatever became of it. */
export interface PaidTransaction {
  readonly at: Nanos;
  /** As the mirror calls its kind. */
  readonly name: string;
  readonly result: string;
  readonly payer: AccountId;
  /** Consensus timestamp of the batch it was part of. */
  readonly batch: Nanos | undefined;
  /** What was charged, in tinybar. */
  readonly fee: bigint;
  /** Custom fees of tokens that it brought with it. */
  readonly customFees?: readonly FeeAmount[];
}

/** One kind of transaction on the bill. */
export interface BilledKind {
  readonly payer: AccountId;
  readonly name: string;
  count: number;
  /** Of these, how many failed; they cost as much. */
  failed: number;
  tinybar: bigint;
}

/** One task on the bill. */
export interface BilledTask {
  readonly task: string;
  attempts: number;
  /** In the token's smallest unit, what the arbiter decided to pay included. */
  tokens: bigint;
  /** Fees of its records, those of shared messages and batches in equal parts. */
  tinybar: bigint;
}

export interface Bill {
  readonly run: string;
  readonly name: string;
  readonly kinds: readonly BilledKind[];
  readonly tasks: readonly BilledTask[];
  /** Fees of the run that belong to no task: its opening and closing, leases, failed transactions. */
  readonly overheadTinybar: bigint;
  /** Paid to agents. */
  readonly tokens: bigint;
  readonly tinybar: bigint;
  /** Paid to collectors of the token's custom fees, beside tokens and fees. */
  readonly customFees: readonly FeeAmount[];
}

/**
 * What a run really cost, from the fees that the network charged. Counts everything that the parties and agents of the
 * run paid for between the run's opening and closing, whether or not it was for this run.
 * @param entries all records on the run's topics.
 */
export function billRun(run: RunHistory, entries: readonly AnyEntry[], transactions: readonly PaidTransaction[]): Bill {
  const tasks = new Map<string, BilledTask>();
  for (const attempt of attemptsOf(run)) {
    const { task, payments, assignments } = attempt;
    if (assignments.length === 0 && payments.length === 0) continue;
    const billed = tasks.get(task) ?? { task, attempts: 0, tokens: 0n, tinybar: 0n };
    billed.attempts += 1;
    for (const { amount } of payments) billed.tokens += amount;
    billed.tokens += decidedPay(factsOf(run, attempt)) ?? 0n;
    tasks.set(task, billed);
  }
  const tasksAt = sharesByMessage(run, entries);
  const batches = batchShares(transactions, tasksAt);
  let attributed = 0n;
  for (const { at, batch, fee } of transactions) {
    // A batch's own transaction and the transfer in it are shared like the record beside them.
    const share = tasksAt.get(at) ?? batches.get(batch ?? at) ?? [];
    const billed = share.flatMap((task) => tasks.get(task) ?? []);
    for (const [index, task] of billed.entries()) {
      const part = equalPart(fee, BigInt(billed.length), BigInt(index));
      task.tinybar += part;
      attributed += part;
    }
  }
  const kinds = kindsOf(transactions);
  const tinybar = transactions.reduce((sum, { fee }) => sum + fee, 0n);
  const billedTasks = [...tasks.values()];
  const tokens = billedTasks.reduce((sum, task) => sum + task.tokens, 0n);
  const { name } = run.opened.record;
  const customFees = addUp(transactions.flatMap((transaction) => transaction.customFees ?? []));
  const overheadTinybar = tinybar - attributed;
  return { run: run.run, name, kinds, tasks: billedTasks, overheadTinybar, tokens, tinybar, customFees };
}

/** The parts of a whole differ by at most one and add up to it. */
const equalPart = (whole: bigint, parts: bigint, index: bigint): bigint =>
  (whole * (index + 1n)) / parts - (whole * index) / parts;

/** For each message of the run the tasks its records are about, one for each record or payment. */
function sharesByMessage(run: RunHistory, entries: readonly AnyEntry[]): Map<Nanos, string[]> {
  const shares = new Map<Nanos, string[]>();
  for (const { at, record, run: of } of entries) {
    if (of !== run.run) continue;
    const about =
      record.type === 'settled'
        ? record.payments.map(({ task }) => task)
        : 'task' in record && record.task !== undefined
          ? [record.task]
          : [];
    shares.set(at, [...(shares.get(at) ?? []), ...about]);
  }
  return shares;
}

function batchShares(
  transactions: readonly PaidTransaction[],
  tasksAt: ReadonlyMap<Nanos, string[]>,
): Map<Nanos, readonly string[]> {
  const shares = new Map<Nanos, readonly string[]>();
  for (const { at, batch } of transactions) {
    const share = tasksAt.get(at);
    if (batch !== undefined && share !== undefined) shares.set(batch, share);
  }
  return shares;
}

function kindsOf(transactions: readonly PaidTransaction[]): BilledKind[] {
  const kinds = new Map<string, BilledKind>();
  for (const { payer, name, result, fee } of transactions) {
    const key = `${payer} ${name}`;
    const kind = kinds.get(key) ?? { payer, name, count: 0, failed: 0, tinybar: 0n };
    kind.count += 1;
    kind.failed += result === 'SUCCESS' ? 0 : 1;
    kind.tinybar += fee;
    kinds.set(key, kind);
  }
  return [...kinds.values()].sort((a, b) =>
    a.payer === b.payer ? a.name.localeCompare(b.name) : a.payer < b.payer ? -1 : 1,
  );
}
