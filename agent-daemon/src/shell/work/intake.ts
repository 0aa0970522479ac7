import type { Clock } from '@gatepost/shared/clock';
import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { Limits } from '../../config/daemon-config.js';
import type { Assignment } from '../../core/assignment.js';
import { checkDispatch, compareWithInbox, type DispatchOrder, type Refusal, refusal } from '../../core/refusal.js';
import type { Store } from '../store/store.js';
import { EarlyStarts } from './early-starts.js';
import type { Engine } from './engine.js';
import type { ExecutorRegistry } from './executor-registry.js';

/** A dispatch whose assignment or input has not arrived yet. */
interface Pending {
  readonly order: DispatchOrder;
  readonly chunks: Uint8Array[];
  received: number;
  cancelTimer: () => void;
}

export interface IntakeParts {
  readonly engine: Engine;
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly registry: Pick<ExecutorRegistry, 'has'>;
  readonly inbox: string;
  /** Whether a dispatch may begin before the inbox assigns it. */
  readonly start: 'on_assignment' | 'on_dispatch';
  /** Sequence number up to which the inbox was read. */
  readonly readUpTo: () => number;
}

/** Tells whoever dispatched that nothing comes of it. */
export type Refuse = (ref: AttemptRef, why: Refusal) => void;

/** Brings together what a session dispatches and what the inbox assigns. Bounded in number, bytes and time. */
export class Intake {
  readonly #pending = new Map<string, Pending>();
  readonly #early: EarlyStarts;
  #receiving = 0;
  #refuse: Refuse = () => undefined;

  constructor(private readonly parts: IntakeParts) {
    this.#early = new EarlyStarts({ ...parts, refuse: ({ ref }, why) => this.#refuse(ref, why) });
  }

  onRefusal(refuse: Refuse): void {
    this.#refuse = refuse;
  }

  get waiting(): number {
    return this.#pending.size;
  }

  /** `known`: the attempt has all it needs already, its events are to be sent again. */
  dispatch(order: DispatchOrder, input: Uint8Array): 'known' | 'pending' {
    const key = attemptKey(order.ref);
    const why = checkDispatch(order, { inbox: this.parts.inbox, maxInputBytes: this.parts.limits.maxInputBytes });
    if (why !== undefined) return this.#decline(order.ref, why);
    const known = this.#known(key, order);
    if (known === 'known') return known;
    if (known !== undefined) return this.#decline(order.ref, known);
    this.#drop(key);
    const full = this.#full(order);
    if (full !== undefined) return this.#decline(order.ref, full);
    this.#receiving += order.inputSize;
    const pending: Pending = { order, chunks: [], received: 0, cancelTimer: () => undefined };
    this.#pending.set(key, pending);
    this.#restartTimer(key, pending);
    if (input.length > 0) this.chunk(order.ref, 0, input);
    else this.#advance(key, pending);
    return 'pending';
  }

  /** The next part of an input. */
  chunk(ref: AttemptRef, offset: number, data: Uint8Array): void {
    const key = attemptKey(ref);
    const pending = this.#pending.get(key);
    if (pending === undefined) {
      // The inbox carried the input too, or it was complete before this repetition of it came.
      if (this.parts.engine.find(key) !== undefined) return;
      this.#refuse(ref, refusal('FAILED_PRECONDITION', 'no dispatch of this attempt waits for its input'));
      return;
    }
    const { order } = pending;
    if (offset !== pending.received || offset + data.length > order.inputSize) {
      this.#drop(key);
      const expected = `${pending.received} of ${order.inputSize}`;
      this.#refuse(ref, refusal('OUT_OF_RANGE', `expected byte ${expected}, got ${offset}; dispatch it again`));
      return;
    }
    pending.chunks.push(data);
    pending.received += data.length;
    this.#restartTimer(key, pending);
    this.#advance(key, pending);
  }

  /** The inbox has assigned an attempt. */
  assigned(assignment: Assignment): void {
    const key = attemptKey(assignment.ref);
    this.#early.assigned(assignment);
    const pending = this.#pending.get(key);
    if (pending !== undefined) this.#advance(key, pending);
  }

