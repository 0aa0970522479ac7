import type { Tinycents } from './exchange-rate.js';

/**
 * The published fee schedule (HIP-1261, file 0.0.113), in tinycents. The service base is what a row of the public
 * price list costs less the node and network part of $0.0001.
 */
export const prices = {
  nodeBase: 100_000n,
  /** The network part is this many node parts. */
  networkMultiplier: 9n,
  bytesIncluded: 1350,
  byteExtra: 10_000n,
  signaturesIncluded: 1,
  signatureExtra: 100_000n,
  keyExtra: 100_000_000n,
  accountExtra: 1_000_000n,
  tokenTypeExtra: 1_000_000n,
  messageByteExtra: 6_800n,
  messageBytesIncluded: 100,
  tokenTransferBase: 9_000_000n,
  /** Each token of an association, explicit or automatic. */
  associate: 499_000_000n,
  cryptoCreate: 499_000_000n,
  cryptoUpdate: 1_200_000n,
  cryptoDelete: 49_000_000n,
  createTopic: 99_000_000n,
  createTopicWithFees: 19_999_000_000n,
  updateTopic: 1_200_000n,
  deleteTopic: 49_000_000n,
  submitMessage: 700_000n,
  /** To a topic with custom fees, whatever the size. */
  submitMessageWithFees: 499_000_000n,
  tokenCreate: 9_999_000_000n,
  tokenDissociate: 499_000_000n,
  /** Mint, burn, wipe, freeze, KYC, pause, update and delete of a token. */
  tokenOperation: 9_000_000n,
  scheduleCreate: 99_000_000n,
  scheduleOperation: 9_000_000n,
  atomicBatch: 9_000_000n,
  /** A paid query: $0.0001. */
  query: 1_000_000n,
} as const satisfies Record<string, Tinycents | number>;
