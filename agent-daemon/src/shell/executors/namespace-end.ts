import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
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

/**
 * Whether the first process of a namespace is the only one left. Whoever loses its parent there becomes its child, so it has
 * none when nobody else is left: it is bubblewrap's own, starts no other any more, and takes some milliseconds to unmount.
 */
function isAlone(first: number): boolean {
  try {
    return readFileSync(`/proc/${first}/task/${first}/children`, 'latin1') === '';
  } catch {
    // A kernel without this list shows the end alone.
    return hasEnded(first);
  }
}

/** Waits for the end of everything in a namespace whose launcher has ended; false when it does not come. */
export async function namespaceEnd(first: number): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (isAlone(first)) return true;
    await sleep(PAUSE_MS);
  }
  return false;
}

/** More than bubblewrap says before it comes to that process. */
const MAX_CHARS = 256;

/**
 * The first process of a namespace, as bubblewrap names it before it starts it; undefined when it did not get so far. What
 * the command says there afterwards is nobody's business.
 */
export function firstProcess(info: Readable): Promise<number | undefined> {
  return new Promise((resolve) => {
    let said = '';
    info.on('data', (chunk: Buffer) => {
      if (said.length >= MAX_CHARS) return;
      said += chunk.toString('latin1', 0, MAX_CHARS);
      const found = /"child-pid":\s*(\d+)\s*[,}]/.exec(said)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    info.once('close', () => resolve(undefined));
  });
}
