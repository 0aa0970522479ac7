import {
  type GetAccountDetailsQuery,
  GetAccountDetailsResponse_AccountDetails,
} from '../../gen/services_get_account_details.js';
import { accountId } from '../ids.js';
import { toWholeTimestamp } from '../time.js';
import { addressText, queriedAccount, relationshipsOf } from './account-view.js';
import { LEDGER_ID, type QueryHandler } from './query.js';

/** GetAccountDetails. */
export const getAccountDetails: QueryHandler<GetAccountDetailsQuery> = {
  isPaid: true,
  answer(value, header, { state }) {
    const account = queriedAccount(state, value.accountId);
    const accountDetails: GetAccountDetailsResponse_AccountDetails = {
      ...GetAccountDetailsResponse_AccountDetails.create(),
      accountId: accountId(account.num),
      contractAccountId: addressText(account),
      key: account.key,
      balance: account.balance,
      receiverSigRequired: account.receiverSigRequired,
      expirationTime: toWholeTimestamp(account.expiry),
      autoRenewPeriod: { seconds: account.autoRenewSeconds },
      tokenRelationships: relationshipsOf(state, account.num),
      memo: account.memo,
      maxAutomaticTokenAssociations: account.maxAutoAssociations,
      alias: account.alias ?? new Uint8Array(),
      ledgerId: LEDGER_ID,
    };
    return { $case: 'accountDetails', value: { header, accountDetails } };
  },
  bare: (header) => ({ $case: 'accountDetails', value: { header, accountDetails: undefined } }),
};
