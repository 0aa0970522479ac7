import { Response } from '@gatepost/local-ledger/gen/services_response';
import type { ResponseHeader } from '@gatepost/local-ledger/gen/services_response_header';
import { fail, Status } from '../status.js';
import { getAccountBalance } from './account-balance.js';
import { getAccountDetails } from './account-details.js';
import { getAccountInfo } from './account-info.js';
import { getAccountRecords } from './account-records.js';
import { getFileContents } from './file-contents.js';
import type { QueryCase, QueryContext, QueryData, QueryHandler, QueryValue, ResponseData } from './query.js';
import { getScheduleInfo } from './schedule-info.js';
import { getTokenInfo } from './token-info.js';
import { getTopicInfo } from './topic-info.js';
import { getReceipt, getRecord } from './transaction-results.js';
import { getVersionInfo } from './version-info.js';

/** A query that is not supported: its answer is only a header. */
function unsupported(bare: (header: ResponseHeader) => Response['response']): QueryHandler<unknown> {
  const refuse = (header: ResponseHeader) => bare(header) ?? fail(Status.NOT_SUPPORTED);
  return { isPaid: false, answer: () => fail(Status.NOT_SUPPORTED), bare: refuse };
}

/** An unsupported query whose response has the name of the query. */
function unsupportedAs($case: string): QueryHandler<unknown> {
  return unsupported((header) => Response.fromPartial({ response: { $case, value: { header } } as never }).response);
}

/** Every case of the query union; one that a new version of the protocol adds does not compile without a line here. */
const handlers: { readonly [C in QueryCase]: QueryHandler<QueryValue<C>> } = {
  transactionGetReceipt: getReceipt,
  transactionGetRecord: getRecord,
  cryptoGetInfo: getAccountInfo,
  cryptogetAccountBalance: getAccountBalance,
  cryptoGetAccountRecords: getAccountRecords,
  accountDetails: getAccountDetails,
  consensusGetTopicInfo: getTopicInfo,
  tokenGetInfo: getTokenInfo,
  scheduleGetInfo: getScheduleInfo,
  networkGetVersionInfo: getVersionInfo,
  fileGetContents: getFileContents,
  getByKey: unsupportedAs('getByKey'),
  getBySolidityID: unsupportedAs('getBySolidityID'),
  contractCallLocal: unsupportedAs('contractCallLocal'),
  contractGetInfo: unsupportedAs('contractGetInfo'),
  contractGetBytecode: unsupportedAs('contractGetBytecodeResponse'),
  ContractGetRecords: unsupportedAs('contractGetRecordsResponse'),
  cryptoGetLiveHash: unsupportedAs('cryptoGetLiveHash'),
  cryptoGetProxyStakers: unsupportedAs('cryptoGetProxyStakers'),
  fileGetInfo: unsupportedAs('fileGetInfo'),
  transactionGetFastRecord: unsupportedAs('transactionGetFastRecord'),
  tokenGetAccountNftInfos: unsupportedAs('tokenGetAccountNftInfos'),
  tokenGetNftInfo: unsupportedAs('tokenGetNftInfo'),
  tokenGetNftInfos: unsupportedAs('tokenGetNftInfos'),
  networkGetExecutionTime: unsupportedAs('networkGetExecutionTime'),
};

/** A query with its handler. */
export interface BoundQuery {
  readonly isPaid: boolean;
  readonly isPrivileged: boolean;
  answer(header: ResponseHeader, context: QueryContext): ResponseData;
  bare(header: ResponseHeader): ResponseData;
}

/** The handler of a query, bound to it. */
export function boundQuery(query: QueryData): BoundQuery {
  return bind(query.$case, query.value);
}

function bind<C extends QueryCase>($case: C, value: QueryValue<C>): BoundQuery {
  const handler = handlers[$case];
  return {
    isPaid: handler.isPaid,
    isPrivileged: handler.isPrivileged ?? false,
    answer: (header, context) => handler.answer(value, header, context),
    bare: (header) => handler.bare(header),
  };
}
