import { NodeAddress, NodeAddressBook } from '@gatepost/local-ledger/gen/services_basic_types';
import { ExchangeRateSet } from '@gatepost/local-ledger/gen/services_exchange_rate';
import type { FileGetContentsQuery } from '@gatepost/local-ledger/gen/services_file_get_contents';
import { exchangeRateSet } from '../fees/exchange-rate.js';
import { accountId } from '../ids.js';
import { systemAccounts } from '../limits.js';
import { present, Status } from '../status.js';
import type { QueryHandler } from './query.js';

/**
 * FileGetContents, for the system files that exist: the address book (0.0.101, 0.0.102), the rates (0.0.112), and two that are
 * empty on a new network (0.0.121, 0.0.150).
 */
export const getFileContents: QueryHandler<FileGetContentsQuery> = {
  isPaid: true,
  answer(value, header) {
    const contents = present(contentsOf(value.fileID?.fileNum), Status.INVALID_FILE_ID);
    return { $case: 'fileGetContents', value: { header, fileContents: { fileID: value.fileID, contents } } };
  },
  bare: (header) => ({ $case: 'fileGetContents', value: { header, fileContents: undefined } }),
};

function contentsOf(num: bigint | undefined): Uint8Array | undefined {
  switch (num) {
    case 101n:
    case 102n:
      return NodeAddressBook.encode({ nodeAddress: [node()] }).finish();
    case 112n:
      return ExchangeRateSet.encode(exchangeRateSet()).finish();
    case 121n:
    case 150n:
      return new Uint8Array();
    default:
      return undefined;
  }
}

function node(): NodeAddress {
  return { ...NodeAddress.create(), nodeAccountId: accountId(systemAccounts.node), description: 'embedded node' };
}
