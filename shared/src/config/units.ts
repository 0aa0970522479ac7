import { z } from 'zod';
import { parseDurationMs } from '../vocabulary/time.js';

const SIZE_UNITS = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

/** `4096`, `64KiB`, `16MiB` -> bytes; undefined when the text is no size. Own code: libraries take `1kb` for 1,024 or 1,000. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12})\s*(B|KiB|MiB|GiB)?$/.exec(text.trim());
  if (match === null) return undefined;
  return Number(match[1]) * SIZE_UNITS[(match[2] ?? 'B') as keyof typeof SIZE_UNITS];
}

/** A size in bytes within bounds, given as a number or as text with a unit. */
export const size = (min: number, max: number) =>
  z.union([z.int(), z.string()], { error: 'must be a size such as 64KiB or 16MiB' }).transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseSize(value);
    if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
    context.addIssue({ code: 'custom', message: `must be a size from ${min} to ${max} bytes, such as 64KiB or 16MiB` });
    return z.NEVER;
  });

/** A duration within bounds in milliseconds, given as text with a unit. */
export const duration = (minMs: number, maxMs: number) =>
  z.string({ error: 'must be a duration such as 500ms, 30s, 10m or 2h' }).transform((text, context) => {
    const ms = parseDurationMs(text);
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
    context.addIssue({
      code: 'custom',
      message: `must be a duration from ${minMs}ms to ${maxMs}ms, such as 500ms, 30s, 10m or 2h`,
    });
    return z.NEVER;
  });
