import type { Attempt } from '@gatepost/rules/run/attempt';
import type { TaskState } from '@gatepost/rules/run/task-state';
import { canonicalJson, type Json } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { isDeeperThan } from '@gatepost/shared/vocabulary/json-depth';

/** What an agent gets as input. */
export interface WorkOrder {
  readonly input: Json;
  /** Why the previous attempt was rejected. */
  readonly feedback?: string;
}

/** The bytes whose digest the assignment names. */
export const workOrderBytes = (order: WorkOrder): Buffer => Buffer.from(canonicalJson(order), 'utf8');

/** A reference to an accepted output within an input. */
export interface OutputReference {
  readonly task: string;
  /** RFC 6901. */
  readonly pointer: string | undefined;
}

/** The reference a JSON value stands for; undefined when it stands for itself. */
export function outputReference(value: Json): OutputReference | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { $output: task, pointer } = value as { $output?: Json; pointer?: Json };
  if (typeof task !== 'string') return undefined;
  return { task, pointer: typeof pointer === 'string' ? pointer : undefined };
}

/** Tasks whose outputs an input refers to, each once. */
export function referencedTasks(input: Json): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (value: Json): void => {
    const reference = outputReference(value);
    if (reference !== undefined) found.add(reference.task);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  walk(input);
  return found;
}

/** @throws GatepostError INVALID_PLAN when an output has nothing at the pointer. */
export function resolveInput(input: Json, output: (task: string) => Json): Json {
  const reference = outputReference(input);
  if (reference !== undefined) return pointed(output(reference.task), reference);
  if (Array.isArray(input)) return input.map((item: Json) => resolveInput(item, output));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([key, value]) => [key, resolveInput(value, output)]));
}

/**
 * The value at a JSON Pointer (RFC 6901), all of the output without one. Own code: the libraries also take what is
 * inherited, or the length of an array, for a member.
 */
function pointed(value: Json, { task, pointer }: OutputReference): Json {
  let at: Json | undefined = value;
  for (const token of (pointer ?? '').split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const held: Json | undefined = at;
    const isMember: boolean = typeof held === 'object' && held !== null && Object.hasOwn(held, key);
    const isIndex: boolean = !Array.isArray(held) || /^\d+$/.test(key);
    at = isMember && isIndex ? (held as Readonly<Record<string, Json>>)[key] : undefined;
  }
  if (at === undefined) throw new GatepostError('INVALID_PLAN', `the output of ${task} has nothing at ${pointer}`);
  return at;
}

/** Most arrays and objects within each other in an output that is JSON; a deeper one could not be written again. */
export const MAX_OUTPUT_DEPTH = 500;

/**
 * An output as a value: as JSON when it is JSON, else as text, and what is not UTF-8 as `{"$base64": "..."}`, so that
 * whoever reads it gets its bytes and not something like them.
 * @throws GatepostError INVALID_PLAN when it is JSON that is nested too deeply to be handed on.
 */
export function outputValue(bytes: Uint8Array): Json {
  const buffer = Buffer.from(bytes);
  const text = buffer.toString('utf8');
  // The replacement character stands for what could not be decoded, unless it was there itself.
  if (text.includes('\uFFFD') && !Buffer.from(text, 'utf8').equals(buffer)) {
    return { $base64: buffer.toString('base64') };
  }
  const value = jsonOr(text);
  if (!isDeeperThan(value, MAX_OUTPUT_DEPTH)) return value;
  throw new GatepostError('INVALID_PLAN', `the output is JSON nested deeper than ${MAX_OUTPUT_DEPTH} levels`);
}

function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Whether a value stands for an output that is not text. */
export const isBinary = (value: Json): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 1 && Object.hasOwn(value, '$base64');

/** What the next or an existing attempt is told of earlier ones: the last rejection before it was assigned. */
export function feedbackFor(task: TaskState, attempt: Pick<Attempt, 'assignedAt'> | undefined): string | undefined {
  const before = task.attempts.filter(
    ({ verdict }) =>
      verdict?.accepted === false &&
      (attempt === undefined || verdict.at < attempt.assignedAt) &&
      verdict.gate !== 'superseded',
  );
  const last = before.reduce<Attempt | undefined>(
    (latest, other) => ((other.verdict?.at ?? 0n) >= (latest?.verdict?.at ?? 0n) ? other : latest),
    undefined,
  );
  return last?.verdict === undefined ? undefined : last.verdict.reason;
}
