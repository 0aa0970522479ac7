import { type CustomFee, feeOf, unitText } from '@gatepost/shared/vocabulary/custom-fees';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import type { AssessedFee, TransactionEvidence } from './evidence.js';

/**
 * Whether the custom fees that a payment brought with it are those of its token for what was sent, each once, and borne
 * by a coordinator. @param report is told of each that is not.
 */
export function checkCustomFees(
  { customFees, tokenTransfers }: TransactionEvidence,
  tokens: ReadonlySet<TokenId>,
  coordinators: ReadonlySet<AccountId>,
  report: (message: string) => void,
): void {
  if (customFees === undefined) return;
  const { assessed, schedule } = customFees;
  const sent = sentBy(tokenTransfers, assessed, tokens, coordinators);
  const left = [...(schedule ?? [])];
  for (const fee of assessed) {
    const what = `${unitText(fee.amount, fee.unit)} for ${fee.collector}`;
    const others = fee.payers.filter((payer) => !coordinators.has(payer));
    if (others.length > 0) report(`${what} were taken from ${others.join(', ')}`);
    if (schedule === undefined) report(`${what}: the mirror does not show the fees that the token had then`);
    else if (!takeFrom(left, fee, sent)) report(`${what}: the token has no such custom fee`);
  }
}

/** What left the coordinators in the tokens they pay with, without the fees in them. */
function sentBy(
  transfers: TransactionEvidence['tokenTransfers'],
  assessed: readonly AssessedFee[],
  tokens: ReadonlySet<TokenId>,
  coordinators: ReadonlySet<AccountId>,
): bigint {
  let sent = 0n;
  for (const { token, account, amount } of transfers) {
    if (tokens.has(token) && coordinators.has(account)) sent -= amount;
  }
  for (const { unit, amount } of assessed) if (unit !== 'hbar' && tokens.has(unit)) sent -= amount;
  return sent;
}

function takeFrom(left: CustomFee[], { unit, collector, amount }: AssessedFee, sent: bigint): boolean {
  const index = left.findIndex(
    (fee) => fee.unit === unit && fee.collector === collector && feeOf(fee, sent) === amount,
  );
  if (index >= 0) left.splice(index, 1);
  return index >= 0;
}
