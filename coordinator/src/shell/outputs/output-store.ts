import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputKeeper } from '@gatepost/party/outputs/output-keeper';
import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { BlobLog, BlobLogReader } from './blob-log.js';

/**
 * Bytes of a run by their digest in the state directory: what this process put is in memory until it is in the log that
 * it appends to, what earlier processes put is in theirs. A cache only: what is missing is fetched from the agent or made
 * again, what does not match its digest counts as missing.
 */
export class OutputStore implements OutputKeeper {
  readonly #directory: string;
  #own: BlobLog | undefined;
  #earlier: readonly BlobLogReader[] | undefined;

  constructor(
    stateDir: string,
    readonly run: string,
    /** Names what this process writes, unlike what any other writes. */
    readonly instance: string,
  ) {
    this.#directory = join(stateDir, 'outputs');
  }

  get(digest: Sha256): Buffer | undefined {
    for (const log of [...(this.#own === undefined ? [] : [this.#own]), ...this.#logs()]) {
      const bytes = log.get(digest);
      if (bytes !== undefined && sha256(bytes) === digest) return bytes;
    }
    return undefined;
  }

  /** The logs that were there when one was first looked into. */
  #logs(): readonly BlobLogReader[] {
    if (this.#earlier !== undefined) return this.#earlier;
    const own = this.#fileName();
    const names = namesIn(this.#directory).filter((name) => name.startsWith(`${this.run}.`) && name !== own);
    this.#earlier = names.map((name) => new BlobLogReader(join(this.#directory, name)));
    return this.#earlier;
  }

  #fileName(): string {
    return `${this.run}.${this.instance}.log`;
  }

  /** Returns at once; what a host loses with its power is had again from its agent. @throws GatepostError STORE_FAILED */
  put(bytes: Uint8Array): Sha256 {
    const digest = sha256(bytes);
    try {
      this.#own ??= this.#open();
      this.#own.put(digest, bytes);
    } catch (error) {
      const message = `cannot write to ${this.#directory}: ${(error as Error).message}`;
      throw new GatepostError('STORE_FAILED', message, {}, error);
    }
    return digest;
  }

  #open(): BlobLog {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    return new BlobLog(join(this.#directory, this.#fileName()));
  }

  /** Waits until all that was put is written, as far as it can be. */
  async close(): Promise<void> {
    await this.#own?.close();
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Nothing was kept here yet, or it cannot be read: all is missing.
    return [];
  }
}
