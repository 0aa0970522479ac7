import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from './answer.js';

/** A transaction in short; what is left out is as usual. */
interface Sending {
  /** Its id: that of another step, or one of its own; made anew when left out. */
  readonly id?: Json;
  readonly noTxId?: boolean;
  /** Seconds from now to its valid start; 2 s ago when left out. */
  readonly startOffset?: number;
  readonly nonce?: number;
  readonly scheduledFlag?: boolean;
  readonly payer?: Json;
  /** Null for none. */
  readonly node?: Json;
  readonly fee?: Json;
  readonly duration?: number;
  readonly memo?: string;
  readonly body?: Json;
  readonly batchKey?: Json;
  readonly maxCustomFees?: Json;
  /** Its body in bytes, in place of all these. */
  readonly bytes?: Json;
  /** Names of the keys that sign; that of the payer `$P` when left out. */
  readonly by?: readonly string[];
  /** Whether its signatures are wrong. */
  readonly badSig?: boolean;
  /** Bytes of each public key that are sent along; all when left out. */
  readonly prefix?: number;
  /** Bytes after those of the signed transaction. */
  readonly tailSigned?: Json;
}

/** Something that a network is asked, and what a real node answered. */
export interface Case extends Sending {
  readonly name: string;
  /** By what later steps and answers call what it makes; they use its name otherwise. */
  readonly label?: string;
  /** The whole transaction in bytes. */
  readonly raw?: Json;
  /** Where it is sent, if not to `CryptoService/cryptoTransfer`: nodes take every transaction everywhere. */
  readonly method?: string;
  readonly noRecord?: boolean;
  /** Asks for receipt and records of an id instead of sending anything. */
  readonly receiptOf?: string;
  /** Asks a query of this field, at `rpc`, with the content `of`. */
  readonly query?: string;
  readonly rpc?: string;
  readonly of?: Json;
  readonly pay?: Json;
  readonly responseType?: number;
  readonly answer: Json;
}

/** A line of a suite: a case, bytes that are made for a later one, or time that passes. */
export type Step =
  | Case
  | (Sending & { readonly prepare: string; readonly onlyId?: boolean })
  | { readonly wait: number };

/** What the words of a case stand for. */
export interface Values {
  entity(name: string): number;
  key(label: string): {
    readonly publicKey: { toBytesRaw(): Uint8Array; toEvmAddress(): string };
    readonly type: string;
    sign(bytes: Uint8Array): Uint8Array;
  };
  id(ref: string): unknown;
  made(ref: string): Buffer;
  nowSeconds(): number;
}

export const SUITES = [1, 2, 3, 4, 5] as const;

/** The steps of a suite, in order. */
export const stepsOf = (suite: number): readonly Step[] =>
  readFileSync(join(import.meta.dirname, 'cases', `suite-${suite}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Step);

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
