import { hash } from 'node:crypto';
import type { AccountId, TopicId } from './ids.js';
import { NANOS_PER_SECOND, type Nanos } from './time.js';

/** What the running hash of a topic covers at one message, beside the hash before it. */
export interface HashedMessage {
  readonly payer: AccountId;
  readonly topic: TopicId;
  /**
   * Consensus timestamp of the transaction the network was handling: the batch's for a message in a batch, that of the
   * create or sign for a schedule executed at once, else the message's own.
   */
  readonly handledAt: Nanos;
  readonly sequence: number;
  /** Of this chunk. */
  readonly content: Uint8Array;
}

/** The hash of a topic without messages: 48 zero bytes. */
export const FIRST_RUNNING_HASH: Uint8Array = new Uint8Array(48);

/** A Java object stream's beginning and the description of a byte array of length 48. */
const STREAM_HEAD = Buffer.from('aced0005757200025b42acf317f8060854e0020000787000000030', 'hex');
/** A further byte array of length 48, its description by reference. */
const SECOND_ARRAY = Buffer.from('7571007e000000000030', 'hex');
const VERSION = 3n;

const sha384 = (data: Uint8Array): Buffer => hash('sha384', data, 'buffer');
const numbersOf = (id: string): readonly bigint[] => id.split('.').map(BigInt);

/**
 * The running hash after a message, version 3: SHA-384 over what Java's ObjectOutputStream makes of the hash before,
 * a block of 76 bytes of big-endian fields, and the message's SHA-384. Source: consensus node, submit-message handler.
 */
export function nextRunningHash(
  before: Uint8Array,
  { payer, topic, handledAt, sequence, content }: HashedMessage,
): Uint8Array {
  const fields = Buffer.alloc(78);
  fields.set([0x77, 76]);
  const longs = [VERSION, ...numbersOf(payer), ...numbersOf(topic), handledAt / NANOS_PER_SECOND];
  for (const [index, value] of longs.entries()) fields.writeBigInt64BE(value, 2 + index * 8);
  fields.writeInt32BE(Number(handledAt % NANOS_PER_SECOND), 66);
  fields.writeBigInt64BE(BigInt(sequence), 70);
  return sha384(Buffer.concat([STREAM_HEAD, before, fields, SECOND_ARRAY, sha384(content)]));
}
