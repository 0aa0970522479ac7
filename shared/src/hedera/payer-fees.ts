import { formatTinybar } from '../vocabulary/amount.js';
import type { AccountId } from '../vocabulary/ids.js';
import type { MirrorToken } from './mirror-rest.js';

type CustomFees = NonNullable<MirrorToken['custom_fees']>;
type FixedFee = CustomFees['fixed_fees'][number];
type FractionalFee = CustomFees['fractional_fees'][number];

/**
 * The custom fees (HIP-18) that a transfer of a token by one payer would bring with it, in words. Its treasury pays
 * none, the collector of a fee not that one, and where a fee says so, no collector of any of the token's fees pays it.
 */
export function feesOwedBy(payer: AccountId, token: MirrorToken): readonly string[] {
  const { fixed_fees: fixed = [], fractional_fees: fractional = [] } = token.custom_fees ?? {};
  const isCollector = [...fixed, ...fractional].some((fee) => fee.collector_account_id === payer);
  const pays = (fee: FixedFee | FractionalFee): boolean =>
    token.treasury_account_id !== payer &&
    fee.collector_account_id !== payer &&
    !(isCollector && fee.all_collectors_are_exempt === true);
  return [...fixed.filter(pays).map(describeFixed), ...fractional.filter(pays).map(describeFractional)];
}

const describeFixed = ({ amount, denominating_token_id: unit }: FixedFee): string =>
  `${unit === null ? formatTinybar(amount) : `${amount} of ${unit}`} with each transfer`;

const describeFractional = ({ amount, net_of_transfers: isNet }: FractionalFee): string =>
  `${amount.numerator}/${amount.denominator} of each transfer, from ${isNet === true ? 'who pays' : 'who is paid'}`;
