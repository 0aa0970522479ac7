import { sha256 } from '../../vocabulary/digest.js';
import { GatepostError } from '../../vocabulary/errors.js';
import type { AccountId, TransactionId } from '../../vocabulary/ids.js';
import { NANOS_PER_SECOND, type Nanos, parseNanos } from '../../vocabulary/time.js';
import type { Action } from '../ledger.js';

/** One action of a transaction; inside a batch an inner transaction with an id of its own. */
export interface Part {
  readonly id: TransactionId;
  readonly action: Action;
  /** Whose tokens a transfer takes; its payer's own when left out. */
  readonly from?: AccountId;
  /** Who must sign the batch that it is in. */
  readonly batchKey?: AccountId;
  /** Signature of the holder of the batch key over `partBody`. */
  readonly cosigned?: string;
}

/** A transaction of the network in memory. Without parts it does nothing but show that time passes. */
export interface Envelope {
  readonly id: TransactionId;
  readonly payer: AccountId;
  readonly validSeconds: number;
  /** An AtomicBatch when there are several. */
  readonly parts: readonly Part[];
  /** Signature of the holder of its parts' batch key over `outerBody`. */
  readonly cosigned?: string;
}

/** Whether they are those of an AtomicBatch: several, or one for a batch alone. */
export const isBatch = (parts: readonly Part[]): boolean => parts.length > 1 || parts[0]?.batchKey !== undefined;

/** What was sealed or opened in this process, so that bytes are taken apart only after they left it. */
const opened = new WeakMap<Uint8Array, Envelope>();

const MARKS = { bigint: '$bigint', bytes: '$bytes' } as const;

/** Raw values of `JSON.stringify` have gone through `toJSON`, so bytes are marked by hand. */
function marked(value: unknown): unknown {
  if (typeof value === 'bigint') return { [MARKS.bigint]: value.toString() };
  if (value instanceof Uint8Array) return { [MARKS.bytes]: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, marked(each)]));
}

function unmarked(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { [MARKS.bigint]: integer, [MARKS.bytes]: bytes } = value as Record<string, unknown>;
  if (typeof integer === 'string') return BigInt(integer);
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : value;
}

/** What is signed of a part. */
export const partBody = (payer: AccountId, validSeconds: number, { cosigned: _, ...part }: Part): string =>
  JSON.stringify(marked({ payer, validSeconds, ...part }));

/** What is signed of a batch. */
export const outerBody = ({ cosigned: _, ...envelope }: Envelope): string => JSON.stringify(marked(envelope));

/** The signature of an account's key. Who is no such account does not call it. */
export const signatureOf = (account: AccountId, body: string): string => sha256(`signed by ${account}: ${body}`);

/** The bytes of a transaction; they hold all of it, so another process can submit it. */
export function seal(envelope: Envelope): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(marked(envelope)), 'utf8');
  opened.set(bytes, envelope);
  return bytes;
}

/** @throws GatepostError INTERNAL for bytes that `seal` did not make. */
export function open(bytes: Uint8Array): Envelope {
  const known = opened.get(bytes);
  if (known !== undefined) return known;
  try {
    const envelope = JSON.parse(Buffer.from(bytes).toString('utf8'), unmarked) as Envelope;
    opened.set(bytes, envelope);
    return envelope;
  } catch (error) {
    throw new GatepostError('INTERNAL', 'these bytes are no transaction of this network', {}, error);
  }
}

/** When the valid window of a transaction opens. */
export const validStart = (id: TransactionId): Nanos => parseNanos(id.split('@')[1] ?? '');

/** The last moment, consensus time, at which a transaction can be handled. */
export const windowEnd = (id: TransactionId, validSeconds: number): Nanos =>
  validStart(id) + BigInt(validSeconds) * NANOS_PER_SECOND;
