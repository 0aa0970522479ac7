import { GatepostError, toGatepostError } from '../../vocabulary/errors.js';
import type { Outcome, Receipt } from '../../vocabulary/outcome.js';
import { msFromNanos, type Nanos } from '../../vocabulary/time.js';
import type { PreparedTransaction } from '../ledger.js';
import { open } from './envelope.js';
import type { PastTransaction } from './history.js';
import type { Host } from './host.js';

/** As the adapter of the SDK has them (hedera/transaction.ts). */
const RECEIPT_TIMEOUT_MS = { taken: 15_000, maybe: 4_000 };
const MIRROR_PATIENCE_MS = 60_000;
const NUDGE_AFTER_MS = 2_000;
const NUDGE_EVERY_MS = 5_000;
const TOO_LATE = 'the network did not take it within its window';
const NOT_NOW = 'THROTTLED_AT_CONSENSUS';

function receiptOf({ id, schedule }: PastTransaction, sequence: number | undefined): Receipt {
  return {
    id,
    accountId: undefined,
    topicId: undefined,
    tokenId: undefined,
    scheduleId: schedule,
    topicSequenceNumber: sequence,
  };
}

function outcomeOf(past: PastTransaction, sequence: number | undefined): Outcome {
  const { id, result } = past;
  if (result === 'SUCCESS') return { kind: 'done', receipt: receiptOf(past, sequence) };
  return result === NOT_NOW ? { kind: 'never', id, why: result } : { kind: 'refused', id, status: result };
}

/** One execution of prepared bytes; it learns the outcome in the same steps as the adapter of the SDK. */
export class MemoryExecution {
  readonly #giveUpMs: number;
  #takenHere = false;
  #asked = false;
  #nudgedMs = 0;
  #mirrorTime: Nanos | undefined;
  why = 'no answer';

  constructor(
    readonly host: Host,
    readonly prepared: PreparedTransaction,
    /** Whether an earlier submission of these bytes may have been taken. */
    public maybeTaken: boolean,
    /** A transaction that does nothing but move the network's time on. */
    readonly nudge: () => Uint8Array,
  ) {
    const { id } = open(prepared.bytes);
    if (id !== prepared.id) throw new GatepostError('INTERNAL', `the bytes of ${prepared.id} hold ${id}`);
    this.#giveUpMs = Math.max(host.clock.nowMs(), msFromNanos(prepared.validUntil)) + MIRROR_PATIENCE_MS;
  }

  get isOver(): boolean {
    const { network, clock } = this.host;
    return clock.nowMs() > this.#giveUpMs || network.chance(network.conditions.givenUp);
  }

  /** One round of submitting, asking for the receipt and asking the mirror; undefined when nobody could tell. */
  async round(): Promise<Outcome | undefined> {
    const { id, bytes } = this.prepared;
    const isFirst = !this.#asked;
    this.#asked = true;
    const said = await this.host.submit(bytes);
    if (!this.maybeTaken && said.kind === 'refused') return { kind: 'refused', id, status: said.status };
    if (said.kind === 'expired') this.why = isFirst ? 'TRANSACTION_EXPIRED' : TOO_LATE;
    if (!this.maybeTaken && said.kind === 'expired') return { kind: 'never', id, why: this.why };
    if (said.kind === 'taken') this.#takenHere = true;
    if (said.kind === 'taken' || said.kind === 'duplicate' || said.kind === 'unanswered') this.maybeTaken = true;
    if (said.kind === 'refused') this.why = said.status;
    if (said.kind === 'later' || said.kind === 'unanswered') this.why = said.why;
    return (await this.#byReceipt(said.kind === 'taken')) ?? (await this.#byMirror());
  }

  /** A receipt does not tell whose bytes it is about, so it counts only when ours were taken. */
  async #byReceipt(taken: boolean): Promise<Outcome | undefined> {
    if (!this.#takenHere) return undefined;
    const patienceMs = taken ? RECEIPT_TIMEOUT_MS.taken : RECEIPT_TIMEOUT_MS.maybe;
    const receipt = await this.host.receipt(this.prepared.id, patienceMs);
    return receipt && outcomeOf(receipt.past, receipt.sequence);
  }

  async #byMirror(): Promise<Outcome | undefined> {
    const { network } = this.host;
    const { id, bytes, validUntil } = this.prepared;
    try {
      await this.host.wait(network.pick(network.conditions.readMs));
      const until = network.mirror.restUntil();
      const now = network.history.newestUntil(until)?.at ?? 0n;
      const found = network.history.of(id).find(({ at, scheduled }) => at <= until && !scheduled);
      if (found !== undefined) {
        const ours = found.bytes !== undefined && Buffer.compare(found.bytes, bytes) === 0;
        if (ours) return outcomeOf(found, undefined);
        return { kind: 'never', id, why: 'another transaction of this account has the same id' };
      }
      if (now > validUntil) return { kind: 'never', id, why: this.why };
      await this.#nudge(now);
    } catch (error) {
      this.why = toGatepostError(error, 'MIRROR_UNREACHABLE').message;
    }
    return undefined;
  }

  /** Time on a network is that of its transactions: where nobody else makes any, ours moves it past the window. */
  async #nudge(now: Nanos): Promise<void> {
    const { validUntil } = this.prepared;
    const stands = this.#mirrorTime === now;
    this.#mirrorTime = now;
    const nowMs = this.host.clock.nowMs();
    if (!stands || nowMs < msFromNanos(validUntil) + NUDGE_AFTER_MS || nowMs < this.#nudgedMs + NUDGE_EVERY_MS) return;
    this.#nudgedMs = nowMs;
    const nudged = await this.host.submit(this.nudge());
    if (nudged.kind !== 'taken') this.why = `the network's time stands still: ${nudged.kind}`;
  }
}
