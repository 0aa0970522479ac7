import type { CustomFee, FeeUnit, TokenTerms } from '../vocabulary/custom-fees.js';
import { type AccountId, accountId, type TokenId } from '../vocabulary/ids.js';
import type { MirrorToken } from './mirror-rest.js';

type Listed = NonNullable<MirrorToken['custom_fees']>;
type Terms = Pick<Listed['fixed_fees'][number], 'collector_account_id' | 'all_collectors_are_exempt'>;

interface ListedFee {
  readonly fee: CustomFee;
  readonly collectorsAreExempt: boolean;
}

function feesOf({ token_id, custom_fees }: MirrorToken): readonly ListedFee[] {
  const { fixed_fees: fixed = [], fractional_fees: fractional = [] } = custom_fees ?? {};
  const listed = ({ collector_account_id, all_collectors_are_exempt }: Terms) => ({
    // A collector that has been deleted is not named any more.
    collector: accountId(collector_account_id ?? '0.0.0'),
    collectorsAreExempt: all_collectors_are_exempt === true,
  });
  return [
    ...fixed.map((entry): ListedFee => {
      const { collector, collectorsAreExempt } = listed(entry);
      const unit = (entry.denominating_token_id ?? 'hbar') as FeeUnit;
      return { fee: { kind: 'fixed', collector, unit, amount: entry.amount }, collectorsAreExempt };
    }),
    ...fractional.map((entry): ListedFee => {
      const { collector, collectorsAreExempt } = listed(entry);
      const { numerator, denominator } = entry.amount;
      const bounds = { minimum: entry.minimum ?? 0n, maximum: entry.maximum ?? undefined };
      const kind = { kind: 'fractional' as const, isNet: entry.net_of_transfers === true };
      const unit = token_id as TokenId;
      return { fee: { ...kind, collector, unit, numerator, denominator, ...bounds }, collectorsAreExempt };
    }),
  ];
}

/** All custom fees that a token has, as the mirror shows it. */
export const customFeesOf = (token: MirrorToken): readonly CustomFee[] => feesOf(token).map(({ fee }) => fee);

/**
 * What transfers of a token cost one payer. Its treasury pays no custom fees, the collector of a fee not that one, and
 * where a fee says so, no collector of any of the token's fees pays it.
 */
export function termsFor(payer: AccountId, token: MirrorToken): TokenTerms {
  const fees = feesOf(token);
  const isCollector = fees.some(({ fee }) => fee.collector === payer);
  const owes = ({ fee, collectorsAreExempt }: ListedFee): boolean =>
    token.treasury_account_id !== payer && fee.collector !== payer && !(isCollector && collectorsAreExempt);
  return { hasFees: fees.length > 0, owed: fees.filter(owes).map(({ fee }) => fee) };
}
