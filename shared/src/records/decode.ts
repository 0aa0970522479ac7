import { z } from 'zod';
import { canonicalJson, sha256 } from '../vocabulary/digest.js';
import { ListBudget, type ListedAttempt, listedAttempts } from './attempt-list.js';
import type { AnyRecord, RecordOf } from './schema.js';
import { assignedTask, nextNumbered, type TaskNames, withIds } from './task-names.js';
import { RECORD_LISTS, type TopicMessageJson, topicMessage, unknownKeys } from './topic-message.js';
import { unchangedBy } from './unchanged-by.js';

/** What a topic message says. */
export interface DecodedMessage {
  /** The run its records belong to; undefined for those of an agent's life. */
  readonly run: string | undefined;
  /**
   * In the order of the schema's types. Without names tasks are named by their numbers, but for assignments, cancellations
   * and directives.
   */
  readonly records: readonly AnyRecord[];
  /** What this version does not know; it has no effect. */
  readonly unknownTypes: readonly string[];
}

/** Why a message has no effect. */
export interface MalformedMessage {
  readonly malformed: string;
}

const hex = (base64url: string): string => Buffer.from(base64url, 'base64url').toString('hex');

const utf8 = new TextDecoder('utf-8', { fatal: true });

class Malformed extends Error {}

/** What the records of one message have in common, and how its lists of attempts are read. */
class Reading {
  readonly #budget = new ListBudget();

  constructor(
    readonly message: TopicMessageJson,
    /** Undefined when tasks stay named as the message has them. */
    readonly names: TaskNames | undefined,
  ) {}

  all(text: string): ListedAttempt[] {
    return this.#listed(text, this.names);
  }

