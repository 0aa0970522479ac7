import type { EntityNum, Nanos } from '../../core/model.js';
import type { TopicMessage } from '../../core/record-item.js';
import { ByteLog } from './byte-log.js';
import { ByteWriter } from './byte-writer.js';
import { messageSequence, messageTimestamp, readMessage, writeMessage } from './message-codec.js';
import { lowerBound, U32List } from './u32-list.js';

/**
 * All topic messages in consensus order, encoded: 4 bytes of index and some 70 to 95 bytes beside the message
 * itself. Within a topic messages are numbered from 0 in consensus order.
 */
export class MessageLog {
  readonly #log = new ByteLog();
  readonly #positions = new Map<EntityNum, U32List>();
  readonly #writer = new ByteWriter();

  append(message: TopicMessage): void {
    writeMessage(this.#writer.reset(), message);
    let positions = this.#positions.get(message.topic);
    if (positions === undefined) {
      positions = new U32List();
      this.#positions.set(message.topic, positions);
    }
    positions.push(this.#log.append(this.#writer.view()));
  }

  /** How many messages the topic has. */
  count(topic: EntityNum): number {
    return this.#positions.get(topic)?.length ?? 0;
  }

  /** Message `index` of the topic; throws RangeError when there is none. */
  at(topic: EntityNum, index: number): TopicMessage {
    return readMessage(topic, this.#bytes(topic, index));
  }

  /** Index of the first message with a consensus timestamp of `timestamp` or later. */
  firstSince(topic: EntityNum, timestamp: Nanos): number {
    return lowerBound(this.count(topic), (index) => messageTimestamp(this.#bytes(topic, index)) >= timestamp);
  }

  /** Index of the first message with a sequence number of `sequence` or more. */
  firstFrom(topic: EntityNum, sequence: bigint): number {
    return lowerBound(this.count(topic), (index) => BigInt(messageSequence(this.#bytes(topic, index))) >= sequence);
  }

  #bytes(topic: EntityNum, index: number): Buffer {
    const positions = this.#positions.get(topic);
    if (positions === undefined) throw new RangeError(`topic ${topic} has no messages`);
    return this.#log.read(positions.at(index));
  }
}
