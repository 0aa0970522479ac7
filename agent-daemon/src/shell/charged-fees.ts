import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import { parseNanos } from '@gatepost/shared/vocabulary/time';

/** The mirror lags consensus; it is asked this often before its answer counts as complete. */
const ROUNDS = 20;
const PAUSE_MS = 250;

/**
 * Fees in tinybar that the mirror shows as charged for the account's own transactions with ids after a given one.
 * Waits until two readings agree; an estimate from below when the mirror lags more than a few seconds.
 */
export async function chargedFees(connection: Connection, after: TransactionId): Promise<bigint> {
  const from = parseNanos(after.split('@')[1] ?? '0');
  let last = 0n;
  for (let round = 0; round < ROUNDS; round += 1) {
    let total = 0n;
    for await (const entry of connection.mirror.transactionsOf(connection.account, from)) {
      const [payer, seconds, nanos] = entry.transaction_id.split('-');
      if (payer === connection.account && parseNanos(`${seconds}.${nanos}`) > from) total += entry.charged_tx_fee;
    }
    if (total > 0n && total === last) return total;
    last = total;
    await sleep(PAUSE_MS);
  }
  return last;
}
