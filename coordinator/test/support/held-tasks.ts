import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tasks that run until the test lets them end, so that no test has to guess how long something takes. */
export class HeldTasks {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gatepost-held-'));
  /** How an agent executes them. */
  readonly executor = {
    command: ['sh', '-c', `until test -e ${this.#directory}/$GATEPOST_TASK; do sleep 0.05; done; printf done`],
    read: [this.#directory],
  };

  constructor() {
    chmodSync(this.#directory, 0o755); // Run by root, a confined command is nobody.
  }

  release(task: string): void {
    writeFileSync(join(this.#directory, task), '');
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}
