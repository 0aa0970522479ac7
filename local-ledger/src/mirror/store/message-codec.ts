import type { EntityNum, TransactionKey } from '../../core/model.js';
import type { TopicMessage } from '../../core/record-item.js';
import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

const RUNNING_HASH_BYTES = 48;
const HAS_CHUNK = 1;

/** Writes a message, without its topic: about 65 bytes (85 with chunk info) plus the message itself. */
export function writeMessage(out: ByteWriter, message: TopicMessage): void {
  out.i64(message.consensusTimestamp).uint(Number(message.sequenceNumber)).uint(message.payer);
  out.raw(message.runningHash).u8(message.chunk === undefined ? 0 : HAS_CHUNK);
  if (message.chunk !== undefined) {
    writeTransactionKey(out, message.chunk.initialTransactionId);
    // Both are int32 in the protocol and consensus has checked 1 <= number <= total.
    out.uint(message.chunk.number).uint(message.chunk.total);
  }
  out.raw(message.message);
}

/** Reads back what writeMessage wrote. */
export function readMessage(topic: EntityNum, bytes: Buffer): TopicMessage {
  const from = new ByteReader(bytes);
  const consensusTimestamp = from.i64();
  const sequenceNumber = BigInt(from.uint());
  const payer = from.uint();
  const runningHash = from.raw(RUNNING_HASH_BYTES);
  const chunk =
    from.u8() === HAS_CHUNK
      ? { initialTransactionId: readTransactionKey(from), number: from.uint(), total: from.uint() }
      : undefined;
  return {
    topic,
    sequenceNumber,
    consensusTimestamp,
    payer,
    message: from.rest(),
    runningHash,
    runningHashVersion: 3,
    chunk,
  };
}

/** The consensus timestamp alone, for searching without decoding the rest. */
export function messageTimestamp(bytes: Buffer): bigint {
  return bytes.readBigInt64LE(0);
}

/** The sequence number alone. */
export function messageSequence(bytes: Buffer): number {
  return new ByteReader(bytes.subarray(8)).uint();
}

/** Writes a transaction id: 8 bytes of valid start, then payer, scheduled flag and nonce. */
export function writeTransactionKey(out: ByteWriter, key: TransactionKey): void {
  out
    .i64(key.validStart)
    .uint(key.payer)
    .u8(key.scheduled ? 1 : 0)
    .uint(key.nonce >>> 0);
}

export function readTransactionKey(from: ByteReader): TransactionKey {
  const validStart = from.i64();
  const payer = from.uint();
  const scheduled = from.u8() === 1;
  return { validStart, payer, scheduled, nonce: from.uint() | 0 };
}
