import type { Evidence } from './evidence.js';
import type { SeenRecord, TransactionEntry } from './mirror-truth.js';
import type { Report } from './rules.js';

/** One payment that the coordinator recorded. */
export interface Payment {
  readonly task: string;
  readonly attempt: number;
  readonly to: string;
  readonly amount: bigint;
  readonly at: bigint;
}

interface PaymentField {
  readonly task: string;
  readonly attempt: number;
  readonly to: string;
  readonly amount: string;
}

function paymentsIn(record: SeenRecord): Payment[] {
  return (record.payments as readonly PaymentField[]).map(({ task, attempt, to, amount }) => ({
    task,
    attempt,
    to,
    amount: BigInt(amount),
    at: record.at,
  }));
}

const isSettlement = ({ parties }: Evidence, { type, author }: SeenRecord) =>
  type === 'settled' && author === parties.coordinator;

/** Payments that are recorded for the run. */
export const paymentsOf = (evidence: Evidence): Payment[] =>
  evidence.records.filter((record) => isSettlement(evidence, record)).flatMap(paymentsIn);

/** What each account gained of the token, as text that can be compared; the payer is left out. */
function gains(payer: string, moves: readonly (readonly [account: string, amount: bigint])[]): string {
  const sums = new Map<string, bigint>();
  for (const [account, amount] of moves) {
    if (account !== payer) sums.set(account, (sums.get(account) ?? 0n) + amount);
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([account, amount]) => `${account} ${amount}`)
    .join(', ');
}

const nanos = (timestamp: string): bigint => BigInt(timestamp.replace('.', ''));

/** The token moved as it was recorded, in the same batch and nowhere else, and none of it came or went. */
export function checkMoney(evidence: Evidence, payments: readonly Payment[], report: Report): void {
  const { parties, supply, journal, transactions } = evidence;
  const gainsOf = ({ token_transfers: moves }: TransactionEntry) =>
    gains(
      parties.coordinator,
      moves
        .filter(({ token_id: token }) => token === parties.token)
        .map(({ account, amount }) => [account, BigInt(amount)] as const),
    );
  const byTime = new Map(transactions.map((entry) => [nanos(entry.consensus_timestamp), entry]));
  const recordedIn = new Set<string>();
  for (const record of journal.filter((one) => isSettlement(evidence, one))) {
    const subject = `settled at ${record.at}`;
    const batch = byTime.get(record.at)?.parent_consensus_timestamp ?? undefined;
    if (batch === undefined) {
      report('settled-outside-batch', subject, 'the record is not part of a batch');
      continue;
    }
    recordedIn.add(batch);
    const moved = transactions.filter(
      (entry) => entry.parent_consensus_timestamp === batch && entry.name === 'CRYPTOTRANSFER',
    );
    const recorded = gains(
      parties.coordinator,
      paymentsIn(record).map(({ to, amount }) => [to, amount] as const),
    );
    const really = moved.map(gainsOf).join(' and ');
    if (recorded !== really) report('moved-differently', subject, `recorded ${recorded}, moved ${really || 'nothing'}`);
  }
  for (const entry of transactions) {
    if (gainsOf(entry) === '') continue;
    const batch = entry.parent_consensus_timestamp;
    if (batch === null || !recordedIn.has(batch)) {
      report('moved-unrecorded', entry.transaction_id, gainsOf(entry));
    }
  }
  checkSupply(evidence, report);
  for (const { to, amount, task } of payments) {
    if (!parties.agents.includes(to)) report('paid-stranger', task, `${amount} to ${to}`);
  }
  const held = [...supply.held.values()].reduce((sum, balance) => sum + balance, 0n);
  if (held !== supply.total) report('supply-held', parties.token, `${supply.total} exist, ${held} are held`);
}

/** Every agent holds what was recorded for it, over all runs of the journal; nothing was minted or burned. */
function checkSupply(evidence: Evidence, report: Report): void {
  const { parties, supply, journal } = evidence;
  if (supply.total !== supply.initial) {
    report('supply-changed', parties.token, `${supply.initial} at first, ${supply.total} now`);
  }
  const earned = new Map<string, bigint>();
  for (const { to, amount } of journal.filter((one) => isSettlement(evidence, one)).flatMap(paymentsIn)) {
    earned.set(to, (earned.get(to) ?? 0n) + amount);
  }
  for (const agent of parties.agents) {
    const holds = supply.held.get(agent) ?? 0n;
    const due = earned.get(agent) ?? 0n;
    if (holds !== due) report('balance-differs', agent, `holds ${holds}, was recorded ${due}`);
  }
}
