import type { AssessedFee, CustomFeesEvidence, TransactionEvidence } from '@gatepost/rules/verify/evidence';
import type { MirrorAssessedFee, MirrorRest, MirrorToken } from '@gatepost/shared/hedera/mirror-rest';
import { customFeesOf } from '@gatepost/shared/hedera/payer-fees';
import type { FeeUnit } from '@gatepost/shared/vocabulary/custom-fees';
import { accountId, type TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';

/**
 * The transactions with the custom fees that payments among them brought along. Lists of the mirror leave them out, so
 * each payment in a token that has custom fees, or may have had some, is asked for by itself.
 * @param tokens those that runs pay in.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function withCustomFees(
  mirror: MirrorRest,
  tokens: ReadonlyMap<TokenId, MirrorToken>,
  transactions: readonly TransactionEvidence[],
): Promise<readonly TransactionEvidence[]> {
  const taking = new Map([...tokens].filter(([, token]) => mayTakeFees(token)));
  if (taking.size === 0) return transactions;
  const found: TransactionEvidence[] = [];
  for (const transaction of transactions) {
    const moved = transaction.tokenTransfers.find(({ token }) => taking.has(token));
    const token = moved && taking.get(moved.token);
    if (token === undefined) found.push(transaction);
    else {
      const customFees = await customFeesOfTransfer(mirror, token, transaction);
      found.push(customFees === undefined ? transaction : { ...transaction, customFees });
    }
  }
  return found;
}

const mayTakeFees = (token: MirrorToken): boolean => token.fee_schedule_key != null || customFeesOf(token).length > 0;

async function customFeesOfTransfer(
  mirror: MirrorRest,
  token: MirrorToken,
  { id, at }: TransactionEvidence,
): Promise<CustomFeesEvidence | undefined> {
  const shown = (await mirror.transaction(id)).find(({ consensus_timestamp }) => consensus_timestamp === at);
  const assessed = (shown?.assessed_custom_fees ?? []).map(assessedFee);
  if (assessed.length === 0) return undefined;
  const then = isOfTime(token, at) ? token : await mirror.token(token.token_id as TokenId, at);
  return { assessed, schedule: isOfTime(then, at) ? customFeesOf(then) : undefined };
}

/** Whether the custom fees of a token are those that it had at a time. */
const isOfTime = ({ custom_fees }: MirrorToken, at: Nanos): boolean => (custom_fees?.created_timestamp ?? 0n) <= at;

const assessedFee = (fee: MirrorAssessedFee): AssessedFee => ({
  unit: (fee.token_id ?? 'hbar') as FeeUnit,
  collector: accountId(fee.collector_account_id),
  amount: fee.amount,
  payers: fee.effective_payer_account_ids.map((payer) => accountId(payer)),
});
