import type { CryptoGetAccountRecordsQuery } from '@gatepost/local-ledger/gen/services_crypto_get_account_records';
import { accountId, accountNum } from '../ids.js';
import { queriedAccount } from './account-view.js';
import type { QueryHandler } from './query.js';

/** CryptoGetAccountRecords: the records still kept of transactions that the account paid for. */
export const getAccountRecords: QueryHandler<CryptoGetAccountRecordsQuery> = {
  isPaid: true,
  answer(value, header, { state, records }) {
    const { num } = queriedAccount(state, value.accountID);
    const paid = records.all().filter(({ transactionID }) => accountNum(transactionID?.accountID) === num);
    return {
      $case: 'cryptoGetAccountRecords',
      value: { header, accountID: accountId(num), records: paid },
    };
  },
  bare: (header) => ({ $case: 'cryptoGetAccountRecords', value: { header, accountID: undefined, records: [] } }),
};
