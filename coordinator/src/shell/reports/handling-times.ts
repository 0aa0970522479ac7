import type { MessageEvidence, TopicEvidence, TransactionEvidence } from '@gatepost/rules/verify/evidence';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { FIRST_RUNNING_HASH, nextRunningHash } from '@gatepost/shared/vocabulary/running-hash';
import { type Nanos, parseNanos } from '@gatepost/shared/vocabulary/time';

/** Kinds of transactions that make a schedule run at once, one nanosecond after themselves. */
const TRIGGERS: ReadonlySet<string> = new Set(['SCHEDULECREATE', 'SCHEDULESIGN']);

/**
 * Finds out under which transaction the network took each message: a topic's answer gives only the message's own
 * consensus timestamp, the running hash covers that of its batch. The mirror is asked about those messages alone whose
 * own timestamp does not fit their hash and whose transaction is not known.
 */
export class HandlingTimes {
  readonly #batches = new Map<Nanos, Nanos>();

  constructor(
    readonly mirror: MirrorRest,
    known: readonly TransactionEvidence[],
  ) {
    for (const { at, batch } of known) if (batch !== undefined) this.#batches.set(at, batch);
  }

  /** A topic with its messages' times of handling. @throws GatepostError MIRROR_UNREACHABLE */
  async of(topic: TopicEvidence): Promise<TopicEvidence> {
    const messages: MessageEvidence[] = [];
    let before: MessageEvidence | undefined;
    for (const message of topic.messages) {
      const alone = fits(topic, before, message);
      messages.push(alone ? message : { ...message, handledAt: await this.#handledAt(message.at) });
      before = message;
    }
    return { ...topic, messages };
  }

  async #handledAt(at: Nanos): Promise<Nanos> {
    const batch = this.#batches.get(at);
    if (batch !== undefined) return batch;
    const transaction = await this.mirror.transactionAt(at);
    if (transaction === undefined) return at;
    const { parent_consensus_timestamp: parent, scheduled } = transaction;
    if (parent !== null) return parseNanos(parent);
    const trigger = scheduled ? await this.mirror.transactionAt(at - 1n) : undefined;
    return trigger !== undefined && TRIGGERS.has(trigger.name) ? trigger.consensus_timestamp : at;
  }
}

/** Whether a message's hash follows with its own time; true when there is nothing to compute it from. */
function fits({ topic }: TopicEvidence, before: MessageEvidence | undefined, message: MessageEvidence): boolean {
  const previous = before === undefined ? FIRST_RUNNING_HASH : before.runningHash;
  const { runningHash } = message;
  if (previous === undefined || runningHash === undefined) return true;
  return Buffer.compare(nextRunningHash(previous, { ...message, topic }), runningHash) === 0;
}
