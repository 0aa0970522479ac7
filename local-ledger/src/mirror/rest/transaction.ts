import type { Nanos } from '../../core/model.js';
import type { AssessedFee } from '../../core/record-item.js';
import { formatId, formatNullableId } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { type Filter, lastValue, parseFilters } from '../query/filters.js';
import { badRequest, notFound } from '../query/http-error.js';
import * as valid from '../query/validators.js';
import type { MirrorState } from '../store/mirror-state.js';
import type { StoredTransaction } from '../store/transaction-codec.js';
import { pathParameter, type Resource } from './resource.js';
import { formatTransaction, isSuccess } from './transaction-view.js';

const ACCEPTED = { nonce: valid.nonce, scheduled: valid.boolean };

const TRANSACTION_ID = /^(\d+)\.(\d+)\.(\d+)-(\d{1,19})-(\d{1,9})$/;
const HASH_BYTES = 48;
const HEX_HASH = /^(?:0x)?([0-9a-fA-F]{96})$/;
const BASE64_HASH = /^[0-9A-Za-z+/_-]{64}$/;

/** While a schedule may still be executed, its transactions are cached for less long. */
const PENDING_SCHEDULE_SECONDS = 5;

const MALFORMED =
  'Invalid Transaction id. Please use "shard.realm.num-sss-nnn" format where sss are seconds and nnn are nanoseconds';

/** GET /transactions/{idOrHash}: all with that id; for a batch its inner transactions as well. */
export const getTransaction: Resource = ({ state }, request) => {
  const filters = parseFilters(request.query, ACCEPTED);
  const text = pathParameter(request, 'id');
  const matches = queryFilter(filters);
  const hash = parseHash(text);
  const found = (hash === undefined ? findById(state, text) : state.transactions.byHash(hash)).filter(matches);
  if (found.length === 0) throw notFound();
  const inner = hash === undefined ? found.flatMap((item) => innerOf(state, item)).filter(matches) : [];
  const known = new Set(found.map((item) => item.consensusTimestamp));
  const all = [...found, ...inner.filter((item) => !known.has(item.consensusTimestamp))];
  const transactions = all.map((item) => ({
    ...formatTransaction(item),
    assessed_custom_fees: item.assessedFees.map(formatAssessedFee),
  }));
  const isPending = hash === undefined && lastValue(filters, 'scheduled') === undefined && awaitsExecution(found);
  return { body: { transactions }, ...(isPending ? { maxAgeSeconds: PENDING_SCHEDULE_SECONDS } : {}) };
};

function formatAssessedFee({ amount, token, collector, payers }: AssessedFee): JsonObject {
  return {
    amount,
    collector_account_id: formatId(collector),
    effective_payer_account_ids: payers.map(formatId),
    token_id: formatNullableId(token),
  };
}

function queryFilter(filters: readonly Filter[]): (item: StoredTransaction) => boolean {
  const nonce = lastValue(filters, 'nonce');
  const scheduled = lastValue(filters, 'scheduled')?.toLowerCase();
  return ({ transactionId }) =>
    (nonce === undefined || transactionId.nonce === Number(nonce)) &&
    (scheduled === undefined || transactionId.scheduled === (scheduled === 'true'));
}

function parseHash(text: string): Buffer | undefined {
  const hex = HEX_HASH.exec(text)?.[1];
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  if (!BASE64_HASH.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === HASH_BYTES ? bytes : undefined;
}

function findById(state: MirrorState, text: string): StoredTransaction[] {
  const parts = TRANSACTION_ID.exec(text);
  if (parts === null) throw badRequest(MALFORMED);
  const [, shard, realm, num, seconds = '0', nanos = '0'] = parts;
  if (Number(shard) !== 0 || Number(realm) !== 0) return [];
  const validStart: Nanos = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  return state.transactions.byId(Number(num), validStart);
}

/** Inner transactions stand next to their batch in consensus order and name it as their parent. */
function innerOf(state: MirrorState, outer: StoredTransaction): StoredTransaction[] {
  if (outer.name !== 'ATOMICBATCH') return [];
  const log = state.transactions;
  const at = log.firstSince(outer.consensusTimestamp);
  const isInner = (number: number): boolean =>
    number >= 0 && number < log.count && log.at(number).parentConsensusTimestamp === outer.consensusTimestamp;
  const inner: StoredTransaction[] = [];
  for (let number = at - 1; isInner(number); number--) inner.unshift(log.at(number));
  for (let number = at + 1; isInner(number); number++) inner.push(log.at(number));
  return inner;
}

function awaitsExecution(found: readonly StoredTransaction[]): boolean {
  const created = found.some((item) => item.name === 'SCHEDULECREATE' && isSuccess(item.status));
  return created && !found.some((item) => item.transactionId.scheduled);
}
