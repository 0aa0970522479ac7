import type { Clock } from '../../clock.js';
import { GatepostError } from '../../vocabulary/errors.js';
import { type AccountId, type TopicId, type TransactionId, transactionId } from '../../vocabulary/ids.js';
import type { Outcome } from '../../vocabulary/outcome.js';
import { formatNanos, type Nanos, nanosFromMs } from '../../vocabulary/time.js';
import type { TopicCreation } from '../../vocabulary/topic-creation.js';
import type { Escrow } from '../cosigner.js';
import { EarlyStarts } from '../early-starts.js';
import type {
  Action,
  ExecuteOptions,
  Ledger,
  ListedTransaction,
  PrepareActions,
  PreparedTransaction,
  WaitingSchedule,
} from '../ledger.js';
import type { Cursor, TopicMessage } from '../topic-message.js';
import { cosigned, unsignedBatch } from './cosigning.js';
import { type Envelope, seal, windowEnd } from './envelope.js';
import { MemoryExecution } from './execution.js';
import { Host } from './host.js';
import type { NetworkCore } from './network-core.js';

export interface MemoryLedgerOptions {
  /** The process's clock, which may differ from the network's. Default: the network's. */
  readonly clock?: Clock;
  /** Once it is aborted the process is dead: nothing is answered to it any more, not even that it failed. */
  readonly killed?: AbortSignal;
}

const DEFAULT_VALID_SECONDS = 120;
/** As the adapter of the SDK makes ids. */
const VALID_START_AGE_MS = 2_000;
const MAX_STEP = 1_000;
const RETRY_PAUSE_MS = 500;
const NUDGE_VALID_SECONDS = 15;
const NANOS_PER_MS = 1_000_000;

/** A network in memory as one account sees it from one process. */
export class MemoryLedger implements Ledger {
  readonly #host: Host;
  readonly #fresh = new WeakSet<PreparedTransaction>();
  readonly #early: EarlyStarts;
  #lastStart: Nanos = 0n;

  constructor(
    readonly network: NetworkCore,
    readonly account: AccountId,
    { clock = network.clock, killed }: MemoryLedgerOptions,
  ) {
    this.#host = new Host(network, clock, killed);
    this.#early = new EarlyStarts((below) => Math.floor(network.random() * below));
  }

  nextTransactionId(): TransactionId {
    const { random } = this.network;
    const start = nanosFromMs(this.#host.clock.nowMs() - VALID_START_AGE_MS);
    const candidate = start + BigInt(Math.floor(random() * NANOS_PER_MS));
    const step = 1n + BigInt(Math.floor(random() * MAX_STEP));
    this.#lastStart = candidate > this.#lastStart ? candidate : this.#lastStart + step;
    return transactionId(this.account, this.#lastStart);
  }

  async prepare(
    actions: readonly Action[],
    { firstId, validSeconds = DEFAULT_VALID_SECONDS, escrow }: PrepareActions = {},
  ): Promise<PreparedTransaction> {
    if (actions.length === 0) throw new GatepostError('INTERNAL', 'nothing to prepare');
    if (escrow !== undefined) return this.#prepareFromEscrow(actions, firstId, validSeconds, escrow);
    return this.#prepare(actions, firstId, validSeconds);
  }

  #prepare(actions: readonly Action[], firstId: TransactionId | undefined, validSeconds: number): PreparedTransaction {
    const parts = actions.map((action, index) => ({
      id: index === 0 && firstId !== undefined ? firstId : this.nextTransactionId(),
      action,
    }));
    const id = parts.length === 1 && parts[0] !== undefined ? parts[0].id : this.nextTransactionId();
    const bytes = seal({ id, payer: this.account, validSeconds, parts });
    const prepared = { id, bytes, validUntil: windowEnd(id, validSeconds) };
    this.#fresh.add(prepared);
    return prepared;
  }

  async #prepareFromEscrow(
    actions: readonly Action[],
    firstId: TransactionId | undefined,
    validSeconds: number,
    { account, cosigner }: Escrow,
  ): Promise<PreparedTransaction> {
    const parts = actions.map((action, index) => ({
      id: index === 0 && firstId !== undefined ? firstId : this.nextTransactionId(),
      action,
      batchKey: cosigner.account,
      ...(action.kind === 'transfer' ? { from: account } : {}),
    }));
    const id = this.#idBy(await this.mirrorTime());
    const envelope: Envelope = { id, payer: this.account, validSeconds, parts };
    const signed = cosigned(envelope, await cosigner.cosign(unsignedBatch(envelope)));
    const prepared = { id, bytes: seal(signed), validUntil: windowEnd(id, validSeconds) };
    this.#fresh.add(prepared);
    return prepared;
  }

