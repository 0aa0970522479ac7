import type { CryptoPort } from './crypto-port.js';
import { foundLedger, type Genesis } from './genesis.js';
import type { Handled } from './handling/dispatch.js';
import { HandlingGroup } from './handling/group.js';
import { RecordCache } from './handling/record-cache.js';
import { keyText } from './ids.js';
import type { Clocks } from './ingest/body-checks.js';
import type { Envelope } from './ingest/envelope.js';
import { ingest } from './ingest/ingest.js';
import type { Throttles } from './ingest/throttles.js';
import type { Nanos } from './model.js';
import type { RecordItem } from './record-item.js';
import { stateDigest } from './state/digest.js';
import { LedgerState } from './state/ledger-state.js';
import { secondsToNanos, wholeSeconds } from './time.js';

/**
 * The network as a pure machine: transactions and timestamps in, results out. The same genesis and the same sequence of
 * `handle` and `expire` calls always give the same state.
 */
export class Network {
  readonly state = new LedgerState();
  readonly records = new RecordCache();
  readonly genesisItems: readonly RecordItem[];
  readonly #crypto: CryptoPort;
  readonly #throttles: Throttles | undefined;
  #last: Nanos;

  /** @param throttles what is taken in a time; anything without. */
  constructor(crypto: CryptoPort, genesis: Genesis, throttles?: Throttles) {
    this.#crypto = crypto;
    this.#throttles = throttles;
    this.genesisItems = foundLedger(this.state, genesis);
    this.#last = genesis.time + BigInt(this.genesisItems.length);
  }

  /** The newest consensus timestamp given out. */
  get lastTimestamp(): Nanos {
    return this.#last;
  }

  /** Checks a submission as a node does and takes its ids as accepted; `also` may demand more of it. Throws StatusError with the precheck code. */
  accept(bytes: Uint8Array, clocks: Clocks, also?: (envelope: Envelope) => void): Envelope {
    const envelope = ingest(bytes, {
      state: this.state,
      crypto: this.#crypto,
      clocks,
      seen: (id) => this.records.seen(id),
      throttles: this.#throttles,
    });
    also?.(envelope);
    this.readmit(envelope, clocks);
    return envelope;
  }

  /** Takes the ids of a transaction as accepted without checking it: for one that was accepted before. */
  readmit(envelope: Envelope, clocks: Clocks): void {
    for (const { id } of [envelope, ...envelope.inner]) {
      this.records.accept(id, clocks.ledger, clocks.ledger - clocks.wall);
    }
  }

  /** Gives a transaction its place in consensus, no earlier than `now`, and handles it with all it causes. */
  handle(envelope: Envelope, now: Nanos): Handled[] {
    return this.#advance(new HandlingGroup(this.state, this.#crypto, this.#timestamp(now)).handle(envelope));
  }

  /** The time at which the next schedule expires. */
  nextExpiry(): Nanos | undefined {
    const second = this.state.nextExpirySecond();
    return second === undefined ? undefined : secondsToNanos(second);
  }

  /**
   * Settles the schedules of the earliest second that is past at `now`: those that wait for their expiry run, all are
   * purged. Returns undefined when none is due.
   */
  expire(now: Nanos): Handled[] | undefined {
    const second = this.state.nextExpirySecond();
    if (second === undefined || second > wholeSeconds(now)) {
      return undefined;
    }
    const handled: Handled[] = [];
    for (const num of this.state.schedulesAt(second)) {
      const schedule = this.state.schedules.get(num);
      const isDue = schedule?.waitForExpiry && schedule.executed === undefined && schedule.deletedAt === undefined;
      if (isDue) {
        const group = new HandlingGroup(this.state, this.#crypto, this.#timestamp(now));
        handled.push(...this.#advance(group.handleSchedule(num)));
      }
      this.state.schedules.remove(num);
      this.state.journal.clear();
    }
    return handled;
  }

  /** Makes results visible to receipt and record queries; inner transactions that never ran stay UNKNOWN. */
  publish(handled: readonly Handled[], envelope: Envelope | undefined, clocks: Clocks): void {
    const skew = clocks.ledger - clocks.wall;
    const done = new Set<string>();
    for (const result of handled) {
      done.add(keyText(result.item.transactionId));
      this.records.publish(result, result.item.consensusTimestamp, skew);
    }
    for (const { id } of envelope?.inner ?? []) {
      if (!done.has(keyText(id))) {
        this.records.abandon(id);
      }
    }
    this.records.sweep(clocks.ledger, skew);
  }

  /** SHA-384 of the whole state, hex. */
  digest(): string {
    return stateDigest(this.state, this.#crypto);
  }

  #timestamp(now: Nanos): Nanos {
    return now > this.#last ? now : this.#last + 1n;
  }

  #advance(handled: Handled[]): Handled[] {
    this.#last = handled.at(-1)?.item.consensusTimestamp ?? this.#last;
    return handled;
  }
}