  /** Forgets a dispatch; says whether there was one. */
  cancel(key: string): boolean {
    const found = this.#pending.has(key);
    this.#drop(key);
    return found;
  }

  /** The inbox was read further: dispatches it should have confirmed by now are refused. */
  inboxRead(sequenceNumber: number): void {
    this.#early.inboxRead(sequenceNumber, (order) => this.#notAssigned(order));
    for (const [key, { order }] of this.#pending) {
      if (order.sequenceNumber > sequenceNumber || this.parts.engine.find(key) !== undefined) continue;
      this.#drop(key);
      this.#refuse(order.ref, this.#notAssigned(order));
    }
  }

  /** The stream that dispatched is gone; whoever opens the next one dispatches again. */
  forgetAll(): void {
    for (const key of [...this.#pending.keys()]) this.#drop(key);
  }

  /** The daemon ends: neither refusals nor timers any more. */
  close(): void {
    this.forgetAll();
    this.#early.close();
  }

  #known(key: string, order: DispatchOrder): 'known' | Refusal | undefined {
    const live = this.parts.engine.find(key);
    const row = this.parts.store.attempt(key);
    // A row of an early start that came to nothing says nothing.
    const assignment = live?.attempt.assignment ?? (row?.early === undefined ? row?.assignment : undefined);
    if (assignment === undefined) return undefined;
    const difference = compareWithInbox(order, assignment);
    if (difference !== undefined) return difference;
    return live?.attempt.phase === 'assigned' && !live.hasInput ? undefined : 'known';
  }

  #full(order: DispatchOrder): Refusal | undefined {
    const { limits, engine, readUpTo } = this.parts;
    const assigned = engine.find(attemptKey(order.ref)) !== undefined;
    if (!assigned && readUpTo() >= order.sequenceNumber) return this.#notAssigned(order);
    if (this.#pending.size + this.#early.size >= limits.awaiting) {
      return refusal('RESOURCE_EXHAUSTED', `${limits.awaiting} dispatches wait for the inbox or their input already`);
    }
    if (this.#receiving + order.inputSize > limits.receivingBytes) {
      return refusal('RESOURCE_EXHAUSTED', `inputs of ${this.#receiving} bytes are being received already`);
    }
    return undefined;
  }

  #notAssigned(order: DispatchOrder): Refusal {
    return refusal('NOT_FOUND', `message ${order.sequenceNumber} of inbox ${order.inbox} does not assign this attempt`);
  }

  #advance(key: string, pending: Pending): void {
    const { order } = pending;
    if (pending.received < order.inputSize) return;
    const live = this.parts.engine.find(key);
    if (live === undefined && !this.#early.allows(order)) return;
    this.#drop(key);
    const difference = live && compareWithInbox(order, live.attempt.assignment);
    if (difference !== undefined) {
      this.#refuse(order.ref, difference);
      return;
    }
    const input = pending.chunks.length === 1 && pending.chunks[0] ? pending.chunks[0] : Buffer.concat(pending.chunks);
    if (sha256(input) !== order.inputSha256) {
      this.#refuse(order.ref, refusal('DATA_LOSS', 'the bytes of the input do not match its digest'));
      return;
    }
    const taken = live ? this.parts.engine.provideInput(key, input) : this.#early.begin(order, input);
    void taken.then(
      (why) => why && this.#refuse(order.ref, why),
      (error: unknown) => this.#refuse(order.ref, refusal('UNAVAILABLE', toGatepostError(error).message)),
    );
  }

  #decline(ref: AttemptRef, why: Refusal): 'pending' {
    this.#refuse(ref, why);
    return 'pending';
  }

  #restartTimer(key: string, pending: Pending): void {
    const { clock, limits } = this.parts;
    pending.cancelTimer();
    pending.cancelTimer = clock.at(clock.nowMs() + limits.awaitingMs, () => {
      this.#drop(key);
      const missing = pending.received < pending.order.inputSize ? 'its input' : 'its assignment on the inbox';
      this.#refuse(pending.order.ref, refusal('NOT_FOUND', `${missing} did not arrive in ${limits.awaitingMs} ms`));
    });
  }

  #drop(key: string): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    pending.cancelTimer();
    this.#receiving -= pending.order.inputSize;
    this.#pending.delete(key);
  }
}
