import { Readable } from 'node:stream';

/** How long the pipes of a child that has ended may take to drain, milliseconds. */
export const DRAIN_MS = 1_000;

/**
 * Waits until everything a child wrote before its end was read, then closes its pipes, whoever still holds their other
 * ends: a process that it left behind must not keep us reading.
 */
export function closePipes({ stdio }: { readonly stdio: readonly unknown[] }, drainMs = DRAIN_MS): Promise<void> {
  const open = new Set(stdio.filter((stream) => stream instanceof Readable && !stream.closed) as Readable[]);
  if (open.size === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const stream of open) stream.destroy();
    }, drainMs);
    for (const stream of open) {
      stream.once('close', () => {
        open.delete(stream);
        if (open.size > 0) return;
        clearTimeout(timer);
        resolve();
      });
    }
  });
}
