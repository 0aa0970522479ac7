import { concat, fromHex } from '../../bytes.js';
import type { CryptoPort } from '../../crypto-port.js';
import type { EntityNum, Nanos } from '../../model.js';
import { NANOS_PER_SECOND } from '../../time.js';

/** What a topic's running hash covers beside its previous value. */
export interface HashedMessage {
  readonly previous: Uint8Array;
  readonly payer: EntityNum;
  readonly topic: EntityNum;
  /** Consensus timestamp of the transaction being handled: of a batch, not of its inner transaction. */
  readonly handledAt: Nanos;
  readonly sequenceNumber: bigint;
  readonly message: Uint8Array;
}

/** Stream magic and the class descriptor of a byte[] of length 48, as Java's ObjectOutputStream writes them. */
const head = fromHex('aced0005757200025b42acf317f8060854e0020000787000000030');
/** A second byte[] of length 48, its class by reference. */
const secondArray = fromHex('7571007e000000000030');

/**
 * Running hash, version 3: SHA-384 of a Java object stream of (previous hash, fields, SHA-384 of the message). The
 * fields are one block of 76 bytes, integers big-endian.
 */
export function runningHash(hashed: HashedMessage, crypto: CryptoPort): Uint8Array {
  return crypto.sha384(concat([head, hashed.previous, fieldBlock(hashed), secondArray, crypto.sha384(hashed.message)]));
}

function fieldBlock({ payer, topic, handledAt, sequenceNumber }: HashedMessage): Uint8Array {
  const block = new Uint8Array(78);
  const view = new DataView(block.buffer);
  block.set([0x77, 0x4c]);
  const version = 3n;
  const longs = [version, 0n, 0n, BigInt(payer), 0n, 0n, BigInt(topic), handledAt / NANOS_PER_SECOND];
  longs.forEach((value, index) => {
    view.setBigInt64(2 + index * 8, value);
  });
  view.setInt32(66, Number(handledAt % NANOS_PER_SECOND));
  view.setBigInt64(70, sequenceNumber);
  return block;
}
