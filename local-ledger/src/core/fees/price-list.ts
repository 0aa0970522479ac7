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
  /** Instead, when a token that is moved has custom fees. */
  tokenTransferBaseWithFees: 19_000_000n,
  /** The first token of an association. */
  associate: 499_000_000n,
  /** Each further token of an association, and each automatic association. */
  associateExtra: 500_000_000n,
  cryptoCreate: 499_000_000n,
  cryptoUpdate: 1_200_000n,
  cryptoDelete: 49_000_000n,
  /** The first allowance of an approval. */
  approveAllowance: 499_000_000n,
  allowanceExtra: 500_000_000n,
  createTopic: 99_000_000n,
  createTopicWithFees: 19_999_000_000n,
  updateTopic: 1_200_000n,
  deleteTopic: 49_000_000n,
  submitMessage: 700_000n,
  /** To a topic with custom fees, and each byte that is more than a message may have. */
  submitMessageWithFees: 499_000_000n,
  messageBytesWithFeesIncluded: 1024,
  messageByteWithFeesExtra: 1_000_000n,
  tokenCreate: 9_999_000_000n,
  /** A token that has custom fees, or a key that may set them. */
  tokenCreateWithFees: 19_999_000_000n,
  /** A mint with metadata, whatever the token. */
  mintMetadata: 199_000_000n,
  /** Each further piece of metadata. */
  mintMetadataExtra: 200_000_000n,
  tokenDissociate: 499_000_000n,
  /** Mint, burn, wipe, freeze, KYC, pause, update and delete of a token. */
  tokenOperation: 9_000_000n,
  scheduleCreate: 99_000_000n,
  scheduleOperation: 9_000_000n,
  atomicBatch: 9_000_000n,
  /** A paid query. */
  query: 84n,
} as const satisfies Record<string, Tinycents | number>;