  #idBy(time: Nanos): TransactionId {
    return transactionId(this.account, this.#early.next(time));
  }

  async execute(prepared: PreparedTransaction, { signal, onWait }: ExecuteOptions = {}): Promise<Outcome> {
    const nudge = () => this.#prepare([], undefined, NUDGE_VALID_SECONDS).bytes;
    const execution = new MemoryExecution(this.#host, prepared, !this.#fresh.delete(prepared), nudge);
    while (signal?.aborted !== true) {
      const outcome = await execution.round();
      if (outcome !== undefined) return outcome;
      onWait?.(execution.why);
      if (execution.isOver) break;
      await this.#host.wait(RETRY_PAUSE_MS, signal);
    }
    return { kind: 'unknown', id: prepared.id, why: execution.why };
  }

  async *follow(topic: TopicId, after: Cursor, signal: AbortSignal): AsyncGenerator<TopicMessage> {
    let cursor = after;
    while (!signal.aborted) {
      const next = this.network.mirror.streamed(topic, cursor);
      if ('message' in next) {
        cursor = next.message;
        yield next.message;
      } else {
        await this.#host.news(next.inMs, signal);
      }
    }
  }

  async *read(topic: TopicId, after: Cursor): AsyncGenerator<TopicMessage> {
    const until = await this.#look();
    const found = this.network.entities.topics.get(topic);
    if (found === undefined) throw new GatepostError('NOT_FOUND', `the mirror knows no topic ${topic}`);
    let cursor = after;
    for (let next = found.after(cursor); next !== undefined && next.consensusTimestamp <= until; ) {
      cursor = next;
      yield next;
      next = found.after(cursor);
    }
  }

  /** Waits as long as a read takes; then up to where the mirror shows things. @throws GatepostError MIRROR_UNREACHABLE */
  async #look(): Promise<Nanos> {
    await this.#host.wait(this.network.pick(this.network.conditions.readMs));
    return this.network.mirror.restUntil();
  }

  async *messagesBy(author: AccountId, after: Nanos): AsyncGenerator<ListedTransaction> {
    const until = await this.#look();
    for (const { id, at, payer, kind, topic, result } of this.network.history.between(after, until)) {
      if (payer !== author || kind !== 'message' || result !== 'SUCCESS') continue;
      if (topic !== undefined) yield { id, topic, at };
    }
  }

  async resultOf(id: TransactionId): Promise<string | undefined> {
    const until = await this.#look();
    return this.network.history.of(id).find(({ at, scheduled }) => at <= until && !scheduled)?.result;
  }

  async isOfOwnSchedule(author: AccountId, at: Nanos): Promise<boolean> {
    const until = await this.#look();
    const posted = at <= until ? this.network.history.at(at) : undefined;
    if (posted === undefined) {
      throw new GatepostError(
        'MIRROR_UNREACHABLE',
        `the mirror shows a message of ${formatNanos(at)}, but not its cause`,
      );
    }
    const schedule = posted.schedule && this.network.entities.schedules.get(posted.schedule);
    return posted.scheduled && posted.result === 'SUCCESS' && schedule?.creator === author;
  }

  async topicCreation(topic: TopicId): Promise<TopicCreation | undefined> {
    const until = await this.#look();
    const creation = this.network.entities.topics.get(topic)?.creation;
    return creation !== undefined && creation.at <= until ? creation : undefined;
  }

  async topicsMadeBy(makers: ReadonlyMap<TopicId, AccountId>): Promise<ReadonlyMap<TopicId, TopicCreation>> {
    const until = await this.#look();
    return new Map(
      [...makers].flatMap(([topic, maker]) => {
        const creation = this.network.entities.topics.get(topic)?.creation;
        return creation?.by === maker && creation.at <= until ? [[topic, creation] as const] : [];
      }),
    );
  }

  async waitingSchedules(): Promise<readonly WaitingSchedule[]> {
    const until = await this.#look();
    const shown = (at: Nanos | undefined) => at !== undefined && at <= until;
    const waiting = [...this.network.entities.schedules.values()].filter(
      ({ creator, createdAt, deletedAt, executedAt }) =>
        creator === this.account && shown(createdAt) && !shown(deletedAt) && !shown(executedAt),
    );
    return waiting.map(({ id, action }) => ({ id, memo: action.memo }));
  }

  async mirrorTime(): Promise<Nanos> {
    return this.network.history.newestUntil(await this.#look())?.at ?? 0n;
  }
}
