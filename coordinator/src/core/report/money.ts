import type { Plan } from '@gatepost/rules/plan/plan';
import { decidedPay, factsOf } from '@gatepost/rules/verify/facts';
import { attemptsOf, type RunHistory } from '@gatepost/rules/verify/history';
import { type ExchangeRate, fromTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { formatTime, msFromNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import type { Bill, PaidTransaction } from '../bill.js';
import type { ReportedMoney } from './document.js';

const TINYBAR_PER_HBAR = 100_000_000n;

/** What a run cost. */
export interface RunCosts {
  readonly bill: Bill;
  readonly rate: ExchangeRate;
  /** What the bill was made of. */
  readonly transactions: readonly PaidTransaction[];
}

/** Where the money of a run went: by account and by day. */
export function moneyOf(
  history: RunHistory,
  { bill, rate, transactions }: RunCosts,
  plan: Plan | undefined,
): ReportedMoney {
  const { maxTotal, maxFeesUsd } = plan ?? {};
  return {
    token: history.token,
    paid: `${bill.tokens}`,
    ...(maxTotal === undefined ? {} : { max_total: `${maxTotal}` }),
    ...(maxFeesUsd === undefined ? {} : { max_fees_usd: maxFeesUsd }),
    fees: `${bill.tinybar}`,
    overhead: `${bill.overheadTinybar}`,
    usd_per_hbar: usdOf(fromTinybar(TINYBAR_PER_HBAR, rate)),
    custom_fees: bill.customFees.map(({ unit, collector, amount }) => ({ unit, collector, amount: `${amount}` })),
    accounts: accountsOf(history, bill),
    days: daysOf(history, transactions),
  };
}

interface Paid {
  readonly at: Nanos;
  readonly to: AccountId;
  readonly amount: bigint;
}

/** What was paid in batches, and what the arbiter decided to pay, which is paid as soon as it has decided. */
function* paymentsOf(history: RunHistory): Generator<Paid> {
  for (const attempt of attemptsOf(history)) {
    for (const { entry, to, amount } of attempt.payments) yield { at: entry.at, to, amount };
    const facts = factsOf(history, attempt);
    const amount = decidedPay(facts);
    if (amount === undefined || facts.decision === undefined || facts.assignment === undefined) continue;
    yield { at: facts.decision.at, to: facts.assignment.agent, amount };
  }
}

function accountsOf(history: RunHistory, bill: Bill): ReportedMoney['accounts'] {
  const found = new Map<string, { received: bigint; fees: bigint; transactions: number; failed: number }>();
  const of = (account: string) => {
    const known = found.get(account) ?? { received: 0n, fees: 0n, transactions: 0, failed: 0 };
    found.set(account, known);
    return known;
  };
  of(history.coordinator);
  for (const { payer, count, failed, tinybar } of bill.kinds) {
    const account = of(payer);
    account.fees += tinybar;
    account.transactions += count;
    account.failed += failed;
  }
  for (const { to, amount } of paymentsOf(history)) of(to).received += amount;
  return [...found].map(([account, { received, fees, ...counts }]) => ({
    account,
    received: `${received}`,
    fees: `${fees}`,
    ...counts,
  }));
}

const dayOf = (at: Nanos): string => formatTime(msFromNanos(at)).slice(0, 10);

function daysOf(history: RunHistory, transactions: readonly PaidTransaction[]): ReportedMoney['days'] {
  const days = new Map<string, { paid: bigint; fees: bigint }>();
  const of = (at: Nanos) => {
    const day = dayOf(at);
    const known = days.get(day) ?? { paid: 0n, fees: 0n };
    days.set(day, known);
    return known;
  };
  for (const { at, fee } of transactions) of(at).fees += fee;
  for (const { at, amount } of paymentsOf(history)) of(at).paid += amount;
  return [...days]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, { paid, fees }]) => ({ day, paid: `${paid}`, fees: `${fees}` }));
}
