import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

/** What the strangers have done so far; a script says what of it it counts. */
interface Counts {
  readonly connected: number;
  readonly asked: number;
  readonly answered: number;
}

/**
 * How long the coordinator may be kept out, in milliseconds: 2 s on a machine with time to spare. The strangers, and
 * whatever else runs, have the same processors; what they take of the time is told by how long it takes without them.
 */
export const allowedMs = (aloneMs: number): number => 2_000 + 30 * aloneMs;

/** Strangers in a process of their own, run by a script beside this file. */
export class Flood {
  #counts: Counts = { connected: 0, asked: 0, answered: 0 };
  readonly #child: ChildProcess;

  constructor(script: string, args: readonly string[]) {
    const path = join(import.meta.dirname, script);
    this.#child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    // Real strangers have processors of their own, and take nothing of the daemon's.
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW);
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const line = chunk.toString('utf8').trim().split('\n').at(-1);
      if (line !== undefined) this.#counts = JSON.parse(line) as Counts;
    });
  }

  get counts(): Counts {
    return this.#counts;
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    await once(this.#child, 'exit');
  }
}
