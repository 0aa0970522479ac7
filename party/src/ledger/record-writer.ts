import type { Clock } from '@gatepost/shared/clock';
import { executeUntilKnown } from '@gatepost/shared/ledger/execute-until-known';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { fillMessages, type MessageFill } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { TaskNames } from '@gatepost/shared/records/task-names';
import type { TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import type { WrittenMessage } from './writer-list.js';

interface Waiting {
  readonly record: AnyRecord;
  /** How long it waits for others, at most. */
  readonly untilMs: number;
  readonly done: (outcome: Outcome) => void;
  readonly failed: (error: unknown) => void;
}

/** What waits to be written to a topic for a run. */
interface Queue {
  /** By which it is found again. */
  readonly key: string;
  readonly topic: TopicId;
  readonly run: string | undefined;
  waiting: Waiting[];
  /** Whether messages are on their way. */
  isSending: boolean;
  /** When what waits is sent, unless messages are on their way then, and how to call that off. */
  next: { readonly atMs: number; readonly callOff: () => void } | undefined;
}

/** One wait for the network that is under way. */
export interface NetworkWait {
  /** Nothing yet; the reason in words. */
  note(what: string): void;
  end(): void;
}

/** Is told what is sent and what became of it. */
export interface SendingWatcher {
  sending(id: TransactionId, topic: TopicId): void;
  /** The network took it, and the receipt says where it stands. */
  sent(written: WrittenMessage): void;
  unsent(id: TransactionId): void;
}

/** How long the network may take a message; short, so that what a dead process had sent is soon decided. */
const VALID_SECONDS = 30;

/** Records of which there are many; the others stand alone, and something waits for them. */
const SHARED: ReadonlySet<string> = new Set(['assign', 'cancel', 'verdict'] satisfies AnyRecord['type'][]);

/**
 * Writes records to topics. Those that come while a message is on its way share the next one, as do those that may wait:
 * they go when the first of them has waited long enough, or along with one that may not.
 */
export class RecordWriter {
  readonly #queues = new Map<string, Queue>();

  constructor(
    readonly ledger: Ledger,
    readonly clock: Clock,
    /** Tells of a wait for the network, should there be one. */
    readonly openWait: () => NetworkWait,
    readonly names: TaskNames,
    readonly signal?: AbortSignal,
    readonly watcher?: SendingWatcher,
    /** How long what may share a message waits for others, where messages cost money; milliseconds. */
    readonly fillMs = 0,
  ) {}

  /**
   * Writes one record; resolves with what became of its message, however long that takes to learn. `unknown` only when
   * the signal ends it.
   * @param patienceMs how long it may wait for others to share its message, also where messages cost no money.
   * @throws GatepostError RECORD_TOO_LARGE
   */
  write(topic: TopicId, run: string | undefined, record: AnyRecord, patienceMs = 0): Promise<Outcome> {
    const waitMs = SHARED.has(record.type) ? Math.max(this.fillMs, patienceMs) : 0;
    const untilMs = this.clock.nowMs() + waitMs;
    return new Promise((done, failed) => {
      const queue = this.#queueOf(topic, run);
      queue.waiting.push({ record, untilMs, done, failed });
      this.#sendFrom(queue, untilMs);
    });
  }

  #queueOf(topic: TopicId, run: string | undefined): Queue {
    const key = `${topic}|${run ?? ''}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { key, topic, run, waiting: [], isSending: false, next: undefined };
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #sendFrom(queue: Queue, atMs: number): void {
    if (queue.isSending || (queue.next !== undefined && queue.next.atMs <= atMs)) return;
    queue.next?.callOff();
    const drain = () => void this.#drain(queue);
    const waits = atMs > this.clock.nowMs();
    queue.next = { atMs, callOff: waits ? this.clock.at(atMs, drain) : () => undefined };
    if (!waits) this.clock.soon(drain);
  }

  async #drain(queue: Queue): Promise<void> {
    // A clock that was set back may have had it sent for twice.
    if (queue.isSending || queue.waiting.length === 0) return;
    const batch = queue.waiting;
    queue.waiting = [];
    queue.next = undefined;
    queue.isSending = true;
    await this.#send(queue, batch);
    queue.isSending = false;
    if (queue.waiting.length > 0) {
      this.#sendFrom(
        queue,
        queue.waiting.reduce((least, { untilMs }) => Math.min(least, untilMs), Infinity),
      );
    } else {
      this.#queues.delete(queue.key);
    }
  }

  async #send({ topic, run }: Queue, batch: readonly Waiting[]): Promise<void> {
    let messages: MessageFill[];
    try {
      const records = batch.map(({ record }) => record);
      messages = fillMessages(run, records, this.names);
    } catch (error) {
      for (const { failed } of batch) failed(error);
      return;
    }
    let next = 0;
    const sent = messages.map(async (message) => {
      const carried = batch.slice(next, next + message.size);
      next += carried.length;
      try {
        const outcome = await this.#execute(topic, message.encode());
        for (const { done } of carried) done(outcome);
      } catch (error) {
        for (const { failed } of carried) failed(error);
      }
    });
    await Promise.all(sent);
  }

  async #execute(topic: TopicId, message: Uint8Array): Promise<Outcome> {
    const { ledger, clock, signal, watcher } = this;
    const prepared = await ledger.prepare([{ kind: 'message', topic, message }], { validSeconds: VALID_SECONDS });
    const { id } = prepared;
    const wait = this.openWait();
    watcher?.sending(id, topic);
    try {
      const outcome = await executeUntilKnown(ledger, clock, prepared, {
        onWait: (why) => wait.note(`to take a message: ${why}`),
        ...(signal === undefined ? {} : { signal }),
      });
      const sequenceNumber = outcome.kind === 'done' ? outcome.receipt.topicSequenceNumber : undefined;
      if (sequenceNumber !== undefined) watcher?.sent({ id, topic, message, sequenceNumber });
      if (outcome.kind === 'refused' || outcome.kind === 'never') watcher?.unsent(id);
      return outcome;
    } finally {
      wait.end();
    }
  }
}
