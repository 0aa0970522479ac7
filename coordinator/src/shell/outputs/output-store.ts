import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '@gatepost/shared/private-file';
import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

/** Bytes by their digest. What is missing is fetched from the agent or made again. */
export interface OutputKeeper {
  get(digest: Sha256): Buffer | undefined;
  /** @throws GatepostError STORE_FAILED */
  put(bytes: Uint8Array): Sha256;
}

/**
 * Bytes by their digest in the state directory. A cache only: what is missing is fetched from the agent or made again,
 * what does not match its digest counts as missing.
 */
export class OutputStore implements OutputKeeper {
  readonly #directory: string;

  constructor(stateDir: string) {
    this.#directory = join(stateDir, 'blobs');
  }

  get(digest: Sha256): Buffer | undefined {
    try {
      const bytes = readFileSync(join(this.#directory, digest));
      return sha256(bytes) === digest ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws GatepostError STORE_FAILED */
  put(bytes: Uint8Array): Sha256 {
    const digest = sha256(bytes);
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      // What a host loses with its power is had again from its agent.
      writePrivateFile(join(this.#directory, digest), bytes, false);
    } catch (error) {
      throw new GatepostError(
        'STORE_FAILED',
        `cannot write to ${this.#directory}: ${(error as Error).message}`,
        {},
        error,
      );
    }
    return digest;
  }
}
