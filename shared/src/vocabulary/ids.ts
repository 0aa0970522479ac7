import { GatepostError } from './errors.js';
import { formatNanos, type Nanos } from './time.js';

type Branded<Name extends string> = string & { readonly __brand: Name };

/** `shard.realm.num` of an account. */
export type AccountId = Branded<'AccountId'>;
/** `shard.realm.num` of a topic. */
export type TopicId = Branded<'TopicId'>;
/** `shard.realm.num` of a token. */
export type TokenId = Branded<'TokenId'>;
/** `shard.realm.num` of a schedule. */
export type ScheduleId = Branded<'ScheduleId'>;
/** `payer@seconds.nanos`, as the SDK prints it. */
export type TransactionId = Branded<'TransactionId'>;

const ENTITY = /^(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,18})\.(0|[1-9]\d{0,18})$/;

function entity<T extends string>(text: string, what: string): T {
  if (!ENTITY.test(text)) {
    throw new GatepostError('USAGE', `${what} must look like 0.0.1234, not ${JSON.stringify(text)}`, { what, text });
  }
  return text as T;
}

/** @throws GatepostError USAGE when the text is not `shard.realm.num`. */
export const accountId = (text: string, what = 'account id'): AccountId => entity(text, what);
/** @throws GatepostError USAGE when the text is not `shard.realm.num`. */
export const topicId = (text: string, what = 'topic id'): TopicId => entity(text, what);
/** @throws GatepostError USAGE when the text is not `shard.realm.num`. */
export const tokenId = (text: string, what = 'token id'): TokenId => entity(text, what);
/** @throws GatepostError USAGE when the text is not `shard.realm.num`. */
export const scheduleId = (text: string, what = 'schedule id'): ScheduleId => entity(text, what);

/** Whether the text has the form `shard.realm.num`. */
export const isEntityId = (text: string): boolean => ENTITY.test(text);

/** The id of a transaction by who pays for it and when it begins to be valid. */
export const transactionId = (payer: AccountId, validStart: Nanos): TransactionId =>
  `${payer}@${formatNanos(validStart)}` as TransactionId;

/** `payer@seconds.nanos` -> `payer-seconds-nanos`, the form of mirror REST paths. */
export function mirrorTransactionId(id: TransactionId): string {
  const [payer, start] = id.split('@');
  const [seconds, nanos] = (start ?? '').split('.');
  return `${payer}-${seconds}-${(nanos ?? '').padStart(9, '0')}`;
}

/** `payer-seconds-nanos` of mirror REST -> `payer@seconds.nanos`. */
export function transactionIdFromMirror(text: string): TransactionId {
  const [payer, seconds, nanos] = text.split('-');
  return `${payer}@${seconds}.${nanos}` as TransactionId;
}
