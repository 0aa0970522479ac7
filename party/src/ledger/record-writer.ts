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
  readonly done: (outcome: Outcome) => void;
  readonly failed: (error: unknown) => void;
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

/** Writes records to topics. Those that come while a message is on its way share the next one. */
export class RecordWriter {
  readonly #queues = new Map<string, Waiting[]>();

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
   * @throws GatepostError RECORD_TOO_LARGE
   */
  write(topic: TopicId, run: string | undefined, record: AnyRecord): Promise<Outcome> {
    return new Promise((done, failed) => {
      const key = `${topic}|${run ?? ''}`;
      const queue = this.#queues.get(key);
      if (queue !== undefined) {
        queue.push({ record, done, failed });
        return;
      }
      const opened: Waiting[] = [{ record, done, failed }];
      this.#queues.set(key, opened);
      const drain = () => void this.#drain(key, topic, run, opened);
      if (this.fillMs > 0 && SHARED.has(record.type)) this.clock.at(this.clock.nowMs() + this.fillMs, drain);
      else this.clock.soon(drain);
    });
  }

  async #drain(key: string, topic: TopicId, run: string | undefined, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) await this.#send(topic, run, queue.splice(0));
    this.#queues.delete(key);
  }

  async #send(topic: TopicId, run: string | undefined, batch: readonly Waiting[]): Promise<void> {
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
