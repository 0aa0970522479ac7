import { type Clock, pause } from '@gatepost/shared/clock';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Cursor, TopicMessage } from '@gatepost/shared/ledger/topic-message';
import type { Logger } from '@gatepost/shared/log';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Assignment } from '../../core/assignment.js';
import { type Instruction, readInboxMessage } from '../../core/inbox-fold.js';
import type { Store } from '../store/store.js';
import type { Engine } from './engine.js';
import type { Intake } from './intake.js';

export interface InboxParts {
  readonly ledger: Pick<Ledger, 'follow'>;
  /** The topic that is read. */
  readonly topic: TopicId;
  readonly store: Store;
  readonly engine: Engine;
  readonly intake: Intake;
  readonly coordinator: string;
  readonly clock: Clock;
  /** Hears when the reader stops and when it reads again. */
  readonly onHearing: () => void;
  /** Hears of each assignment, before it is acted on. */
  readonly onAssigned: (assignment: Assignment) => void;
  readonly log: Logger;
}

/** The pause after the first end of the reader; it doubles with each further one. */
const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 8_000;
/** A reader that has gone on for so long, or has taken a message, reads again. */
const PROVEN_MS = 1_000;
/** Ends in a row, half a minute of them, after which the daemon goes offline. */
export const MAX_ENDS = 10;

/** Follows the inbox from the stored cursor and hands its instructions on, in consensus order. */
export class InboxReader {
  #cursor: Cursor;
  #ignored = 0;
  #hears = true;
  /** Ends since the last message. */
  #ends = 0;

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

  /** False from the moment the reader has ended until it reads again. An agent that does not hear renews no lease. */
  get hears(): boolean {
    return this.#hears;
  }

  /**
   * Reads until the signal. A reader that ends by itself is begun again at its cursor, with growing pauses.
   * Never rejects: resolves with the reason when it has ended `MAX_ENDS` times without reading anything.
   */
  async follow(signal: AbortSignal): Promise<GatepostError | undefined> {
    while (!signal.aborted) {
      const end = await this.#read(signal);
      if (signal.aborted) return undefined;
      this.#ends += 1;
      this.#hear(false);
      if (this.#ends >= MAX_ENDS) return this.#givenUp(end);
      const retryInMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (this.#ends - 1));
      this.parts.log.warn({ err: end.message, retryInMs }, 'the inbox reader has ended; it is begun again');
      await pause(this.parts.clock, retryInMs, signal);
    }
    return undefined;
  }

  /** One reader from the cursor to its end, and why it ended. */
  async #read(signal: AbortSignal): Promise<GatepostError> {
    const { ledger, topic, engine, clock } = this.parts;
    const unproven = this.#ends === 0 ? () => undefined : clock.at(clock.nowMs() + PROVEN_MS, () => this.#proven());
    try {
      for await (const message of ledger.follow(topic, this.#cursor, signal)) {
        if (signal.aborted) break;
        this.#take(message);
        this.#proven();
        await engine.roomToRead();
      }
      return new GatepostError('MIRROR_UNREACHABLE', 'the stream of the inbox ended');
    } catch (error) {
      return toGatepostError(error);
    } finally {
      unproven();
    }
  }

  #proven(): void {
    this.#ends = 0;
    this.#hear(true);
  }

  #hear(hears: boolean): void {
    if (this.#hears === hears) return;
    this.#hears = hears;
    this.parts.onHearing();
  }

  #givenUp(end: GatepostError): GatepostError {
    const why = `the inbox could not be read ${MAX_ENDS} times in a row: ${end.message}`;
    return new GatepostError(end.code, why, { sequenceNumber: this.readUpTo }, end);
  }

  /** Applies a message; the cursor follows what was noted of it. What fails half-way is applied again as a whole. */
  #take(message: TopicMessage): void {
    const { log, engine, coordinator, intake } = this.parts;
    const { instructions, ignored } = readInboxMessage(message, coordinator);
    if (ignored !== undefined) {
      this.#ignored += 1;
      log.warn(
        { sequenceNumber: message.sequenceNumber, payer: message.payer, ignored },
        'inbox message without effect',
      );
    }
    for (const instruction of instructions) this.#follow(instruction);
    const { sequenceNumber, consensusTimestamp } = message;
    this.#say(sequenceNumber, instructions);
    this.#cursor = { sequenceNumber, consensusTimestamp };
    engine.noteRead(this.#cursor);
    intake.inboxRead(sequenceNumber);
  }

  #follow(instruction: Instruction): void {
    const { log, engine, intake } = this.parts;
    if (instruction.kind === 'cancel') {
      log.info({ attempt: attemptKey(instruction.ref), reason: instruction.reason }, 'cancelled on the inbox');
      engine.cancel(instruction.ref, instruction.reason);
      return;
    }
    const { assignment } = instruction;
    this.parts.onAssigned(assignment);
    engine.assign(assignment);
    intake.assigned(assignment);
  }

  /** One line for a message: it may assign some thirty attempts. */
  #say(sequenceNumber: number, instructions: readonly Instruction[]): void {
    const assigned = instructions.flatMap((instruction) =>
      instruction.kind === 'assign' ? [instruction.assignment] : [],
    );
    if (assigned.length === 0) return;
    const attempts = assigned.map(({ ref }) => attemptKey(ref));
    const taskTypes = [...new Set(assigned.map(({ taskType }) => taskType))];
    this.parts.log.info({ sequenceNumber, attempts, taskTypes }, 'assigned');
  }
}
