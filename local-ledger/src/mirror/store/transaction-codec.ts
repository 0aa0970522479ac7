import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { AssessedFee, RecordItem } from '../../core/record-item.js';
import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { readTransactionKey, writeTransactionKey } from './message-codec.js';

/** What the mirror keeps of a handled transaction; messages and entities are stored apart. */
export type StoredTransaction = Omit<RecordItem, 'message' | 'changes'>;

/** The part of a stored transaction that filters look at, at fixed places. */
export interface TransactionHead {
  readonly consensusTimestamp: bigint;
  /** Number of the name in the log's table of names. */
  readonly nameNumber: number;
  readonly status: number;
}

const HAS_ENTITY = 1;
const HAS_NODE = 2;
const HAS_PARENT = 4;
const HAS_BATCH_KEY = 8;
const HAS_SCHEDULE = 16;
const HAS_ASSESSED_FEES = 32;

/** Writes a transaction: about 110 bytes for a paid message submission. */
export function writeTransaction(out: ByteWriter, item: StoredTransaction, nameNumber: number): void {
  out.i64(item.consensusTimestamp).u16(nameNumber).u16(item.status).u8(flagsOf(item));
  writeTransactionKey(out, item.transactionId);
  if (item.entity !== undefined) out.uint(item.entity);
  if (item.node !== undefined) out.uint(item.node);
  if (item.parentConsensusTimestamp !== undefined) out.i64(item.parentConsensusTimestamp);
  if (item.batchKey !== undefined) out.bytes(Key.encode(item.batchKey).finish());
  if (item.schedule !== undefined) out.uint(item.schedule);
  out.text(item.memo).i64(item.chargedFee).i64(BigInt.asIntN(64, item.maxFee)).i64(item.validDurationSeconds);
  out.bytes(item.transactionHash);
  writeTransfers(out, item);
  if (item.assessedFees.length > 0) writeAssessedFees(out, item);
}

function writeAssessedFees(out: ByteWriter, { assessedFees }: StoredTransaction): void {
  out.uint(assessedFees.length);
  // Entity numbers start at 1: 0 stands for hbar.
  for (const fee of assessedFees) {
    out
      .i64(fee.amount)
      .uint(fee.token ?? 0)
      .uint(fee.collector)
      .uint(fee.payers.length);
    for (const payer of fee.payers) out.uint(payer);
  }
}

function writeTransfers(out: ByteWriter, item: StoredTransaction): void {
  out.uint(item.transfers.length);
  for (const move of item.transfers)
    out
      .uint(move.account)
      .i64(move.amount)
      .u8(move.isApproval ? 1 : 0);
  out.uint(item.tokenTransfers.length);
  for (const move of item.tokenTransfers) {
    out
      .uint(move.token)
      .uint(move.account)
      .i64(move.amount)
      .u8(move.isApproval ? 1 : 0);
  }
  out.uint(item.automaticAssociations.length);
  for (const pair of item.automaticAssociations) out.uint(pair.account).uint(pair.token);
}

function flagsOf(item: StoredTransaction): number {
  return (
    (item.entity === undefined ? 0 : HAS_ENTITY) |
    (item.node === undefined ? 0 : HAS_NODE) |
    (item.parentConsensusTimestamp === undefined ? 0 : HAS_PARENT) |
    (item.batchKey === undefined ? 0 : HAS_BATCH_KEY) |
    (item.schedule === undefined ? 0 : HAS_SCHEDULE) |
    (item.assessedFees.length === 0 ? 0 : HAS_ASSESSED_FEES)
  );
}

/** The fixed part of what writeTransaction wrote. */
export function readHead(bytes: Buffer): TransactionHead {
  return {
    consensusTimestamp: bytes.readBigInt64LE(0),
    nameNumber: bytes.readUInt16LE(8),
    status: bytes.readUInt16LE(10),
  };
}

/** Reads back what writeTransaction wrote; `nameOf` gives the name its number stands for. */
export function readTransaction(bytes: Buffer, nameOf: (number: number) => string): StoredTransaction {
  const from = new ByteReader(bytes);
  const consensusTimestamp = from.i64();
  const name = nameOf(from.u16());
  const status = from.u16();
  const flags = from.u8();
  return {
    consensusTimestamp,
    name,
    status,
    transactionId: readTransactionKey(from),
    entity: flags & HAS_ENTITY ? from.uint() : undefined,
    node: flags & HAS_NODE ? from.uint() : undefined,
    parentConsensusTimestamp: flags & HAS_PARENT ? from.i64() : undefined,
    batchKey: flags & HAS_BATCH_KEY ? Key.decode(from.bytes()) : undefined,
    schedule: flags & HAS_SCHEDULE ? from.uint() : undefined,
    memo: from.text(),
    chargedFee: from.i64(),
    maxFee: BigInt.asUintN(64, from.i64()),
    validDurationSeconds: from.i64(),
    transactionHash: from.bytes(),
    transfers: list(from, () => ({ account: from.uint(), amount: from.i64(), isApproval: from.u8() === 1 })),
    tokenTransfers: list(from, () => ({
      token: from.uint(),
      account: from.uint(),
      amount: from.i64(),
      isApproval: from.u8() === 1,
    })),
    automaticAssociations: list(from, () => ({ account: from.uint(), token: from.uint() })),
    assessedFees: flags & HAS_ASSESSED_FEES ? list(from, () => readAssessedFee(from)) : [],
  };
}

function readAssessedFee(from: ByteReader): AssessedFee {
  const amount = from.i64();
  const token = from.uint();
  const collector = from.uint();
  return { amount, token: token === 0 ? undefined : token, collector, payers: list(from, () => from.uint()) };
}

function list<T>(from: ByteReader, next: () => T): T[] {
  const items: T[] = [];
  for (let left = from.uint(); left > 0; left--) items.push(next());
  return items;
}
