import type { OutputKeeper } from '@gatepost/party/outputs/output-keeper';
import type { Clock } from '@gatepost/shared/clock';
import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { Random } from '../chaos/random.js';
import type { Events } from './events.js';

const FLUSH_MS = [1, 40] as const;

interface Write {
  readonly key: string;
  /** Undefined to delete. */
  readonly value: string | undefined;
}

/** A host's disk: a write is durable when its promise resolves; a crash loses or keeps what was not, write by write. */
export class Disk {
  isFull = false;
  readonly #durable = new Map<string, string>();
  #pending: Write[] = [];

  constructor(
    readonly clock: Clock,
    readonly random: Random,
    readonly events: Events,
    readonly name: string,
  ) {}

  /** All of a transaction or nothing of it. @throws GatepostError STORE_FAILED */
  write(writes: readonly Write[], clock: Clock): Promise<void> {
    if (this.isFull) {
      this.events.mark('a disk was full');
      return Promise.reject(new GatepostError('STORE_FAILED', `no space left on the disk of ${this.name}`));
    }
    this.#pending.push(...writes);
    const flushMs = this.random.whole(...FLUSH_MS);
    this.clock.at(this.clock.nowMs() + flushMs, () => {
      for (const write of writes) {
        if (!this.#pending.includes(write)) continue;
        this.#pending = this.#pending.filter((other) => other !== write);
        this.#apply(write);
      }
    });
    return new Promise((resolve) => clock.at(clock.nowMs() + flushMs, resolve));
  }

  /** What a process that starts now finds. */
  entries(prefix: string): readonly (readonly [key: string, value: string])[] {
    const found = [...this.#durable].filter(([key]) => key.startsWith(prefix));
    return found.map(([key, value]) => [key.slice(prefix.length), value] as const);
  }

  crash(): void {
    if (this.#pending.length > 0) this.events.mark('a daemon lost what was not flushed');
    this.#pending = [];
  }

  wipe(): void {
    this.#pending = [];
    this.#durable.clear();
  }

  #apply({ key, value }: Write): void {
    if (value === undefined) this.#durable.delete(key);
    else this.#durable.set(key, value);
  }
}

/** A coordinator's cache of bytes: a crash may leave half of a file; what does not match its digest is missing. */
export class SimulatedKeeper implements OutputKeeper {
  isFull = false;
  readonly #files = new Map<Sha256, Buffer>();
  #last: Sha256 | undefined;

  constructor(
    readonly random: Random,
    readonly events: Events,
  ) {}

  get(digest: Sha256): Buffer | undefined {
    const bytes = this.#files.get(digest);
    return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
  }

  put(bytes: Uint8Array): Sha256 {
    if (this.isFull) {
      this.events.mark('a disk was full');
      throw new GatepostError('STORE_FAILED', "no space left on the coordinator's disk");
    }
    const digest = sha256(bytes);
    this.#files.set(digest, Buffer.from(bytes));
    this.#last = digest;
    return digest;
  }

  crash(): void {
    const last = this.#last === undefined ? undefined : this.#files.get(this.#last);
    if (this.#last === undefined || last === undefined || !this.random.chance(0.5)) return;
    this.events.mark('a write was torn');
    this.#files.set(this.#last, last.subarray(0, Math.floor(last.length / 2)));
  }
}
