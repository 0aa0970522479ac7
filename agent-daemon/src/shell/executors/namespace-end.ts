import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Looks at a namespace that ends before it is left alone, and the pause between them. */
const TRIES = 500;
const PAUSE_MS = 2;

/**
 * Whether the first process of a namespace has ended. The kernel ends every other process of the namespace with it, before
 * it lets its end be seen.
 */
function hasEnded(first: number): boolean {
  try {
    const stat = readFileSync(`/proc/${first}/stat`, 'latin1');
    return /^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}

/** Waits for the end of a namespace whose launcher has ended; false when it does not come. */
export async function namespaceEnd(first: number): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (hasEnded(first)) return true;
    await sleep(PAUSE_MS);
  }
  return false;
}

/** The first process of a namespace, as bubblewrap names it before it starts it; undefined when it did not get so far. */
export async function firstProcess(info: unknown): Promise<number | undefined> {
  if (!(info instanceof Readable)) return undefined;
  try {
    const found = /"child-pid":\s*(\d+)/.exec(await text(info))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
