/**
 * The public price list of the network (HIP-1261, file 0.0.113), as far as the product uses it. Prices are for
 * transactions with one signature; each holds the node and network part of $0.0001.
 */

/** Price in US dollars: 1 USD = 10^10 tinycents. */
export type Tinycents = bigint;

const TINYCENTS_PER_USD = 10_000_000_000n;
/** Node and network part of every transaction. */
const SUBMISSION: Tinycents = 1_000_000n;
const MESSAGE: Tinycents = 700_000n;
const MESSAGE_BYTE: Tinycents = 6_800n;
const MESSAGE_BYTES_INCLUDED = 100;
const TOKEN_TRANSFER: Tinycents = 9_000_000n;
/** Instead, of a token that has custom fees, whoever owes them. */
const FEE_TOKEN_TRANSFER: Tinycents = 19_000_000n;
const TRANSFER_ACCOUNT: Tinycents = 1_000_000n;
const TRANSFER_ACCOUNTS_INCLUDED = 2;

/** ConsensusSubmitMessage of so many message bytes, to a topic without custom fees. */
export function messagePrice(bytes: number): Tinycents {
  return SUBMISSION + MESSAGE + BigInt(Math.max(0, bytes - MESSAGE_BYTES_INCLUDED)) * MESSAGE_BYTE;
}

/** CryptoTransfer of one fungible token among so many accounts. @param hasFees whether the token has custom fees. */
export function tokenTransferPrice(accounts: number, hasFees = false): Tinycents {
  const transfer = hasFees ? FEE_TOKEN_TRANSFER : TOKEN_TRANSFER;
  return SUBMISSION + transfer + BigInt(Math.max(0, accounts - TRANSFER_ACCOUNTS_INCLUDED)) * TRANSFER_ACCOUNT;
}

/** The outer AtomicBatch; what is inside pays for itself. */
export const BATCH_PRICE: Tinycents = 10_000_000n;
/** A transaction pays for each signed byte beyond so many, and dearly. */
const BYTES_INCLUDED = 1_350;
const BYTE: Tinycents = 100_000n;
/** Of a signed batch with a transfer to one payee and a message, besides the message itself. */
const SETTLEMENT_FRAME_BYTES = 645;
const PAYEE_BYTES = 15;
const DELETION_BYTES = 204;

/** Signed bytes of an AtomicBatch of a token transfer, a message of so many bytes, and so many deletions of schedules. */
export const settlementBytes = (payees: number, messageBytes: number, deletions = 0): number =>
  SETTLEMENT_FRAME_BYTES + (payees - 1) * PAYEE_BYTES + messageBytes + deletions * DELETION_BYTES;

/** The outer AtomicBatch of a settlement. */
export const settlementPrice = (...of: Parameters<typeof settlementBytes>): Tinycents =>
  BATCH_PRICE + BigInt(Math.max(0, settlementBytes(...of) - BYTES_INCLUDED)) * BYTE;

/** The longest message with which a settlement of so many payees has no byte that is paid for. */
export const settlementRoom = (payees: number): number => BYTES_INCLUDED - settlementBytes(payees, 0);
/** ScheduleCreate with an admin key. */
export const SCHEDULE_CREATE_PRICE: Tinycents = 100_000_000n;
export const SCHEDULE_DELETE_PRICE: Tinycents = 10_000_000n;

/** So many hbar cost so many US cents. */
export interface ExchangeRate {
  readonly hbars: number;
  readonly cents: number;
}

/** Tinybar worth a price, rounded down as the network does. */
export const toTinybar = (price: Tinycents, rate: ExchangeRate): bigint =>
  (price * BigInt(rate.hbars)) / BigInt(rate.cents);

/** Price worth so many tinybar. */
export const fromTinybar = (tinybar: bigint, rate: ExchangeRate): Tinycents =>
  (tinybar * BigInt(rate.cents)) / BigInt(rate.hbars);

/** `$0.0012`: US dollars with at most six decimals, rounded up, so that a price never looks like nothing. */
export function formatUsd(price: Tinycents): string {
  const micros = (price + 9_999n) / 10_000n;
  const fraction = (micros % 1_000_000n)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `$${micros / 1_000_000n}.${fraction}`;
}

/** US dollars as a number, for comparing with a limit in the plan. */
export const usdOf = (price: Tinycents): number => Number(price) / Number(TINYCENTS_PER_USD);
