import { GatepostError } from '../vocabulary/errors.js';
import { MAX_LISTED_ATTEMPTS } from './attempt-list.js';
import type { GrowingText } from './growing-text.js';
import { MessageText, type RecordedPayment, settlement, settlementFrame, tokenOf } from './message-text.js';
import type { AnyRecord } from './schema.js';
import { NUMBERS_ALONE, type TaskNames } from './task-names.js';

export { type DecodedMessage, type MalformedMessage, unpackMessage } from './decode.js';

/** One topic message, HCS's own limit for a single chunk. */
export const MAX_MESSAGE_BYTES = 1_024;

/** Longest reason that is put into a record; the rest is cut. */
export const MAX_REASON_CHARS = 200;

/** The order in which the records of a message are read, whatever the order in which they were written. */
const ORDER: readonly AnyRecord['type'][] = [
  'epoch',
  'run_opened',
  'online',
  'gatekeeper_online',
  'assign',
  'cancel',
  'directive',
  'started',
  'result',
  'verdict',
  'timed_out',
  'settled',
  'dispute',
  'decision',
  'lapsed',
  'offline',
  'gatekeeper_offline',
  'run_closed',
];
const PLACE = new Map(ORDER.map((type, place) => [type, place]));
const placeOf = ({ type }: AnyRecord): number => PLACE.get(type) ?? ORDER.length;

/** What a record is about: attempts; none for what concerns a whole run, a daemon or a coordinator. */
function attemptsOf(record: AnyRecord): string[] {
  if (record.type === 'settled') return record.payments.map(({ task, attempt }) => `${task}.${attempt}`);
  return 'attempt' in record && record.type !== 'directive' ? [`${record.task}.${record.attempt}`] : [];
}

/**
 * Fills one message of a run with records, and says of each whether it fits: in bytes, and so that what is said of one
 * attempt, or of everything, is read in the order in which it was added.
 */
export class MessageFill {
  readonly #text: MessageText;
  #size = 0;
  /** Attempts, and the place of what was last said of each. */
  readonly #said = new Map<string, number>();
  #last = -1;
  /** Place of the last record that concerns more than attempts. */
  #whole = -1;
  #token: string | undefined;
  #listed = 0;

  constructor(run: string | undefined, names: TaskNames = NUMBERS_ALONE) {
    this.#text = new MessageText(run, names);
  }

  /**
   * Takes the record if there is room for it.
   * @throws GatepostError INTERNAL for a task without a number.
   */
  add(record: AnyRecord): boolean {
    const about = attemptsOf(record);
    const place = placeOf(record);
    if (!this.#keepsOrder(place, about)) return false;
    if (this.#listed + about.length > MAX_LISTED_ATTEMPTS) return false;
    const token = tokenOf(record);
    if (token !== undefined && this.#token !== undefined && token !== this.#token) return false;
    if (!this.#text.take(record, MAX_MESSAGE_BYTES)) return false;
    this.#size += 1;
    this.#token ??= token;
    this.#listed += about.length;
    this.#last = Math.max(this.#last, place);
    if (about.length === 0) this.#whole = place;
    for (const one of about) this.#said.set(one, place);
    return true;
  }

  #keepsOrder(place: number, about: readonly string[]): boolean {
    if (place <= this.#whole) return false;
    if (about.length === 0) return place > this.#last;
    return about.every((one) => place > (this.#said.get(one) ?? -1));
  }

  /** How many records it holds. */
  get size(): number {
    return this.#size;
  }

  /** The message. */
  encode(): Buffer {
    return Buffer.from(this.#text.text(), 'utf8');
  }
}

/** Fills one message of a run with the payments of one settlement. */
export class PaymentFill {
  readonly #text: GrowingText<RecordedPayment>;
  #left: number;
  #listed = 0;

  /**
   * @param transfer id of the transfer in the same batch, or one as long.
   * @param maxBytes of the message.
   */
  constructor(
    run: string | undefined,
    token: string,
    transfer: string,
    names: TaskNames,
    maxBytes = MAX_MESSAGE_BYTES,
  ) {
    this.#text = settlement(transfer, names);
    this.#left = maxBytes - settlementFrame(run, token) - this.#text.bytes;
  }

  /**
   * Takes the payment if there is room for it.
   * @throws GatepostError INTERNAL for a task without a number.
   */
  add(payment: RecordedPayment): boolean {
    const growth = this.#text.grow(payment);
    if (growth.bytes > this.#left || this.#listed >= MAX_LISTED_ATTEMPTS) return false;
    growth.take();
    this.#left -= growth.bytes;
    this.#listed += 1;
    return true;
  }
}

/**
 * Packs records of one run, in order, into as few messages of at most 1,024 bytes as that order allows.
 * @param names how the run's tasks are numbered; not needed for records that name none, or name them by number.
 * @throws GatepostError RECORD_TOO_LARGE when one record alone does not fit; INTERNAL for a task without a number.
 */
export function fillMessages(
  run: string | undefined,
  records: readonly AnyRecord[],
  names: TaskNames = NUMBERS_ALONE,
): MessageFill[] {
  const messages: MessageFill[] = [];
  for (const record of records) {
    if (messages.at(-1)?.add(record) === true) continue;
    const fill = new MessageFill(run, names);
    if (!fill.add(record)) {
      const alone = new MessageText(run, names);
      alone.take(record);
      throw new GatepostError(
        'RECORD_TOO_LARGE',
        `a ${record.type} record takes ${alone.bytes} bytes of ${MAX_MESSAGE_BYTES}`,
      );
    }
    messages.push(fill);
  }
  return messages;
}

/** The bytes of `fillMessages`. */
export const packRecords = (...of: Parameters<typeof fillMessages>): Buffer[] =>
  fillMessages(...of).map((fill) => fill.encode());

/** Whether records fit one message together. */
export function fitsOneMessage(
  run: string | undefined,
  records: readonly AnyRecord[],
  names: TaskNames = NUMBERS_ALONE,
): boolean {
  const fill = new MessageFill(run, names);
  return records.every((record) => fill.add(record));
}

/** Cuts a reason to what a record may carry. */
export function clipReason(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= MAX_REASON_CHARS ? line : `${line.slice(0, MAX_REASON_CHARS - 1)}…`;
}
