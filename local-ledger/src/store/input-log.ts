import type { Verdict } from '../core/keys/signature-set.js';
import type { Nanos } from '../core/model.js';

/** An input of the network, as it was handled: with the genesis, all that replay needs. */
export type LoggedInput =
  | {
      readonly kind: 'transaction';
      /** No earlier than this was its consensus timestamp asked for. */
      readonly now: Nanos;
      readonly skew: Nanos;
      /** Serialized SignedTransaction. */
      readonly signedBytes: Uint8Array;
      /** What verification said of each signature, batch first, then its inner transactions. */
      readonly verdicts: readonly (readonly Verdict[])[];
    }
  | { readonly kind: 'expiry'; readonly now: Nanos }
  | { readonly kind: 'clock'; readonly skew: Nanos };

/** Where handled inputs are kept. */
export interface InputLog {
  /** Resolves when the input, and all before it, will survive a crash. */
  append(input: LoggedInput): Promise<void> | undefined;
  close(): Promise<void>;
}

/** Keeps nothing: a network that lives as long as its process. */
export const memoryLog: InputLog = { append: () => undefined, close: async () => {} };
