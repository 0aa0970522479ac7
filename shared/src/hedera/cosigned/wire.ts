import type { Long } from '@hashgraph/sdk';
import { proto } from '@hiero-ledger/proto';
import {
  type AccountId,
  accountId,
  type ScheduleId,
  scheduleId,
  type TokenId,
  type TopicId,
  type TransactionId,
  tokenId,
  topicId,
  transactionId,
} from '../../vocabulary/ids.js';
import { NANOS_PER_SECOND, parseNanos } from '../../vocabulary/time.js';
import { sdk } from '../sdk.js';

// Ids and amounts as the network's messages have them, and back. What cannot be read throws. Fields that are nought are
// left out, as the network itself leaves them out where it writes these messages anew.

export const long = (value: bigint): Long => sdk.Long.fromString(value.toString());

export const bigintOf = (value: Long | number | null | undefined): bigint => BigInt((value ?? 0).toString());

/** Shard and realm of an id, and its number. */
function parts(id: string): readonly [{ shardNum?: Long; realmNum?: Long }, Long] {
  const [shard = '0', realm = '0', num = '0'] = id.split('.');
  const place = {
    ...(shard === '0' ? {} : { shardNum: sdk.Long.fromString(shard) }),
    ...(realm === '0' ? {} : { realmNum: sdk.Long.fromString(realm) }),
  };
  return [place, sdk.Long.fromString(num)];
}

export const accountProto = (id: AccountId): proto.IAccountID => {
  const [place, accountNum] = parts(id);
  return { ...place, accountNum };
};
export const tokenProto = (id: TokenId): proto.ITokenID => {
  const [place, tokenNum] = parts(id);
  return { ...place, tokenNum };
};
export const topicProto = (id: TopicId): proto.ITopicID => {
  const [place, topicNum] = parts(id);
  return { ...place, topicNum };
};
export const scheduleProto = (id: ScheduleId): proto.IScheduleID => {
  const [place, scheduleNum] = parts(id);
  return { ...place, scheduleNum };
};

type Id = { shardNum?: Long | null; realmNum?: Long | null };
const entity = ({ shardNum, realmNum }: Id, num: Long | null | undefined): string =>
  `${bigintOf(shardNum)}.${bigintOf(realmNum)}.${bigintOf(num)}`;

const required = <T>(value: T | null | undefined, what: string): T => {
  if (value === null || value === undefined) throw new RangeError(`it has no ${what}`);
  return value;
};

export const accountOf = (id: proto.IAccountID | null | undefined): AccountId => {
  const found = required(id, 'account');
  return accountId(entity(found, required(found.accountNum, 'account number')));
};
export const tokenOf = (id: proto.ITokenID | null | undefined): TokenId =>
  tokenId(entity(required(id, 'token'), id?.tokenNum));
export const topicOf = (id: proto.ITopicID | null | undefined): TopicId =>
  topicId(entity(required(id, 'topic'), id?.topicNum));
export const scheduleOf = (id: proto.IScheduleID | null | undefined): ScheduleId =>
  scheduleId(entity(required(id, 'schedule'), id?.scheduleNum));

const startOf = (id: TransactionId): bigint => parseNanos(id.split('@')[1] ?? '');

export const transactionIdProto = (id: TransactionId): proto.ITransactionID => ({
  accountID: accountProto(accountId(id.split('@')[0] ?? '')),
  transactionValidStart: {
    seconds: long(startOf(id) / NANOS_PER_SECOND),
    ...(startOf(id) % NANOS_PER_SECOND === 0n ? {} : { nanos: Number(startOf(id) % NANOS_PER_SECOND) }),
  },
});

export function transactionIdOf(id: proto.ITransactionID | null | undefined): TransactionId {
  const { accountID, transactionValidStart } = required(id, 'transaction id');
  const { seconds, nanos } = required(transactionValidStart, 'valid start');
  const start = bigintOf(seconds) * NANOS_PER_SECOND + BigInt(nanos ?? 0);
  return transactionId(accountOf(accountID), start);
}

/** @param publicKey as the SDK reads it, DER hex. */
export function keyProto(publicKey: string): proto.IKey {
  const key = sdk.PublicKey.fromString(publicKey);
  return key.type === 'ED25519' ? { ed25519: key.toBytesRaw() } : { ECDSASecp256k1: key.toBytesRaw() };
}

/** One signature as the network takes it. */
export function signaturePair(publicKey: string, signature: Uint8Array): proto.ISignaturePair {
  const key = sdk.PublicKey.fromString(publicKey);
  const pubKeyPrefix = key.toBytesRaw();
  return key.type === 'ED25519' ? { pubKeyPrefix, ed25519: signature } : { pubKeyPrefix, ECDSASecp256k1: signature };
}

/** A body with signatures. */
export const signedTransaction = (bodyBytes: Uint8Array, sigPair: readonly proto.ISignaturePair[]): Uint8Array =>
  proto.SignedTransaction.encode({ bodyBytes, sigMap: { sigPair: [...sigPair] } }).finish();

/** The bytes of a transaction that goes to one node, as the SDK keeps them. */
export const listOfOne = (signedTransactionBytes: Uint8Array): Uint8Array =>
  proto.TransactionList.encode({ transactionList: [{ signedTransactionBytes }] }).finish();

/** Most that a scheduled transfer may cost its payer when it happens: 1 hbar. */
const SCHEDULED_MAX_FEE_TINYBAR = 100_000_000n;

/** Tokens that leave an escrow by a schedule. */
export interface ScheduledTransfer {
  readonly escrow: AccountId;
  readonly token: TokenId;
  readonly to: AccountId;
  readonly amount: bigint;
}

/** What the network does when the time of such a schedule has come, or its last signature. */
export const scheduledTransfer = ({
  escrow,
  token,
  to,
  amount,
}: ScheduledTransfer): proto.ISchedulableTransactionBody => ({
  transactionFee: long(SCHEDULED_MAX_FEE_TINYBAR),
  cryptoTransfer: {
    tokenTransfers: [
      {
        token: tokenProto(token),
        transfers: [
          { accountID: accountProto(to), amount: long(amount) },
          { accountID: accountProto(escrow), amount: long(-amount) },
        ],
      },
    ],
  },
});

export const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
