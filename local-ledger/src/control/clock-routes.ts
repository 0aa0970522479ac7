import type { FastifyInstance } from 'fastify';
import { formatNanos } from '../mirror/format/timestamp.js';
import { type ControlOptions, required } from './options.js';
import type { ClockControl } from './ports.js';

const NANOS_PER_MS = 1_000_000n;

/** 100 years: beyond that 64-bit nanoseconds come near their end. */
const MAX_MS = 100 * 365 * 24 * 3600 * 1000;

const OFFSET = {
  type: 'object',
  required: ['offset_ms'],
  additionalProperties: false,
  properties: { offset_ms: { type: 'integer', minimum: -MAX_MS, maximum: MAX_MS } },
} as const;

const ADVANCE = {
  type: 'object',
  required: ['ms'],
  additionalProperties: false,
  properties: { ms: { type: 'integer', minimum: 0, maximum: MAX_MS } },
} as const;

/** GET and PUT /clock, POST /clock/advance. */
export function addClockRoutes(server: FastifyInstance, { clock }: ControlOptions): void {
  server.get('/clock', async () => show(required(clock, 'clock')));
  server.put<{ Body: { offset_ms: number } }>('/clock', { schema: { body: OFFSET } }, async ({ body }) => {
    const part = required(clock, 'clock');
    await part.setOffset(BigInt(body.offset_ms) * NANOS_PER_MS);
    return show(part);
  });
  server.post<{ Body: { ms: number } }>('/clock/advance', { schema: { body: ADVANCE } }, async ({ body }) => {
    const part = required(clock, 'clock');
    await part.advance(BigInt(body.ms) * NANOS_PER_MS);
    return show(part);
  });
}

function show(clock: ClockControl): object {
  return { now: formatNanos(clock.now()), offset_ms: Number(clock.offset() / NANOS_PER_MS) };
}
