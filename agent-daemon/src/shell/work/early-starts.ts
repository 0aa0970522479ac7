import type { Clock } from '@gatepost/shared/clock';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Limits } from '../../config/daemon-config.js';
import type { Assignment } from '../../core/assignment.js';
import { compareWithInbox, type DispatchOrder, type Refusal, refusal } from '../../core/refusal.js';
import type { Engine } from './engine.js';
import type { ExecutorRegistry } from './executor-registry.js';

/** A dispatch that was taken at its word. */
interface EarlyStart {
  readonly order: DispatchOrder;
  readonly cancelTimer: () => void;
}

export interface EarlyStartsParts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly registry: Pick<ExecutorRegistry, 'has'>;
  readonly start: 'on_assignment' | 'on_dispatch';
  readonly refuse: (order: DispatchOrder, why: Refusal) => void;
}

/**
 * Attempts that were begun on a dispatch and wait for the inbox to assign them, for a bounded time: what does not show
 * there is dropped and refused.
 */
export class EarlyStarts {
  readonly #waiting = new Map<string, EarlyStart>();

  constructor(private readonly parts: EarlyStartsParts) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether a dispatch may begin by itself: the owner trusts it, and it says all that the assignment would. */
  allows({ taskType, deadlineMs }: DispatchOrder): boolean {
    return this.parts.start === 'on_dispatch' && deadlineMs > 0 && this.parts.registry.has(taskType);
  }

  /** @throws GatepostError STORE_FAILED */
  async begin(order: DispatchOrder, input: Uint8Array): Promise<Refusal | undefined> {
    const { clock, limits, engine } = this.parts;
    const key = attemptKey(order.ref);
    const late = refusal('NOT_FOUND', `its assignment on the inbox did not arrive in ${limits.awaitingMs} ms`);
    const cancelTimer = clock.at(clock.nowMs() + limits.awaitingMs, () => this.#drop(key, late));
    this.#waiting.set(key, { order, cancelTimer });
    try {
      // What only the assignment says is filled in when it shows; nothing is told or reported before.
      const why = await engine.startEarly(
        { ...order, numbered: '', inlineInput: undefined, price: '', token: '' },
        input,
      );
      if (why !== undefined) this.#end(key);
      return why;
    } catch (error) {
      this.#end(key);
      engine.dropEarly(key, 'its input cannot be stored');
      throw error;
    }
  }

  /** The inbox assigns an attempt; the engine has been told. */
  assigned(assignment: Assignment): void {
    const early = this.#end(attemptKey(assignment.ref));
    const difference = early && compareWithInbox(early.order, assignment);
    if (early !== undefined && difference !== undefined) this.parts.refuse(early.order, difference);
  }

  /** The inbox was read further: what it should have assigned by now is dropped. */
  inboxRead(sequenceNumber: number, notAssigned: (order: DispatchOrder) => Refusal): void {
    for (const [key, { order }] of this.#waiting) {
      if (order.sequenceNumber <= sequenceNumber) this.#drop(key, notAssigned(order));
    }
  }

  /** The daemon ends: nothing is dropped any more, the next one sees what the inbox says. */
  close(): void {
    for (const key of [...this.#waiting.keys()]) this.#end(key);
  }

  #drop(key: string, why: Refusal): void {
    const early = this.#end(key);
    if (early === undefined) return;
    this.parts.engine.dropEarly(key, why.message);
    this.parts.refuse(early.order, why);
  }

  #end(key: string): EarlyStart | undefined {
    const early = this.#waiting.get(key);
    early?.cancelTimer();
    this.#waiting.delete(key);
    return early;
  }
}
