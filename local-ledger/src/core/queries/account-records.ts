import type { CryptoGetAccountRecordsQuery } from '../../gen/services_crypto_get_account_records.js';
import { accountId } from '../ids.js';
import { queriedAccount } from './account-view.js';
import type { QueryHandler } from './query.js';
import { recordOf } from './record.js';

/** CryptoGetAccountRecords: the records still kept of transactions that the account paid for. */
export const getAccountRecords: QueryHandler<CryptoGetAccountRecordsQuery> = {
  isPaid: true,
  answer(value, header, { state, records }) {
    const { num } = queriedAccount(state, value.accountID);
    const paid = [...records.handled()].filter(({ item }) => item.transactionId.payer === num);
    return {
      $case: 'cryptoGetAccountRecords',
      value: { header, accountID: accountId(num), records: paid.map(recordOf) },
    };
  },
  bare: (header) => ({ $case: 'cryptoGetAccountRecords', value: { header, accountID: undefined, records: [] } }),
};
