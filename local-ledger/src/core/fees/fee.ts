import { type Tinycents, toTinybar } from './exchange-rate.js';
import { prices } from './price-list.js';

/** A chargeable extra of the fee schedule: `count` of them, of which `included` are free. */
export interface FeeExtra {
  readonly name:
    | 'KEYS'
    | 'ACCOUNTS'
    | 'TOKEN_TYPES'
    | 'TOKEN_TRANSFER_BASE'
    | 'TOKEN_TRANSFER_BASE_CUSTOM_FEES'
    | 'TOKEN_ASSOCIATE'
    | 'ALLOWANCES'
    | 'STATE_BYTES'
    | 'BYTES'
    | 'SIGNATURES';
  readonly included: number;
  readonly count: number;
  readonly unit: Tinycents;
}

/** A part of a fee: a base and its extras. */
export interface FeePart {
  readonly base: Tinycents;
  readonly extras: readonly FeeExtra[];
}

/** The fee of a transaction before conversion: node part, network part as its multiple, service part. */
export interface FeeBreakdown {
  readonly node: FeePart;
  readonly service: FeePart;
}

/** The fee in tinybar. */
export interface Fee {
  /** The network part alone: what the node pays that let in a transaction whose payer cannot be charged. */
  readonly network: bigint;
  /** Node and network part together. */
  readonly submission: bigint;
  readonly service: bigint;
  readonly total: bigint;
}

/** What is charged for an extra, in tinycents. */
export function extraCharge({ included, count, unit }: FeeExtra): Tinycents {
  return count > included ? BigInt(count - included) * unit : 0n;
}

/** Base and extras of a part, in tinycents. */
export function partTotal({ base, extras }: FeePart): Tinycents {
  return extras.reduce((sum, extra) => sum + extraCharge(extra), base);
}

/** The node part of a transaction of this size. */
export function nodePart(size: { readonly bytes: number; readonly signatures: number }): FeePart {
  return {
    base: prices.nodeBase,
    extras: [
      { name: 'BYTES', included: prices.bytesIncluded, count: size.bytes, unit: prices.byteExtra },
      { name: 'SIGNATURES', included: prices.signaturesIncluded, count: size.signatures, unit: prices.signatureExtra },
    ],
  };
}

/** Converts a breakdown to tinybar at the current rate. */
export function feeOf({ node, service }: FeeBreakdown): Fee {
  const network = toTinybar(partTotal(node) * prices.networkMultiplier);
  const submission = toTinybar(partTotal(node) * (1n + prices.networkMultiplier));
  return { network, submission, ...serviceOnly(service, submission) };
}

/** The fee of a schedule that runs as soon as it is signed: its create and signs have paid the rest. */
export function serviceFee(service: FeePart): Fee {
  return { network: 0n, submission: 0n, ...serviceOnly(service, 0n) };
}

function serviceOnly(part: FeePart, submission: bigint): Pick<Fee, 'service' | 'total'> {
  const service = toTinybar(partTotal(part));
  return { service, total: submission + service };
}

/** What the treasury and the system admin pay for anything. */
export const noFee: Fee = { network: 0n, submission: 0n, service: 0n, total: 0n };
