import type { Connection } from '@gatepost/shared/hedera/connection';
import { prepareMessage } from '@gatepost/shared/hedera/topics';
import { execute } from '@gatepost/shared/hedera/transaction';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';

interface Waiting {
  readonly record: AnyRecord;
  readonly done: (sequence: number | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** How long the network may take a message; short, so that what a dead process had sent is soon decided. */
const VALID_SECONDS = 30;

/** Writes records to topics. Those that come while a message is on its way share the next one. */
export class RecordWriter {
  readonly #queues = new Map<string, Waiting[]>();

  constructor(readonly connection: Connection) {}

  /**
   * Writes one record; resolves when the network has taken its message, with its sequence number on the topic if that is
   * known: the mirror, asked in place of a lost receipt, does not tell it.
   * @throws GatepostError as `execute` does; LEDGER_UNREACHABLE means that it certainly was not written.
   */
  write(topic: TopicId, run: string | undefined, record: AnyRecord): Promise<number | undefined> {
    return new Promise((done, failed) => {
      const key = `${topic}|${run ?? ''}`;
      const queue = this.#queues.get(key);
      if (queue !== undefined) {
        queue.push({ record, done, failed });
        return;
      }
      const opened: Waiting[] = [{ record, done, failed }];
      this.#queues.set(key, opened);
      setImmediate(() => void this.#drain(key, topic, run, opened));
    });
  }

  async #drain(key: string, topic: TopicId, run: string | undefined, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) await this.#send(topic, run, queue.splice(0));
    this.#queues.delete(key);
  }

  async #send(topic: TopicId, run: string | undefined, batch: readonly Waiting[]): Promise<void> {
    let messages: Buffer[];
    try {
      messages = packRecords(
        run,
        batch.map(({ record }) => record),
      );
    } catch (error) {
      for (const { failed } of batch) failed(error);
      return;
    }
    let next = 0;
    const sent = messages.map(async (message) => {
      const carried = batch.slice(next, next + recordsIn(message));
      next += carried.length;
      try {
        const prepared = await prepareMessage(this.connection, topic, message, { validSeconds: VALID_SECONDS });
        const { topicSequenceNumber } = requireDone(await execute(this.connection, prepared));
        for (const { done } of carried) done(topicSequenceNumber);
      } catch (error) {
        for (const { failed } of carried) failed(error);
      }
    });
    await Promise.all(sent);
  }
}

const recordsIn = (message: Buffer): number =>
  (JSON.parse(message.toString('utf8')) as { records: unknown[] }).records.length;
