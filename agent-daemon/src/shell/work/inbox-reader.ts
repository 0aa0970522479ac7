import type { Cursor, TopicMessage } from '@gatepost/shared/ledger/topic-message';
import type { Logger } from '@gatepost/shared/log';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type Instruction, readInboxMessage } from '../../core/inbox-fold.js';
import type { LedgerPort } from '../ledger/ledger-port.js';
import type { Store } from '../store/store.js';
import type { Engine } from './engine.js';
import type { Intake } from './intake.js';

export interface InboxParts {
  readonly ledger: LedgerPort;
  readonly store: Store;
  readonly engine: Engine;
  readonly intake: Intake;
  readonly coordinator: string;
  readonly log: Logger;
}

/** Follows the inbox from the stored cursor and hands its instructions on, in consensus order. */
export class InboxReader {
  #cursor: Cursor;
  #ignored = 0;

  constructor(private readonly parts: InboxParts) {
    this.#cursor = parts.store.cursor();
  }

  get readUpTo(): number {
    return this.#cursor.sequenceNumber;
  }

  /** Messages without effect so far. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Reads until the signal; never rejects. */
  async follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const message of this.parts.ledger.inbox(this.#cursor, signal)) {
        if (signal.aborted) return;
        this.#take(message);
        await this.parts.engine.roomToRead();
      }
    } catch (error) {
      if (!signal.aborted) this.parts.log.error({ err: toGatepostError(error).message }, 'the inbox reader has ended');
    }
  }

  /** Applies a message and moves the cursor in the same commit. */
  #take(message: TopicMessage): void {
    const { log, store, coordinator, intake } = this.parts;
    const { instructions, ignored } = readInboxMessage(message, coordinator);
    if (ignored !== undefined) {
      this.#ignored += 1;
      log.warn(
        { sequenceNumber: message.sequenceNumber, payer: message.payer, ignored },
        'inbox message without effect',
      );
    }
    const { sequenceNumber, consensusTimestamp } = message;
    this.#cursor = { sequenceNumber, consensusTimestamp };
    for (const instruction of instructions) this.#follow(instruction);
    store
      .putCursor(this.#cursor)
      .catch((error: unknown) => log.error({ err: toGatepostError(error).message }, 'cursor'));
    intake.inboxRead(sequenceNumber);
  }

  #follow(instruction: Instruction): void {
    const { log, engine, intake } = this.parts;
    if (instruction.kind === 'cancel') {
      log.info({ attempt: attemptKey(instruction.ref), reason: instruction.reason }, 'cancelled on the inbox');
      engine.cancel(instruction.ref, instruction.reason);
      return;
    }
    const { assignment, warning } = instruction;
    const key = attemptKey(assignment.ref);
    if (warning !== undefined) log.warn({ attempt: key, warning }, 'assignment');
    log.info({ attempt: key, taskType: assignment.taskType, price: assignment.price }, 'assigned');
    engine.assign(assignment);
    intake.assigned(assignment);
  }
}
