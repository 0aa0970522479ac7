import {
  type CryptoGetInfoQuery,
  CryptoGetInfoResponse_AccountInfo,
} from '@gatepost/local-ledger/gen/services_crypto_get_info';
import { accountId } from '../ids.js';
import { accountFields, addressText, queriedAccount, stakingInfoOf } from './account-view.js';
import type { QueryHandler } from './query.js';

/** CryptoGetInfo. */
export const getAccountInfo: QueryHandler<CryptoGetInfoQuery> = {
  isPaid: true,
  answer(value, header, { state }) {
    const account = queriedAccount(state, value.accountID);
    const accountInfo: CryptoGetInfoResponse_AccountInfo = {
      ...CryptoGetInfoResponse_AccountInfo.create(),
      accountID: accountId(account.num),
      contractAccountID: addressText(account),
      ...accountFields(state, account),
      stakingInfo: stakingInfoOf(account),
    };
    return { $case: 'cryptoGetInfo', value: { header, accountInfo } };
  },
  bare: (header) => ({ $case: 'cryptoGetInfo', value: { header, accountInfo: undefined } }),
};
