import { type CryptoGetInfoQuery, CryptoGetInfoResponse_AccountInfo } from '../../gen/services_crypto_get_info.js';
import { accountId } from '../ids.js';
import { toWholeTimestamp } from '../time.js';
import { addressText, queriedAccount, relationshipsOf, stakingInfoOf } from './account-view.js';
import { LEDGER_ID, type QueryHandler } from './query.js';

/** CryptoGetInfo. */
export const getAccountInfo: QueryHandler<CryptoGetInfoQuery> = {
  isPaid: true,
  answer(value, header, { state }) {
    const account = queriedAccount(state, value.accountID);
    const accountInfo: CryptoGetInfoResponse_AccountInfo = {
      ...CryptoGetInfoResponse_AccountInfo.create(),
      accountID: accountId(account.num),
      contractAccountID: addressText(account),
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
      stakingInfo: stakingInfoOf(account),
    };
    return { $case: 'cryptoGetInfo', value: { header, accountInfo } };
  },
  bare: (header) => ({ $case: 'cryptoGetInfo', value: { header, accountInfo: undefined } }),
};
