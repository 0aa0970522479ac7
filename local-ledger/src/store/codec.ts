import type { Verdict } from '../core/keys/signature-set.js';
import type { LoggedInput } from './input-log.js';

/** What the first frame of a log says: from what the network started. */
export interface LoggedGenesis {
  readonly kind: 'genesis';
  /** Nanoseconds since the epoch. */
  readonly time: bigint;
  readonly accounts: number;
}

export type LogEntry = LoggedGenesis | LoggedInput;

/** Raised when the meaning of the bytes changes. */
const FORMAT = 1;
const tags = { genesis: 1, transaction: 2, expiry: 3, clock: 4 } as const;

/** The bytes of an entry. */
export function encodeEntry(entry: LogEntry): Buffer {
  switch (entry.kind) {
    case 'genesis':
      return Buffer.concat([Buffer.of(tags.genesis, FORMAT), int64(entry.time), uint32(entry.accounts)]);
    case 'transaction':
      return Buffer.concat([
        Buffer.of(tags.transaction),
        int64(entry.now),
        int64(entry.skew),
        uint32(entry.signedBytes.length),
        entry.signedBytes,
        ...entry.verdicts.flatMap((list) => [uint16(list.length), Buffer.from(list)]),
      ]);
    case 'expiry':
      return Buffer.concat([Buffer.of(tags.expiry), int64(entry.now)]);
    case 'clock':
      return Buffer.concat([Buffer.of(tags.clock), int64(entry.skew)]);
  }
}

/** The entry in the bytes. Throws Error when they are none, or of another format. */
export function decodeEntry(bytes: Buffer): LogEntry {
  switch (bytes[0]) {
    case tags.genesis:
      return decodeGenesis(bytes);
    case tags.transaction:
      return decodeTransaction(bytes);
    case tags.expiry:
      return { kind: 'expiry', now: bytes.readBigInt64BE(1) };
    case tags.clock:
      return { kind: 'clock', skew: bytes.readBigInt64BE(1) };
    default:
      throw new Error(`unknown entry ${bytes[0]} in the ledger's log`);
  }
}

function decodeGenesis(bytes: Buffer): LoggedGenesis {
  if (bytes[1] !== FORMAT) {
    throw new Error(`the ledger's log has format ${bytes[1]}, this version reads ${FORMAT}`);
  }
  return { kind: 'genesis', time: bytes.readBigInt64BE(2), accounts: bytes.readUInt32BE(10) };
}

function decodeTransaction(bytes: Buffer): LoggedInput {
  const length = bytes.readUInt32BE(17);
  const signedBytes = Uint8Array.from(bytes.subarray(21, 21 + length));
  const verdicts: Verdict[][] = [];
  let offset = 21 + length;
  while (offset < bytes.length) {
    const start = offset + 2;
    const end = start + bytes.readUInt16BE(offset);
    verdicts.push([...bytes.subarray(start, end)].map(verdict));
    offset = end;
  }
  return { kind: 'transaction', now: bytes.readBigInt64BE(1), skew: bytes.readBigInt64BE(9), signedBytes, verdicts };
}

function verdict(byte: number): Verdict {
  return byte === 1 || byte === 2 ? byte : 0;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
