import type { Verdict } from '../core/keys/signature-set.js';
import type { Nanos } from '../core/model.js';

/** An input of the network, as it was handled: with the genesis, all that replay needs. */
export type LoggedInput =
  | {
      readonly kind: 'transaction';
      /** Ledger time at which it was handed to consensus. */
      readonly now: Nanos;
      /** How far the ledger's clock was ahead of the wall's. */
      readonly skew: Nanos;
      /** Serialized SignedTransaction. */
      readonly signedBytes: Uint8Array;
      /** What verification said of each signature: of the transaction first, then of each inner one. */
      readonly verdicts: readonly (readonly Verdict[])[];
    }
  | { readonly kind: 'expiry'; readonly now: Nanos }
  | { readonly kind: 'clock'; readonly skew: Nanos };

/** Where handled inputs are kept. */
export interface InputLog {
  /** Resolves when the input, and all before it, will survive a crash; undefined when there is nothing to wait for. */
  append(input: LoggedInput): Promise<void> | undefined;
  close(): Promise<void>;
}

/** Keeps nothing: a network that lives as long as its process. */
export const memoryLog: InputLog = { append: () => undefined, close: async () => {} };
