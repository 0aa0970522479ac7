import { type TopicId, type TransactionId, transactionId } from '../vocabulary/ids.js';
import type { StreamedMessage } from './topic-stream.js';

/** A message that is about to be submitted, until it is shown or given up. */
class AwaitedMessage {
  #sequenceNumber: number | undefined;
  #tell: ((sequenceNumber: number | undefined) => void) | undefined;

  constructor(
    readonly message: Uint8Array,
    readonly giveUp: () => void,
  ) {}

  show(sequenceNumber: number): void {
    this.#sequenceNumber = sequenceNumber;
    this.#tell?.(sequenceNumber);
  }

  /** Its sequence number, once it is shown; undefined when that takes longer. */
  async within(ms: number): Promise<number | undefined> {
    if (this.#sequenceNumber !== undefined) return this.#sequenceNumber;
    let late: NodeJS.Timeout | undefined;
    const told = new Promise<number | undefined>((tell) => {
      this.#tell = tell;
      late = setTimeout(tell, ms, undefined);
    });
    return told.finally(() => clearTimeout(late));
  }
}

/**
 * Own messages on topics that this process follows: a subscription that brings a message says that it was taken and where it
 * stands, as its receipt would, so that nobody need be asked for that.
 */
export class ShownMessages {
  readonly #followed = new Map<TopicId, number>();
  readonly #awaited = new Map<TransactionId, AwaitedMessage>();

  /** A subscription to a topic begins. @returns what to call when it ends. */
  follow(topic: TopicId): () => void {
    this.#followed.set(topic, (this.#followed.get(topic) ?? 0) + 1);
    return () => {
      const left = (this.#followed.get(topic) ?? 1) - 1;
      if (left > 0) this.#followed.set(topic, left);
      else this.#followed.delete(topic);
    };
  }

  /** Awaits a message of one piece; undefined when its topic is not followed. Whoever asks gives it up in the end. */
  expect(id: TransactionId, topic: TopicId, message: Uint8Array): AwaitedMessage | undefined {
    if (!this.#followed.has(topic)) return undefined;
    const awaited = new AwaitedMessage(message, () => void this.#awaited.delete(id));
    this.#awaited.set(id, awaited);
    return awaited;
  }

  /** A subscription brought a message. One with the same id and another content is not the one that is awaited. */
  show({ payer, validStart, sequenceNumber, message }: StreamedMessage): void {
    if (this.#awaited.size === 0 || payer === undefined || validStart === undefined) return;
    const awaited = this.#awaited.get(transactionId(payer, validStart));
    if (awaited !== undefined && message.equals(awaited.message)) awaited.show(sequenceNumber);
  }
}
