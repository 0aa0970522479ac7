import type { LedgerClock } from '../clock.js';
import type { Handled } from '../core/handling/dispatch.js';
import { keyText } from '../core/ids.js';
import type { Envelope } from '../core/ingest/envelope.js';
import type { Nanos, TransactionKey } from '../core/model.js';
import type { Network } from '../core/network.js';
import { demand, Status } from '../core/status.js';
import type { InputLog, LoggedInput } from '../store/input-log.js';
import type { RecordHub } from './record-hub.js';

/** Longest delay a Node timer takes, in milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** What the platform works with. */
export interface PlatformParts {
  readonly network: Network;
  readonly clock: LedgerClock;
  readonly log: InputLog;
  readonly hub: RecordHub;
  /** Milliseconds from acceptance to consensus; 0 handles at once. */
  readonly consensusDelayMs: () => number;
  /** Told once when the log cannot be written any more; the platform is then no longer active. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Consensus of one node: gives accepted transactions their order and time, has them handled, and publishes each result
 * once it is durable. Runs schedules when their time has come.
 */
export class Platform {
  readonly #parts: PlatformParts;
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #delayed = new Set<NodeJS.Timeout>();
  readonly #stopListening: () => void;
  #published: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The expiry the timer is set for. */
  #armedFor: Nanos | undefined;
  #isActive = false;

  constructor(parts: PlatformParts) {
    this.#parts = parts;
    this.#stopListening = parts.clock.onAdvance(() => this.#clockAdvanced());
  }

  /** Whether the platform takes transactions: from its start, once stored history is back, until it is closed or broken. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** Begins to take transactions and to run schedules, those that fell due in the meantime first. */
  start(): void {
    this.#isActive = true;
    this.#wake();
  }

  /** Resolves when everything handled so far is durable and published. */
  async settled(): Promise<void> {
    await this.#published;
  }

  /**
   * Checks a submission, and whatever `also` demands of it, and passes it on to consensus. Throws StatusError with the
   * precheck code.
   */
  submit(bytes: Uint8Array, also?: (envelope: Envelope) => void): void {
    demand(this.#isActive, Status.PLATFORM_NOT_ACTIVE);
    const { network, clock, consensusDelayMs } = this.#parts;
    const envelope = network.accept(bytes, { ledger: clock.now(), wall: clock.wall() }, also);
    const delay = consensusDelayMs();
    if (delay === 0) {
      this.#handle(envelope);
      return;
    }
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      this.#handle(envelope);
    }, delay);
    this.#delayed.add(timer);
  }

  /** Resolves when the transaction is final, or after `boundMs`. */
  async untilFinal(key: TransactionKey, boundMs: number): Promise<void> {
    const text = keyText(key);
    const waiters = this.#waiters.get(text) ?? new Set();
    this.#waiters.set(text, waiters);
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        waiters.delete(done);
        if (waiters.size === 0) {
          this.#waiters.delete(text);
        }
        resolve();
      };
      const timer = setTimeout(done, boundMs);
      waiters.add(done);
    });
  }

  /** Stops timers and releases waiting queries; transactions still under way are lost, as in a crash. */
  async close(): Promise<void> {
    this.#isActive = false;
    this.#stopListening();
    clearTimeout(this.#timer);
    for (const timer of this.#delayed) {
      clearTimeout(timer);
    }
    await this.#published?.catch(() => {});
    for (const waiters of [...this.#waiters.values()]) {
      for (const done of [...waiters]) {
        done();
      }
    }
    await this.#parts.log.close();
  }

  #handle(envelope: Envelope): void {
    const { network, clock } = this.#parts;
    const now = clock.now();
    this.#expireUntil(now);
    const handled = network.handle(envelope, now);
    const verdicts = [envelope, ...envelope.inner].map(({ signatures }) => signatures.verdicts);
    const { signedBytes } = envelope;
    this.#finish({ kind: 'transaction', now, skew: clock.offset(), signedBytes, verdicts }, handled, envelope);
    this.#arm();
  }

  /** Settles all schedules due at `now`, each at its own second. */
  #expireUntil(now: Nanos): void {
    const { network } = this.#parts;
    for (let due = network.nextExpiry(); due !== undefined && due <= now; due = network.nextExpiry()) {
      const handled = network.expire(due) ?? [];
      this.#finish({ kind: 'expiry', now: due }, handled, undefined);
    }
  }

  #finish(input: LoggedInput, handled: readonly Handled[], envelope: Envelope | undefined): void {
    const durable = this.#parts.log.append(input);
    if (durable === undefined && this.#published === undefined) {
      this.#publish(handled, envelope);
      return;
    }
    const before = this.#published;
    const published = (async () => {
      await before;
      await durable;
      this.#publish(handled, envelope);
    })();
    this.#published = published;
    published.then(
      () => {
        if (this.#published === published) {
          this.#published = undefined;
        }
      },
      (error: unknown) => this.#break(error),
    );
  }

  #break(error: unknown): void {
    if (this.#isActive) {
      this.#isActive = false;
      this.#parts.onFailure(error);
    }
  }

  #publish(handled: readonly Handled[], envelope: Envelope | undefined): void {
    const { network, clock, hub } = this.#parts;
    network.publish(handled, envelope, { ledger: clock.now(), wall: clock.wall() });
    for (const { item } of handled) {
      hub.emit(item);
      for (const done of [...(this.#waiters.get(keyText(item.transactionId)) ?? [])]) {
        done();
      }
    }
  }

  async #clockAdvanced(): Promise<void> {
    const { clock, log, network } = this.#parts;
    await log.append({ kind: 'clock', skew: clock.offset() });
    this.#expireUntil(clock.now());
    this.#armedFor = undefined;
    network.publish([], undefined, { ledger: clock.now(), wall: clock.wall() });
    this.#arm();
    await this.settled();
  }

  /** Sets the timer for the next schedule that falls due. */
  #arm(): void {
    const due = this.#parts.network.nextExpiry();
    if (due === this.#armedFor) {
      return;
    }
    clearTimeout(this.#timer);
    this.#armedFor = due;
    if (due === undefined || !this.#isActive) {
      return;
    }
    const delay = Number((due - this.#parts.clock.now()) / 1_000_000n) + 1;
    this.#timer = setTimeout(() => this.#wake(), Math.min(Math.max(delay, 0), LONGEST_TIMER_MS));
    this.#timer.unref();
  }

  #wake(): void {
    this.#armedFor = undefined;
    this.#expireUntil(this.#parts.clock.now());
    this.#arm();
  }
}
