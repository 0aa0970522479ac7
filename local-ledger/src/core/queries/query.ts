import type { Query } from '@gatepost/local-ledger/gen/services_query';
import type { Response } from '@gatepost/local-ledger/gen/services_response';
import type { ResponseHeader } from '@gatepost/local-ledger/gen/services_response_header';
import type { RecordCache } from '../handling/record-cache.js';
import type { Nanos } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';

export type QueryData = NonNullable<Query['query']>;
export type QueryCase = QueryData['$case'];
export type QueryValue<C extends QueryCase> = Extract<QueryData, { $case: C }>['value'];
export type ResponseData = NonNullable<Response['response']>;

/** What a query may look at. */
export interface QueryContext {
  readonly state: LedgerState;
  readonly records: RecordCache;
  readonly now: Nanos;
}

/** One query type. */
export interface QueryHandler<V> {
  /** Whether a node wants to be paid for the answer. */
  readonly isPaid: boolean;
  /** Whether only the treasury and the system admin may ask. */
  readonly isPrivileged?: boolean;
  /** The answer under a header that says OK. Throws StatusError. */
  answer(value: V, header: ResponseHeader, context: QueryContext): ResponseData;
  /** The answer when there is only a header: a cost, or a refusal. */
  bare(header: ResponseHeader): ResponseData;
}

/** Id of the ledger in infos: 03, a development network. */
export const LEDGER_ID = Uint8Array.of(3);
