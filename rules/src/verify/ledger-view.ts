import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import type { Evidence, TransactionEvidence } from './evidence.js';
import { type Entry, isA, type RunHistory } from './history.js';
import type { Messages } from './messages.js';
import type { Replay } from './replay.js';

/** A payment record with the run it is of. */
export interface Recorded {
  readonly run: RunHistory;
  readonly entry: Entry<'settled'>;
}

/** Where one stands. */
interface RecordedAt {
  readonly run: RunHistory;
  readonly place: number;
}

/** An atomic batch with payment records: all that was recorded in it, for whatever run, and all that it did. */
export interface PaymentBatch {
  readonly at: Nanos;
  readonly records: readonly Recorded[];
  readonly transactions: readonly TransactionEvidence[];
}

/** The transactions by time and by batch, with what the runs recorded in them. */
export class LedgerView {
  readonly #messages: Messages;
  readonly #at = new Map<Nanos, TransactionEvidence>();
  readonly #inner = new Map<Nanos, TransactionEvidence[]>();
  readonly #batches = new Map<Nanos, RecordedAt[]>();
  readonly #disputed = new Set<Nanos>();
  readonly #loose: RecordedAt[] = [];

  constructor(
    readonly evidence: Pick<Evidence, 'transactions' | 'treasuries' | 'accountKeys' | 'disputeSchedules'>,
    { runs, messages }: Pick<Replay, 'runs' | 'messages'>,
  ) {
    this.#messages = messages;
    for (const transaction of evidence.transactions) {
      this.#at.set(transaction.at, transaction);
      if (transaction.batch !== undefined) append(this.#inner, transaction.batch, transaction);
    }
    for (const at of evidence.disputeSchedules?.values() ?? []) if (at !== undefined) this.#disputed.add(at);
    for (const run of runs.values()) {
      for (const place of run.settled) {
        const batch = this.batchAt(messages.timeOf(place));
        if (batch === undefined) this.#loose.push({ run, place });
        else append(this.#batches, batch, { run, place });
      }
    }
  }

  /** The batch that carried the message with a consensus timestamp. */
  batchAt(at: Nanos): Nanos | undefined {
    return this.#at.get(at)?.batch;
  }

  /** The successful transaction of a consensus timestamp. */
  transactionAt(at: Nanos): TransactionEvidence | undefined {
    return this.#at.get(at);
  }

  /** Whether a dispute named the schedule that the network carried out at a time; there are rules of their own for these. */
  isDisputed(at: Nanos): boolean {
    return this.#disputed.has(at);
  }

  /** Whether a batch carries a payment record of any run. */
  isRecorded = (batch: Nanos): boolean => this.#batches.has(batch);

  /** Payment records outside any batch. */
  *loose(): Generator<Recorded> {
    for (const one of this.#loose) yield this.#recorded(one);
  }

  *batches(): Generator<PaymentBatch> {
    for (const [at, places] of this.#batches) {
      yield { at, records: places.map((one) => this.#recorded(one)), transactions: this.#inner.get(at) ?? [] };
    }
  }

  #recorded({ run, place }: RecordedAt): Recorded {
    const entry = this.#messages.entryAt(place);
    if (!isA(entry, 'settled')) throw new Error(`${entry.topic}/${entry.sequence} holds no payment record`);
    return { run, entry };
  }

  /**
   * The accounts whose tokens are a run's business: its coordinator's, and the token's treasury under the same key; of a run
   * with a gatekeeper its escrow alone, which the coordinator fills from elsewhere.
   */
  watchedBy({ coordinator, escrow, token }: RunHistory): ReadonlySet<AccountId> {
    if (escrow !== undefined) return new Set([escrow]);
    return new Set([coordinator, ...treasuryOf(this.evidence, coordinator, token)]);
  }
}

/** The treasury of a token, when it is under the coordinator's own key: nobody else's treasury is the run's business. */
export function treasuryOf(
  { treasuries, accountKeys }: Pick<Evidence, 'treasuries' | 'accountKeys'>,
  coordinator: AccountId,
  token: TokenId,
): AccountId[] {
  const treasury = treasuries.get(token);
  const key = accountKeys.get(coordinator);
  return treasury !== undefined && key !== undefined && accountKeys.get(treasury) === key ? [treasury] : [];
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
