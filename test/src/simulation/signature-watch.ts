import type { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import { type Nanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';

/** A signature that a gatekeeper gave. */
export interface Signed {
  readonly id: TransactionId;
  /** When it was given, milliseconds of the world's clock. */
  readonly atMs: number;
  /** After this consensus time the network does not take it. */
  readonly validUntil: Nanos;
  /** What it pays, by task and number. */
  readonly payments: readonly string[];
}

/** Sees every signature of every process of a gatekeeper, as nobody in it does. */
export class SignatureWatch {
  readonly #signed: Signed[] = [];

  signed(one: Signed): void {
    this.#signed.push(one);
  }

  /** Payments for which a transaction was signed while another that was signed for them could still happen. */
  violations(network: MemoryNetwork): readonly string[] {
    const found: string[] = [];
    const before = new Map<string, Signed[]>();
    for (const one of this.#signed) {
      for (const payment of one.payments) {
        const earlier = before.get(payment) ?? [];
        const living = earlier.find((other) => other.id !== one.id && mayHappen(network, other, one.atMs));
        if (living !== undefined) found.push(`two living transactions: ${payment} in ${living.id} and ${one.id}`);
        before.set(payment, [...earlier, one]);
      }
    }
    return found;
  }
}

/** Whether a transaction could still happen, or had happened, at a time. */
function mayHappen(network: MemoryNetwork, { id, validUntil }: Signed, atMs: number): boolean {
  const past = network.history.of(id).find(({ at, scheduled }) => !scheduled && at <= nanosFromMs(atMs));
  if (past !== undefined) return past.result === 'SUCCESS';
  return nanosFromMs(atMs) <= validUntil;
}
