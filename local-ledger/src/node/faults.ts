import type { ConsensusFault, ConsensusFaultKind, ConsensusFaults } from '../control/ports.js';

interface Armed {
  readonly fault: ConsensusFault;
  left: number;
}

/** Faults of the consensus node, each used up after its count of calls. */
export class Faults implements ConsensusFaults {
  #armed: Armed[] = [];

  /** Arms a fault. Throws RangeError for a count that is no whole number from 1. */
  add(fault: ConsensusFault): void {
    if (!Number.isSafeInteger(fault.count) || fault.count < 1) {
      throw new RangeError('count must be a whole number from 1');
    }
    this.#armed.push({ fault, left: fault.count });
  }

  clear(): void {
    this.#armed = [];
  }

  pending(): ConsensusFault[] {
    return this.#armed.map(({ fault, left }) => ({ ...fault, count: left }));
  }

  /** Whether a fault of this kind hits this call; uses up one of its count. */
  take(kind: ConsensusFaultKind, rpc: string): boolean {
    const hit = this.#armed.find(({ fault }) => fault.kind === kind && (fault.method ?? rpc) === rpc);
    if (hit === undefined) {
      return false;
    }
    hit.left--;
    if (hit.left === 0) {
      this.#armed = this.#armed.filter((other) => other !== hit);
    }
    return true;
  }
}
