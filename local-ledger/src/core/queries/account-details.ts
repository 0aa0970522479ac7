import {
  type GetAccountDetailsQuery,
  GetAccountDetailsResponse_AccountDetails,
} from '@gatepost/local-ledger/gen/services_get_account_details';
import { accountId, tokenId } from '../ids.js';
import { accountFields, addressText, queriedAccount } from './account-view.js';
import type { QueryHandler } from './query.js';

/** GetAccountDetails, for privileged accounts. */
export const getAccountDetails: QueryHandler<GetAccountDetailsQuery> = {
  isPaid: true,
  isPrivileged: true,
  answer(value, header, { state }) {
    const account = queriedAccount(state, value.accountId);
    const accountDetails: GetAccountDetailsResponse_AccountDetails = {
      ...GetAccountDetailsResponse_AccountDetails.create(),
      accountId: accountId(account.num),
      contractAccountId: addressText(account),
      ...accountFields(state, account),
      grantedCryptoAllowances: state
        .allowancesOf(account.num)
        .flatMap(({ token, spender, amount }) => (token === undefined ? { spender: accountId(spender), amount } : [])),
      grantedTokenAllowances: state
        .allowancesOf(account.num)
        .flatMap(({ token, spender, amount }) =>
          token === undefined ? [] : { tokenId: tokenId(token), spender: accountId(spender), amount },
        ),
    };
    return { $case: 'accountDetails', value: { header, accountDetails } };
  },
  bare: (header) => ({ $case: 'accountDetails', value: { header, accountDetails: undefined } }),
};
