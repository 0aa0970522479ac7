import type { ArtifactStore } from '@gatepost/party/artifacts/artifact-store';
import { isAcceptedWork } from '@gatepost/party/outputs/kept-output';
import type { Outputs } from '@gatepost/party/outputs/outputs';
import type { Attempt } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import { type Clock, pause } from '@gatepost/shared/clock';
import { stopController } from '@gatepost/shared/stop-controller';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { OpenWait } from '../run/waits.js';

/** Outputs on their way to the store at a time, and their bytes; a larger one goes alone. */
export const MAX_STORING = 8;
export const MAX_STORING_BYTES = 67_108_864;
/** Pause after nothing could be stored; it doubles until the longest. */
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** How long the end of a run waits for outputs to be stored while none is. */
export const STORING_PATIENCE_MS = 10_000;

type Stored = Pick<Attempt, 'task' | 'result'>;

const sizeOf = ({ result }: Stored): number => result?.outputSize ?? 0;

/**
 * Puts accepted outputs into the artifact store beside the run: nothing that is paid waits for it. What cannot be stored
 * now is tried again until the run ends, and told then.
 */
export class Archive {
  /** What is not known to be stored, by digest; one that many attempts share is stored once. */
  readonly #waiting = new Map<string, Attempt>();
  readonly #stored = new Set<string>();
  /** Why an output was not stored when it was tried last, by digest. */
  readonly #why = new Map<string, string>();
  readonly #over = stopController();
  #hurry = new AbortController();
  #work: Promise<void> | undefined;
  #succeededMs: number;

  constructor(
    readonly artifacts: ArtifactStore,
    readonly outputs: Pick<Outputs, 'of'>,
    readonly wait: OpenWait,
    readonly clock: Clock,
  ) {
    this.#succeededMs = clock.nowMs();
  }

  /** Stores an output in the background, once it is accepted; does nothing for any other attempt. */
  keep(attempt: Attempt): void {
    const digest = attempt.result?.outputSha256;
    if (digest === undefined || !isAcceptedWork(attempt) || this.#stored.has(digest)) return;
    if (this.#over.signal.aborted || this.#waiting.has(digest)) return;
    this.#waiting.set(digest, attempt);
    this.#work ??= this.#drain().finally(() => {
      this.#work = undefined;
    });
  }

  /** Everything that was accepted in a run, reviews too. */
  keepAll(state: RunState): void {
    for (const { attempts } of state.tasks.values()) for (const attempt of attempts) this.keep(attempt);
  }

  async #drain(): Promise<void> {
    // Everything of this turn goes together.
    await Promise.resolve();
    let pauseMs = PAUSE_MS;
    while (this.#waiting.size > 0 && !this.#over.signal.aborted) {
      const stored = await Promise.all(this.#take().map((entry) => this.#store(...entry)));
      if (stored.some(Boolean)) {
        pauseMs = PAUSE_MS;
        this.#succeededMs = this.clock.nowMs();
        this.wait.end();
        continue;
      }
      await pause(this.clock, pauseMs, this.#hurry.signal);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
    if (this.#waiting.size === 0) this.wait.end();
  }

  /** The first of what waits. */
  #take(): readonly (readonly [string, Attempt])[] {
    const taken: (readonly [string, Attempt])[] = [];
    let bytes = 0;
    for (const entry of this.#waiting) {
      bytes += sizeOf(entry[1]);
      if (taken.length === MAX_STORING || (taken.length > 0 && bytes > MAX_STORING_BYTES)) break;
      taken.push(entry);
    }
    return taken;
  }

  /** Whether it is stored now; what is not goes behind the others. Never rejects. */
  async #store(digest: string, attempt: Attempt): Promise<boolean> {
    try {
      await this.artifacts.put({ digest, size: sizeOf(attempt) }, await this.outputs.of(attempt));
      this.#stored.add(digest);
      this.#waiting.delete(digest);
      this.#why.delete(digest);
      return true;
    } catch (thrown) {
      const { message } = toGatepostError(thrown);
      this.#why.set(digest, message);
      this.#waiting.delete(digest);
      this.#waiting.set(digest, attempt);
      const others = this.#waiting.size === 1 ? '' : ` and ${this.#waiting.size - 1} more`;
      this.wait.note(`to have the output of ${attempt.task}${others}: ${message}`);
      return false;
    }
  }

  /**
   * Waits until all is stored, as long as it goes on, and then gives the rest up.
   * @param patienceMs how long nothing may be stored.
   */
  async finish(state: RunState, patienceMs = STORING_PATIENCE_MS): Promise<void> {
    this.keepAll(state);
    const fromMs = this.clock.nowMs();
    const isPatient = () => this.clock.nowMs() - Math.max(fromMs, this.#succeededMs) < patienceMs;
    while (this.#work !== undefined && isPatient()) {
      // What rests is tried once more, now that the run waits for it.
      this.#hurry.abort();
      this.#hurry = new AbortController();
      const look = new AbortController();
      await Promise.race([this.#work, pause(this.clock, PAUSE_MS, look.signal)]);
      look.abort();
    }
    this.close();
  }

  /** Stores nothing more. */
  close(): void {
    this.#over.abort();
    this.#hurry.abort();
    this.wait.end();
  }

  /** How many different outputs are known to be stored. */
  get stored(): number {
    return this.#stored.size;
  }

  /** Why the accepted outputs of a task are not all known to be stored; undefined when they are. */
  missing(attempts: readonly Attempt[]): string | undefined {
    for (const { result } of attempts) {
      const digest = result?.outputSha256;
      if (digest !== undefined && this.#waiting.has(digest)) return this.#why.get(digest) ?? 'there was no time for it';
    }
    return undefined;
  }
}
