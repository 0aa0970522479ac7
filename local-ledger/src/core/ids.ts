import type {
  AccountID,
  ScheduleID,
  TokenID,
  TopicID,
  TransactionID,
} from '@gatepost/local-ledger/gen/services_basic_types';
import type { EntityNum, TransactionKey } from './model.js';
import { toNanos, toTimestamp } from './time.js';

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

function entityNum(shard: bigint, realm: bigint, num: bigint): EntityNum | undefined {
  return shard === 0n && realm === 0n && num > 0n && num <= LARGEST ? Number(num) : undefined;
}

/** The number of an account addressed by number; undefined for aliases, other shards, zero and negatives. */
export function accountNum(id: AccountID | undefined): EntityNum | undefined {
  return id?.account?.$case === 'accountNum' ? entityNum(id.shardNum, id.realmNum, id.account.value) : undefined;
}

/** Whether an id is present and names no account at all (0.0.0), which updates use to mean "remove". */
export function isZeroAccount(id: AccountID): boolean {
  return id.shardNum === 0n && id.realmNum === 0n && (id.account === undefined || id.account.value === 0n);
}

export function topicNum(id: TopicID | undefined): EntityNum | undefined {
  return id && entityNum(id.shardNum, id.realmNum, id.topicNum);
}

export function tokenNum(id: TokenID | undefined): EntityNum | undefined {
  return id && entityNum(id.shardNum, id.realmNum, id.tokenNum);
}

export function scheduleNum(id: ScheduleID | undefined): EntityNum | undefined {
  return id && entityNum(id.shardNum, id.realmNum, id.scheduleNum);
}

export function accountId(num: EntityNum): AccountID {
  return { shardNum: 0n, realmNum: 0n, account: { $case: 'accountNum', value: BigInt(num) } };
}

export function topicId(num: EntityNum): TopicID {
  return { shardNum: 0n, realmNum: 0n, topicNum: BigInt(num) };
}

export function tokenId(num: EntityNum): TokenID {
  return { shardNum: 0n, realmNum: 0n, tokenNum: BigInt(num) };
}

export function scheduleId(num: EntityNum): ScheduleID {
  return { shardNum: 0n, realmNum: 0n, scheduleNum: BigInt(num) };
}

/** The transaction id in wire form. */
export function transactionId(key: TransactionKey): TransactionID {
  return {
    accountID: accountId(key.payer),
    transactionValidStart: toTimestamp(key.validStart),
    scheduled: key.scheduled,
    nonce: key.nonce,
  };
}

/** The transaction id as a value; undefined when payer or valid start is missing or not numeric. */
export function transactionKey(id: TransactionID | undefined): TransactionKey | undefined {
  const payer = accountNum(id?.accountID);
  if (id?.transactionValidStart === undefined || payer === undefined) {
    return undefined;
  }
  return { payer, validStart: toNanos(id.transactionValidStart), scheduled: id.scheduled, nonce: id.nonce };
}

/** A transaction id as a map key. */
export function keyText(key: TransactionKey): string {
  return `${key.payer}@${key.validStart}${key.scheduled ? '?' : ''}${key.nonce === 0 ? '' : `/${key.nonce}`}`;
}
