import { z } from 'zod';
import { GatepostError } from '../vocabulary/errors.js';
import { MAX_RUN_ID } from '../vocabulary/id-bounds.js';
import { type AnyRecord, anyRecord, RECORD_TYPES } from './schema.js';

/** One topic message, HCS's own limit for a single chunk. */
export const MAX_MESSAGE_BYTES = 1_024;

/** Longest reason that is put into a record; the rest is cut. */
export const MAX_REASON_CHARS = 200;

/** Protocol version of the messages this code writes and reads. */
export const PROTOCOL_VERSION = 1;

const envelope = z.object({
  gatepost: z.literal(PROTOCOL_VERSION),
  run: z.string().min(1).max(MAX_RUN_ID).optional(),
  records: z.array(z.looseObject({ type: z.string() })).min(1),
});

/** What a topic message says. */
export interface DecodedMessage {
  /** The run its records belong to; undefined for those of an agent's life. */
  readonly run: string | undefined;
  readonly records: readonly AnyRecord[];
  /** Record types this version does not know; they have no effect. */
  readonly unknownTypes: readonly string[];
}

/** Why a message has no effect. */
export interface MalformedMessage {
  readonly malformed: string;
}

function encode(run: string | undefined, records: readonly AnyRecord[]): Buffer {
  return Buffer.from(
    JSON.stringify({ gatepost: PROTOCOL_VERSION, ...(run === undefined ? {} : { run }), records }),
    'utf8',
  );
}

/** Fills one message of a run with records, and says of each whether it fits. */
export class MessageFill {
  #bytes: number;
  #count = 0;

  constructor(run: string | undefined) {
    this.#bytes = encode(run, []).length;
  }

  /** Takes the record if there is room for it. */
  add(record: AnyRecord): boolean {
    const separator = this.#count === 0 ? 0 : 1;
    const bytes = this.#bytes + separator + Buffer.byteLength(JSON.stringify(record), 'utf8');
    if (bytes > MAX_MESSAGE_BYTES) return false;
    this.#bytes = bytes;
    this.#count += 1;
    return true;
  }
}

/**
 * Packs records of one run, in order, into as few messages of at most 1,024 bytes as that order allows.
 * @throws GatepostError RECORD_TOO_LARGE when one record alone does not fit.
 */
export function packRecords(run: string | undefined, records: readonly AnyRecord[]): Buffer[] {
  const messages: AnyRecord[][] = [];
  let fill = new MessageFill(run);
  for (const record of records) {
    if (messages.length > 0 && fill.add(record)) {
      messages.at(-1)?.push(record);
      continue;
    }
    fill = new MessageFill(run);
    if (!fill.add(record)) {
      const { length } = encode(run, [record]);
      throw new GatepostError(
        'RECORD_TOO_LARGE',
        `a ${record.type} record takes ${length} bytes of ${MAX_MESSAGE_BYTES}`,
      );
    }
    messages.push([record]);
  }
  return messages.map((packed) => encode(run, packed));
}

/** Whether records fit one message together. */
export function fitsOneMessage(run: string | undefined, records: readonly AnyRecord[]): boolean {
  const fill = new MessageFill(run);
  return records.every((record) => fill.add(record));
}

/** Reads a topic message; never throws. Unknown record types are skipped, one malformed record spoils the message. */
export function unpackMessage(message: Uint8Array): DecodedMessage | MalformedMessage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message));
  } catch {
    return { malformed: 'not JSON' };
  }
  const outer = envelope.safeParse(parsed);
  if (!outer.success) return { malformed: z.prettifyError(outer.error) };
  const records: AnyRecord[] = [];
  const unknownTypes: string[] = [];
  for (const raw of outer.data.records) {
    if (!RECORD_TYPES.has(raw.type)) {
      unknownTypes.push(raw.type);
      continue;
    }
    const record = anyRecord.safeParse(raw);
    if (!record.success) return { malformed: `${raw.type}: ${z.prettifyError(record.error)}` };
    records.push(record.data);
  }
  return { run: outer.data.run, records, unknownTypes };
}

/** Cuts a reason to what a record may carry. */
export function clipReason(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= MAX_REASON_CHARS ? line : `${line.slice(0, MAX_REASON_CHARS - 1)}…`;
}
