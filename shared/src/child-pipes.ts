import { once } from 'node:events';
import { Readable } from 'node:stream';

/** How long the pipes of a child that has ended may take to drain, milliseconds. */
export const DRAIN_MS = 1_000;

/**
 * Waits until everything a child wrote before its end was read, then closes its pipes, whoever still holds their other
 * ends: a process that it left behind must not keep us reading.
 */
export async function closePipes({ stdio }: { readonly stdio: readonly unknown[] }, drainMs = DRAIN_MS): Promise<void> {
  const open = stdio.filter((stream) => stream instanceof Readable && !stream.closed) as Readable[];
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), drainMs);
  const ends = open.map((stream) => once(stream, 'close', { signal: late.signal }).catch(() => stream.destroy()));
  await Promise.all(ends);
  clearTimeout(timer);
}
