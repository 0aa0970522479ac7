import { z } from 'zod';
import { canonicalJson, sha256 } from '../vocabulary/digest.js';
import { ListBudget, type ListedAttempt, listedAttempts } from './attempt-list.js';
import type { AnyRecord, RecordOf } from './schema.js';
import { RECORD_LISTS, type TopicMessageJson, topicMessage, unknownKeys } from './topic-message.js';

/** What a topic message says. */
export interface DecodedMessage {
  /** The run its records belong to; undefined for those of an agent's life. */
  readonly run: string | undefined;
  /** In the order of the schema's types. Tasks are named by their numbers, but for assignments, cancellations and directives. */
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

/** Reads lists of attempts and counts what they stand for. */
class Lists {
  readonly #budget = new ListBudget();

  all(text: string): ListedAttempt[] {
    const attempts = listedAttempts(text, this.#budget);
    if (attempts === undefined) throw new Malformed('attempts: a range that is empty, or too many in one message');
    return attempts;
  }

  one(text: string): ListedAttempt {
    const [attempt] = this.all(text);
    if (attempt === undefined) throw new Malformed('attempts: none');
    return attempt;
  }
}

/** An input that came along: its digest and size are worked out when they are asked for, which few readers of a history do. */
const withInput = (
  assign: Omit<RecordOf<'assign'>, 'input' | 'input_sha256' | 'input_size'>,
  input: unknown,
): RecordOf<'assign'> => ({
  ...assign,
  get input_sha256() {
    return sha256(canonicalJson(input));
  },
  get input_size() {
    return Buffer.byteLength(canonicalJson(input));
  },
  input,
});

type AssignGroup = NonNullable<TopicMessageJson['assign']>[number];

function* assignmentsOf(group: AssignGroup, token: string | undefined, lists: Lists): Generator<RecordOf<'assign'>> {
  if (token === undefined) throw new Malformed('assign: the message names no token');
  const { type, price, deadline_ms, judge } = group;
  for (const [of, task, ...input] of group.tasks) {
    const { attempt, task: numbered } = lists.one(of);
    const common = { type: 'assign', task, attempt, numbered, task_type: type } as const;
    const terms = { deadline_ms, price, token, ...(judge === undefined ? {} : { judge }) };
    if (input.length === 2) yield { ...common, input_sha256: hex(input[0]), input_size: input[1], ...terms };
    else yield withInput({ ...common, ...terms }, input[0]);
  }
}

function* resultsOf({ result, output, failed }: TopicMessageJson, lists: Lists): Generator<RecordOf<'result'>> {
  const type = 'result';
  for (const [of, digest, size] of result ?? []) {
    yield { type, ...lists.one(of), outcome: 'ok', output_sha256: hex(digest), output_size: size };
  }
  for (const [of, text] of output ?? []) {
    const told = { output_sha256: sha256(text), output_size: Buffer.byteLength(text), output: text };
    yield { type, ...lists.one(of), outcome: 'ok', ...told };
  }
  for (const [of, reason] of failed ?? []) yield { type, ...lists.one(of), outcome: 'failed', reason };
}

function settledOf(
  { transfer, payments }: NonNullable<TopicMessageJson['settled']>[number],
  token: string | undefined,
  lists: Lists,
): RecordOf<'settled'> {
  if (token === undefined) throw new Malformed('settled: the message names no token');
  return {
    type: 'settled',
    token,
    ...(transfer === undefined ? {} : { transfer }),
    payments: payments.flatMap(([to, amount, attempts]) => lists.all(attempts).map((one) => ({ ...one, to, amount }))),
  };
}

/** The records of a message, in the order of the schema's types. */
function* recordsOf(message: TopicMessageJson, lists: Lists): Generator<AnyRecord> {
  const { token, epoch, run_opened: opened, online, lapsed, offline, run_closed: closed } = message;
  const { gatekeeper_online: keeper, gatekeeper_offline: left } = message;
  if (epoch !== undefined) yield { type: 'epoch', ...epoch };
  if (opened !== undefined) {
    if (token === undefined) throw new Malformed('run_opened: the message names no token');
    yield { type: 'run_opened', ...opened, plan_sha256: hex(opened.plan_sha256), token };
  }
  if (online !== undefined) {
    const { cert_sha256: certificate, ...rest } = online;
    yield { type: 'online', ...rest, ...(certificate === undefined ? {} : { cert_sha256: hex(certificate) }) };
  }
  if (keeper !== undefined) {
    const { cert_sha256: certificate, ...rest } = keeper;
    const pinned = certificate === undefined ? {} : { cert_sha256: hex(certificate) };
    yield { type: 'gatekeeper_online', ...rest, ...pinned };
  }
  for (const group of message.assign ?? []) yield* assignmentsOf(group, token, lists);
  for (const cancel of message.cancel ?? []) yield { type: 'cancel', ...cancel };
  for (const { by, ...directive } of message.directive ?? []) {
    yield { type: 'directive', ...directive, ...(by === undefined ? {} : { by: hex(by) }) };
  }
  for (const one of message.started === undefined ? [] : lists.all(message.started)) yield { type: 'started', ...one };
  yield* resultsOf(message, lists);
  for (const { accepted, gate, reason = '', attempts } of message.verdict ?? []) {
    for (const one of lists.all(attempts)) yield { type: 'verdict', ...one, accepted, gate, reason };
  }
  for (const one of message.timed_out === undefined ? [] : lists.all(message.timed_out)) {
    yield { type: 'timed_out', ...one };
  }
  for (const one of message.settled ?? []) yield settledOf(one, token, lists);
  for (const [of, schedule, reason] of message.dispute ?? []) {
    yield { type: 'dispute', ...lists.one(of), schedule, reason };
  }
  for (const [of, pay, reason] of message.decision ?? []) yield { type: 'decision', ...lists.one(of), pay, reason };
  if (lapsed !== undefined) yield { type: 'lapsed', ...lapsed };
  if (offline !== undefined) yield { type: 'offline', ...offline };
  if (left !== undefined) yield { type: 'gatekeeper_offline', ...left };
  if (closed !== undefined) yield { type: 'run_closed', ...closed, state_sha256: hex(closed.state_sha256) };
}

/** Reads a topic message; never throws. What it does not know is skipped, one malformed record spoils the message. */
export function unpackMessage(message: Uint8Array): DecodedMessage | MalformedMessage {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(message));
  } catch {
    return { malformed: 'not JSON' };
  }
  const outer = topicMessage.safeParse(parsed);
  if (!outer.success) return { malformed: z.prettifyError(outer.error) };
  const unknownTypes = unknownKeys(outer.data);
  if (unknownTypes.length === 0 && RECORD_LISTS.every((list) => outer.data[list] === undefined)) {
    return { malformed: 'no records' };
  }
  try {
    return { run: outer.data.run, records: [...recordsOf(outer.data, new Lists())], unknownTypes };
  } catch (error) {
    if (error instanceof Malformed) return { malformed: error.message };
    throw error;
  }
}
