import type { EntityNum } from '../core/model.js';
import type { JsonObject } from './format/json.js';

/** A consensus node as the address book shows it. */
export interface MirrorNode {
  readonly nodeId: number;
  readonly account: EntityNum;
  readonly description: string;
  /** Dotted IPv4 address and port on which the node answers plaintext gRPC. */
  readonly host: string;
  readonly port: number;
}

/** Price of `hbars` in US cents until `expirationSeconds` since the epoch. */
export interface ExchangeRateView {
  readonly cents: number;
  readonly hbars: number;
  readonly expirationSeconds: bigint;
}

export interface ExchangeRates {
  readonly current: ExchangeRateView;
  readonly next: ExchangeRateView;
}

/** How the caller wants a fee to be estimated. */
export interface FeeEstimateOptions {
  readonly mode: 'INTRINSIC' | 'STATE';
  /** Assumed use of the high-volume throttle, 0 to 10,000 basis points. */
  readonly highVolumeThrottle: number;
}

/**
 * Estimates the fee of a serialized Transaction, in the shape of the REST answer (amounts in tinycents). Throws
 * any Error for bytes that are no transaction; its message becomes the answer's detail.
 */
export type EstimateFee = (transaction: Uint8Array, options: FeeEstimateOptions) => JsonObject;

/** What the mirror tells about the network beyond the record items. */
export interface MirrorNetwork {
  readonly nodes: readonly MirrorNode[];
  exchangeRates(): ExchangeRates;
  readonly estimateFee: EstimateFee | undefined;
}
