import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type Nanos, nanosFromMs, parseDurationMs, parseTimeMs } from '@gatepost/shared/vocabulary/time';
import { z } from 'zod';
import { MAX_MOST_OPEN } from './service.js';

/** Runs of one answer, and how many they are when nothing is said. */
const MAX_LISTED = 500;
const DEFAULT_LISTED = 50;
/** Weight and bound of a submission that says nothing. */
const DEFAULT_WEIGHT = 1;
/** What the journal is told when nobody says why. */
export const REASONS = {
  approve: 'approved by a person',
  reject: 'rejected by a person',
  cancel: 'cancelled by a person',
} as const;

/** Longest reason that is taken; what the journal takes is shorter. */
const MAX_REASON_CHARS = 2_000;

const text = z.string().max(200);
const number = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);

export const listQuery = z.strictObject({
  state: z.enum(['waiting', 'open', 'closed', 'withdrawn']).optional(),
  name: text.optional(),
  limit: number.pipe(z.int().min(1).max(MAX_LISTED)).default(DEFAULT_LISTED),
  page: text.optional(),
});
export const submitQuery = z.strictObject({
  weight: number.default(DEFAULT_WEIGHT),
  most_open: number.default(MAX_MOST_OPEN),
});
export const eventsQuery = z.strictObject({ cursor: text.optional(), run: text.optional() });
export const runQuery = z.strictObject({ run: text.optional() });
export const outputQuery = z.strictObject({ attempt: number.pipe(z.int().min(1)).optional() });
export const reportQuery = z.strictObject({
  run: z.union([text.transform((one) => [one]), z.array(text).max(MAX_LISTED)]).default([]),
  since: text.optional(),
});
export const judgement = z.strictObject({
  comment: z.string().max(MAX_REASON_CHARS).optional(),
  reason: z.string().max(MAX_REASON_CHARS).optional(),
});
export const cancellation = z.strictObject({
  reason: z.string().max(MAX_REASON_CHARS).optional(),
  task: text.optional(),
});

/** What was sent, checked. @param what it is called where it is wrong. @throws GatepostError USAGE with all problems */
export function checked<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${[what, ...path].join('.')}: ${message}`);
  throw new GatepostError('USAGE', problems.join('; '));
}

/** A body of JSON; nothing is an empty object. @throws GatepostError USAGE */
export function jsonBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new GatepostError('USAGE', `the body is no JSON: ${(error as Error).message}`, {}, error);
  }
}

/** `7d` before now, or a date or time of ISO 8601. @throws GatepostError USAGE */
export function sinceOf(since: string | undefined, nowMs: number): Nanos {
  if (since === undefined) return 0n;
  const ago = parseDurationMs(since);
  const ms = ago === undefined ? parseTimeMs(since) : Math.max(0, nowMs - ago);
  if (ms === undefined) throw new GatepostError('USAGE', `since: ${since} is no duration such as 7d and no date`);
  return nanosFromMs(ms);
}