  one(text: string): ListedAttempt {
    return onlyOne(this.#listed(text, this.names));
  }

  /** One whose task stays named by its number. */
  numbered(text: string): ListedAttempt {
    return onlyOne(this.#listed(text, undefined));
  }

  /** The first of the task that is numbered next after that of an attempt. */
  next(before: ListedAttempt | undefined): ListedAttempt {
    const task = before === undefined ? undefined : nextNumbered(before.task);
    if (task === undefined) throw new Malformed('assign: a task without a number, and none before it to count from');
    if (!this.#budget.take(1)) throw new Malformed('attempts: too many in one message');
    return { task, attempt: 1 };
  }

  #listed(text: string, names: TaskNames | undefined): ListedAttempt[] {
    const attempts = listedAttempts(text, this.#budget, names);
    if (attempts === undefined) throw new Malformed('attempts: a range that is empty, or too many in one message');
    return attempts;
  }

  tokenOf(list: string): string {
    const { token } = this.message;
    if (token === undefined) throw new Malformed(`${list}: the message names no token`);
    return token;
  }

  named<T extends AnyRecord>(record: T): AnyRecord {
    return this.names === undefined ? record : withIds(record, this.names);
  }
}

function onlyOne([attempt]: readonly ListedAttempt[]): ListedAttempt {
  if (attempt === undefined) throw new Malformed('attempts: none');
  return attempt;
}

// Histories are long: the records that they mostly consist of are written out, which is far quicker than spreading parts.

type AssignGroup = NonNullable<TopicMessageJson['assign']>[number];
type Told = AssignGroup['tasks'][number];
type ToldIn<Length> = Extract<Told, { readonly length: Length }>;

const isToldNext = (told: Told): told is ToldIn<2> => told.length === 2;
const isToldByDigest = (told: Told): told is ToldIn<4> => told.length === 4;

function assignment(group: AssignGroup, told: Told, of: ListedAttempt, reading: Reading): RecordOf<'assign'> {
  const token = reading.tokenOf('assign');
  const { task: numbered, attempt } = of;
  const id = isToldNext(told) ? told[0] : told[1];
  const task = reading.names === undefined ? id : assignedTask(id, numbered, reading.names);
  const { type: task_type, deadline_ms, price } = group;
  const type = 'assign';
  if (isToldByDigest(told)) {
    const [, , digest, input_size] = told;
    const input_sha256 = hex(digest);
    return { type, task, attempt, numbered, task_type, input_sha256, input_size, deadline_ms, price, token };
  }
  const input: unknown = told.at(-1);
  let canonical: string | undefined;
  const text = () => {
    canonical ??= canonicalJson(input);
    return canonical;
  };
  return {
    type,
    task,
    attempt,
    numbered,
    task_type,
    // Worked out when they are asked for, which few readers of a history do.
    get input_sha256() {
      return sha256(text());
    },
    get input_size() {
      return Buffer.byteLength(text());
    },
    deadline_ms,
    price,
    token,
    input,
  };
}

function addAssignments(records: AnyRecord[], reading: Reading): void {
  for (const group of reading.message.assign ?? []) {
    const { judge } = group;
    let of: ListedAttempt | undefined;
    for (const told of group.tasks) {
      of = isToldNext(told) ? reading.next(of) : reading.numbered(told[0]);
      const record = assignment(group, told, of, reading);
      records.push(judge === undefined ? record : Object.assign(record, { judge }));
    }
  }
}

function addResults(records: AnyRecord[], reading: Reading): void {
  const { result, output, failed } = reading.message;
  const type = 'result';
  for (const [of, digest, output_size] of result ?? []) {
    const output_sha256 = hex(digest);
    for (const { task, attempt } of reading.all(of)) {
      records.push({ type, task, attempt, outcome: 'ok', output_sha256, output_size });
    }
  }
  for (const [of, text] of output ?? []) {
    const output_size = Buffer.byteLength(text);
    const output_sha256 = sha256(text);
    for (const { task, attempt } of reading.all(of)) {
      records.push({ type, task, attempt, outcome: 'ok', output_sha256, output_size, output: text });
    }
  }
  for (const [of, reason] of failed ?? []) {
    for (const { task, attempt } of reading.all(of)) records.push({ type, task, attempt, outcome: 'failed', reason });
  }
}

function addVerdicts(records: AnyRecord[], reading: Reading): void {
  for (const { accepted, gate, reason = '', attempts } of reading.message.verdict ?? []) {
    for (const { task, attempt } of reading.all(attempts)) {
      records.push({ type: 'verdict', task, attempt, accepted, gate, reason });
    }
  }
}

function addPayments(records: AnyRecord[], reading: Reading): void {
  for (const { transfer, payments: told } of reading.message.settled ?? []) {
    const token = reading.tokenOf('settled');
    const payments: { task: string; attempt: number; to: string; amount: string }[] = [];
    for (const [to, amount, attempts] of told) {
      for (const { task, attempt } of reading.all(attempts)) payments.push({ task, attempt, to, amount });
    }
    records.push({ type: 'settled', token, ...(transfer === undefined ? {} : { transfer }), payments });
  }
}

function addListed(records: AnyRecord[], reading: Reading, type: 'started' | 'timed_out'): void {
  const listed = reading.message[type];
  if (listed === undefined) return;
  for (const { task, attempt } of reading.all(listed)) records.push({ type, task, attempt });
}

/** The records of agents and runs that come before those of attempts. */
function addBeginnings(records: AnyRecord[], reading: Reading): void {
  const { epoch, run_opened: opened, online, gatekeeper_online: keeper } = reading.message;
  if (epoch !== undefined) records.push({ type: 'epoch', ...epoch });
  if (opened !== undefined) {
    const token = reading.tokenOf('run_opened');
    records.push({ type: 'run_opened', ...opened, plan_sha256: hex(opened.plan_sha256), token });
  }
  if (online !== undefined) {
    const { cert_sha256: certificate, ...rest } = online;
    records.push({ type: 'online', ...rest, ...(certificate === undefined ? {} : { cert_sha256: hex(certificate) }) });
  }
  if (keeper !== undefined) {
    const { cert_sha256: certificate, ...rest } = keeper;
    const pinned = certificate === undefined ? {} : { cert_sha256: hex(certificate) };
    records.push({ type: 'gatekeeper_online', ...rest, ...pinned });
  }
}

/** Those that come after them. */
function addEnds(records: AnyRecord[], { message }: Reading): void {
  const { lapsed, offline, gatekeeper_offline: left, run_closed: closed } = message;
  if (lapsed !== undefined) records.push({ type: 'lapsed', ...lapsed });
  if (offline !== undefined) records.push({ type: 'offline', ...offline });
  if (left !== undefined) records.push({ type: 'gatekeeper_offline', ...left });
  if (closed !== undefined) {
    records.push({ type: 'run_closed', ...closed, state_sha256: hex(closed.state_sha256) });
  }
}

/** The records of a message, in the order of the schema's types. */
function recordsOf(reading: Reading): AnyRecord[] {
  const { message } = reading;
  const records: AnyRecord[] = [];
  addBeginnings(records, reading);
  addAssignments(records, reading);
  for (const cancel of message.cancel ?? []) records.push(reading.named({ type: 'cancel', ...cancel }));
  for (const { by, ...directive } of message.directive ?? []) {
    const told = { type: 'directive', ...directive, ...(by === undefined ? {} : { by: hex(by) }) } as const;
    records.push(reading.named(told));
  }
  addListed(records, reading, 'started');
  addResults(records, reading);
  addVerdicts(records, reading);
  addListed(records, reading, 'timed_out');
  addPayments(records, reading);
  for (const [of, schedule, reason] of message.dispute ?? []) {
    records.push({ type: 'dispute', ...reading.one(of), schedule, reason });
  }
  for (const [of, pay, reason] of message.decision ?? []) {
    records.push({ type: 'decision', ...reading.one(of), pay, reason });
  }
  addEnds(records, reading);
  return records;
}

const isAsUsual = unchangedBy(topicMessage);

/**
 * Reads a topic message; never throws. What it does not know is skipped, one malformed record spoils the message.
 * @param namesOf how the tasks of a run are named, as `withIds` does; left out, they stay as the message has them.
 */
export function unpackMessage(
  message: Uint8Array,
  namesOf?: (run: string | undefined) => TaskNames | undefined,
): DecodedMessage | MalformedMessage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(message));
  } catch {
    return { malformed: 'not JSON' };
  }
  let known = parsed as TopicMessageJson;
  if (!isAsUsual(parsed)) {
    const outer = topicMessage.safeParse(parsed);
    if (!outer.success) return { malformed: z.prettifyError(outer.error) };
    known = outer.data;
  }
  const unknownTypes = unknownKeys(known);
  if (unknownTypes.length === 0 && RECORD_LISTS.every((list) => known[list] === undefined)) {
    return { malformed: 'no records' };
  }
  try {
    return { run: known.run, records: recordsOf(new Reading(known, namesOf?.(known.run))), unknownTypes };
  } catch (error) {
    if (error instanceof Malformed) return { malformed: error.message };
    throw error;
  }
}
