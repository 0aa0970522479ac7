import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tasks that run until the test lets them end, so that no test has to guess how long something takes. */
export class HeldTasks {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gatepost-held-'));
  /** How an agent executes them. */
  readonly executor = this.#endingWith('printf done');
  /** The same, with what they were given as their output. */
  readonly echo = this.#endingWith('cat');

  constructor() {
    chmodSync(this.#directory, 0o755); // Run by root, a confined command is nobody.
  }

  #endingWith(last: string) {
    const held = `until test -e ${this.#directory}/$GATEPOST_TASK; do sleep 0.05; done; ${last}`;
    return { command: ['sh', '-c', held], read: [this.#directory] };
  }

  release(task: string): void {
    writeFileSync(join(this.#directory, task), '');
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}
