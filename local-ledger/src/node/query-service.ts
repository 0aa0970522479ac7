import { Query } from '@gatepost/local-ledger/gen/services_query';
import { ResponseType } from '@gatepost/local-ledger/gen/services_query_header';
import { Response } from '@gatepost/local-ledger/gen/services_response';
import type { ResponseHeader } from '@gatepost/local-ledger/gen/services_response_header';
import { Transaction } from '@gatepost/local-ledger/gen/services_transaction';
import type { LedgerClock } from '../clock.js';
import { toTinybar } from '../core/fees/exchange-rate.js';
import { prices } from '../core/fees/price-list.js';
import { unknownReceipt } from '../core/handling/receipt.js';
import { transactionKey } from '../core/ids.js';
import { isPrivileged } from '../core/limits.js';
import type { Network } from '../core/network.js';
import { type BoundQuery, boundQuery } from '../core/queries/handlers.js';
import type { QueryData, ResponseData } from '../core/queries/query.js';
import { demand, Status, StatusError } from '../core/status.js';
import type { Faults } from './faults.js';
import type { Platform } from './platform.js';
import { checkPayment, hasPayment } from './query-payment.js';

/** What queries are answered from. */
export interface QueryParts {
  readonly network: Network;
  readonly clock: LedgerClock;
  readonly platform: Platform;
  readonly faults: Faults;
  /** How long a receipt query waits for its transaction to become final, in milliseconds. */
  readonly receiptHoldMs: number;
}

/** Bytes that are no query: gRPC INVALID_ARGUMENT. */
export class UnreadableQuery extends Error {}

/** Answers queries: cost, payment, waiting for receipts, and refusals in the response header. */
export class QueryService {
  readonly #parts: QueryParts;

  constructor(parts: QueryParts) {
    this.#parts = parts;
  }

  /** The serialized Response to a serialized Query. Throws UnreadableQuery. */
  async answer(rpc: string, bytes: Uint8Array): Promise<Uint8Array> {
    const query = readQuery(bytes);
    return Response.encode({ response: await this.#respond(rpc, query) }).finish();
  }

  async #respond(rpc: string, query: QueryData): Promise<ResponseData> {
    const bound = boundQuery(query);
    const type = query.value.header?.responseType ?? ResponseType.ANSWER_ONLY;
    const header: ResponseHeader = {
      nodeTransactionPrecheckCode: Status.OK,
      responseType: type,
      cost: 0n,
      stateProof: new Uint8Array(),
    };
    try {
      return await this.#answer(rpc, query, bound, header);
    } catch (error) {
      const status = error instanceof StatusError ? error.status : Status.FAIL_INVALID;
      const cost = error instanceof StatusError ? error.cost : 0n;
      return bound.bare({ ...header, nodeTransactionPrecheckCode: status, cost });
    }
  }

  async #answer(rpc: string, query: QueryData, bound: BoundQuery, header: ResponseHeader): Promise<ResponseData> {
    const { network, clock, platform, faults } = this.#parts;
    refuseByFault(faults, rpc);
    demand(platform.isActive, Status.PLATFORM_NOT_ACTIVE);
    if (query.value.header === undefined) {
      throw new StatusError(Status.MISSING_QUERY_HEADER);
    }
    const type = header.responseType;
    if (type !== ResponseType.ANSWER_ONLY && type !== ResponseType.COST_ANSWER) {
      throw new StatusError(Status.NOT_SUPPORTED);
    }
    const cost = bound.isPaid ? toTinybar(prices.query) : 0n;
    if (query.$case === 'transactionGetReceipt') {
      await this.#untilFinal(query.value.transactionID);
    }
    await platform.settled();
    const context = { state: network.state, records: network.records, now: clock.now() };
    if (type === ResponseType.COST_ANSWER && bound.isPaid) {
      checkAnswerable(() => bound.answer(header, context));
      return bound.bare({ ...header, cost });
    }
    // The payment is taken when the answer is known, which does not show it yet; a query that is refused costs nothing.
    const answer = attempt(() => bound.answer(header, context));
    if (bound.isPaid && (!(answer instanceof StatusError) || isYetToCome(answer))) {
      this.#takePayment(query, bound, cost);
    }
    if (answer instanceof StatusError) {
      throw answer;
    }
    return answer.$case === 'transactionGetReceipt' && faults.take('unknown-receipt', rpc)
      ? { ...answer, value: { ...answer.value, receipt: unknownReceipt() } }
      : answer;
  }

  #takePayment(query: QueryData, { isPrivileged: isForFew }: BoundQuery, cost: bigint): void {
    const payment = query.value.header?.payment;
    if (!hasPayment(payment)) {
      throw new StatusError(Status.INVALID_QUERY_HEADER);
    }
    const bytes = Transaction.encode(payment).finish();
    this.#parts.platform.submit(bytes, (envelope) => {
      demand(!isForFew || isPrivileged(envelope.id.payer), Status.NOT_SUPPORTED);
      checkPayment(envelope, cost);
    });
  }

  async #untilFinal(id: Parameters<typeof transactionKey>[0]): Promise<void> {
    const key = transactionKey(id);
    if (key !== undefined && this.#parts.network.records.isPending(key)) {
      await this.#parts.platform.untilFinal(key, this.#parts.receiptHoldMs);
    }
  }
}

/** No cost is told of what names no entity; a result that is not there yet may still come. */
function checkAnswerable(answer: () => ResponseData): void {
  const result = attempt(answer);
  if (result instanceof StatusError && !isYetToCome(result)) {
    throw result;
  }
}

/** The answer, or why there is none. */
function attempt(answer: () => ResponseData): ResponseData | StatusError {
  try {
    return answer();
  } catch (error) {
    return error instanceof StatusError ? error : new StatusError(Status.FAIL_INVALID);
  }
}

function isYetToCome({ status }: StatusError): boolean {
  return status === Status.RECEIPT_NOT_FOUND || status === Status.RECORD_NOT_FOUND;
}

function readQuery(bytes: Uint8Array): QueryData {
  let query: Query;
  try {
    query = Query.decode(bytes);
  } catch (cause) {
    throw new UnreadableQuery('the bytes are no query', { cause });
  }
  if (query.query === undefined) {
    throw new UnreadableQuery('the query is empty');
  }
  return query.query;
}

/** Answers as a node that is overloaded or not ready, when such a fault waits for this rpc. */
export function refuseByFault(faults: Faults, rpc: string): void {
  if (faults.take('platform-not-active', rpc)) {
    throw new StatusError(Status.PLATFORM_NOT_ACTIVE);
  }
  if (faults.take('busy', rpc)) {
    throw new StatusError(Status.BUSY);
  }
}
