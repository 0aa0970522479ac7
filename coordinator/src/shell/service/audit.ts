import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '@gatepost/shared/clock';
import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import type { Act, Role } from '../../core/service/roles.js';
import { DurableLines } from './durable-lines.js';

/** A file that has grown so large is set aside when the service starts. */
const FULL_BYTES = 67_108_864;

/** Who asked for something, by the token that was shown. */
export interface Caller {
  readonly name: string;
  readonly roles: readonly Role[];
}

/** What was asked for. */
export interface AskedAct {
  readonly act: Exclude<Act, 'look' | 'cancel_of_others'>;
  readonly run?: string;
  readonly task?: string;
  /** Idempotency key of a submission. */
  readonly key?: string;
  /** Digest of a submitted plan. */
  readonly plan?: Sha256;
  readonly reason?: string;
}

/**
 * Who did what, as lines of JSON that are only ever added. An act has two: that it was asked for, which is on the disk
 * before anything is done, and how it went, which is there before it is acknowledged. Both hold the SHA-256 of the first
 * line; what the act writes to the journal names it too, and tells nobody who it was without the line: it has a random
 * part. A file that is full is set aside under the time, whole; nothing is ever removed.
 */
export class Audit {
  private constructor(
    private readonly file: DurableLines,
    private readonly clock: Clock,
  ) {}

  /**
   * @param fullBytes from which size on a file is set aside.
   * @throws GatepostError STORE_FAILED
   */
  static async open(path: string, clock: Clock, fullBytes = FULL_BYTES): Promise<Audit> {
    setAside(path, clock, fullBytes);
    return new Audit((await DurableLines.open(path)).file, clock);
  }

  /**
   * Does something for a caller between its two lines.
   * @param work is given the digest of the first line.
   * @throws GatepostError STORE_FAILED when it cannot be noted, and what the work ends with.
   */
  async around<T>({ name, roles }: Caller, asked: AskedAct, work: (act: Sha256) => Promise<T>): Promise<T> {
    const time = formatTime(this.clock.nowMs());
    const line = JSON.stringify({ time, name, roles, ...asked, random: randomBytes(16).toString('base64url') });
    const act = sha256(line);
    await this.file.append(line);
    try {
      const result = await work(act);
      await this.#end(act, { outcome: 'done' });
      return result;
    } catch (thrown) {
      const { code, message } = toGatepostError(thrown);
      await this.#end(act, { outcome: code, message });
      throw thrown;
    }
  }

  #end(act: Sha256, outcome: { readonly outcome: string; readonly message?: string }): Promise<void> {
    return this.file.append(JSON.stringify({ time: formatTime(this.clock.nowMs()), of: act, ...outcome }));
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function setAside(path: string, clock: Clock, fullBytes: number): void {
  if (!existsSync(path) || statSync(path).size < fullBytes) return;
  // With its colons a time is no file name on every system.
  const aside = `${path.replace(/\.jsonl$/, '')}-${formatTime(clock.nowMs()).replaceAll(':', '')}.jsonl`;
  if (existsSync(aside)) return;
  try {
    renameSync(path, aside);
  } catch (error) {
    throw new GatepostError('STORE_FAILED', `cannot set ${path} aside: ${(error as Error).message}`, { path }, error);
  }
}
