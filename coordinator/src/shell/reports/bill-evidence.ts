import type { Evidence } from '@gatepost/rules/verify/evidence';
import { attemptsOf, type RunHistory } from '@gatepost/rules/verify/history';
import { type Replay, replay } from '@gatepost/rules/verify/replay';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { ExchangeRate } from '@gatepost/shared/vocabulary/fees';
import { type AccountId, accountId, type TopicId } from '@gatepost/shared/vocabulary/ids';
import { type Nanos, parseNanos } from '@gatepost/shared/vocabulary/time';
import { type Bill, billRun, type PaidTransaction } from '../../core/bill.js';
import { gatherEvidence, transactionsBetween } from './verify-evidence.js';

/** A bill, what it was made of, and the price of hbar when the run was opened. */
export interface RunBill {
  readonly bill: Bill;
  readonly transactions: readonly PaidTransaction[];
  readonly rate: ExchangeRate;
}

/**
 * Makes the bill of a run from the mirror.
 * @param run the newest run of the journal when left out.
 * @throws GatepostError NOT_FOUND when there is no such run, MIRROR_UNREACHABLE.
 */
export async function gatherBill(mirror: MirrorRest, journal: TopicId, run: string | undefined): Promise<RunBill> {
  const evidence = await gatherEvidence(mirror, journal);
  const replayed = replay(evidence);
  const { runs } = replayed;
  const history = run === undefined ? [...runs.values()].at(-1) : runs.get(run);
  if (history === undefined) {
    throw new GatepostError('NOT_FOUND', `no run ${run ?? 'of its owner'} is on the journal ${journal}`);
  }
  return billOf(mirror, evidence, replayed, history);
}

/**
 * The bill of one run of what was gathered.
 * @param replayed has the records with their tasks named by ids, as the attempts of the run are.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function billOf(
  mirror: MirrorRest,
  evidence: Evidence,
  { entries }: Replay,
  history: RunHistory,
): Promise<RunBill> {
  const to = history.closed?.at ?? (await mirror.now());
  const customFees = new Map(evidence.transactions.map(({ at, customFees }) => [at, customFees?.assessed]));
  const transactions = (await paidBy(mirror, accountsOf(history), history.opened.at, to)).map((transaction) => {
    const assessed = customFees.get(transaction.at);
    return assessed === undefined ? transaction : { ...transaction, customFees: assessed };
  });
  const rate = await mirror.exchangeRate(history.opened.at);
  return { bill: billRun(history, entries, transactions), transactions, rate };
}

/** The coordinator, its gatekeeper and arbiter, and every agent that was given work. */
function accountsOf(run: RunHistory): Set<AccountId> {
  const { coordinator, gatekeeper, arbiter } = run;
  const accounts = new Set([coordinator, gatekeeper, arbiter].filter((party) => party !== undefined));
  for (const { assignments } of attemptsOf(run)) for (const { agent } of assignments) accounts.add(agent);
  return accounts;
}

async function paidBy(
  mirror: MirrorRest,
  accounts: ReadonlySet<AccountId>,
  from: Nanos,
  to: Nanos,
): Promise<readonly PaidTransaction[]> {
  const found = new Map<Nanos, PaidTransaction>();
  for (const account of accounts) {
    for await (const entry of transactionsBetween(mirror, account, from, to)) {
      const payer = accountId(entry.transaction_id.split('-')[0] ?? '');
      if (!accounts.has(payer)) continue;
      const batch = entry.parent_consensus_timestamp;
      found.set(entry.consensus_timestamp, {
        at: entry.consensus_timestamp,
        name: entry.name,
        result: entry.result,
        payer,
        batch: batch === null ? undefined : parseNanos(batch),
        fee: entry.charged_tx_fee,
      });
    }
  }
  return [...found.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
}
