import { GatepostError } from './errors.js';

/** Nanoseconds since the Unix epoch, as the ledger counts; a consensus timestamp or a valid start. */
export type Nanos = bigint;

export const NANOS_PER_SECOND = 1_000_000_000n;
export const NANOS_PER_MS = 1_000_000n;

/** Mirror form `seconds.nanos` with nine digits. */
export function formatNanos(at: Nanos): string {
  return `${at / NANOS_PER_SECOND}.${(at % NANOS_PER_SECOND).toString().padStart(9, '0')}`;
}

/** @throws GatepostError USAGE when the text is not `seconds.nanos`. */
export function parseNanos(text: string): Nanos {
  const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) throw new GatepostError('USAGE', `not a timestamp: ${JSON.stringify(text)}`);
  return BigInt(match[1] ?? '0') * NANOS_PER_SECOND + BigInt((match[2] ?? '').padEnd(9, '0'));
}

export const nanosFromMs = (ms: number): Nanos => BigInt(Math.trunc(ms)) * NANOS_PER_MS;
export const msFromNanos = (at: Nanos): number => Number(at / NANOS_PER_MS);

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * `500ms`, `30s`, `10m`, `2h`, `1d` -> milliseconds; undefined when the text is no duration. Own code: libraries take much
 * more (`1.5 hrs`, `-3`, bare numbers), and what a configuration means is to be said in one way.
 */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** 1,500 -> `1.5s`, 600,000 -> `10m`: the largest unit that leaves at most one decimal. */
export function formatDurationMs(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= UNIT_MS[unit]) return `${Math.round((ms / UNIT_MS[unit]) * 10) / 10}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}

/** Milliseconds since the Unix epoch as ISO 8601 text. */
export const formatTime = (ms: number): string => new Date(ms).toISOString();

/** A date or time of ISO 8601, UTC unless it says otherwise -> milliseconds since the Unix epoch; undefined for anything else. */
export function parseTimeMs(text: string): number | undefined {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return ms >= 0 ? ms : undefined;
}
