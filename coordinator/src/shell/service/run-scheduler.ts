import { join } from 'node:path';
import type { JournalIndex } from '@gatepost/rules/run/journal-index';
import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import { runsToOpen, type ServedRun, servedRuns } from '../../core/service/submissions.js';
import type { RunEnd } from '../run/begun-run.js';
import { requireSuccess } from '../run/run-plan.js';
import type { ServeSettings } from '../setup/serve-settings.js';
import type { EventHub } from './event-hub.js';
import type { RunHost } from './run-host.js';
import type { SubmissionBook } from './submission-book.js';

/** What keeps a run from going on, and when it is tried again. */
export interface Trouble {
  readonly error: GatepostError;
  /** Milliseconds since the Unix epoch; undefined when it is not tried again by this process. */
  readonly retryAtMs: number | undefined;
}

/** How long a run that could not go on waits; twice as long each time. */
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 600_000;

/** Hands submitted runs to the host: those that the journal has open, and the oldest that wait, as many as may be. */
export class RunScheduler {
  readonly #troubles = new Map<string, Trouble & { readonly waitMs: number }>();
  #underWay: Promise<void> | undefined;
  #isAskedAgain = false;
  #isEnding = false;
  #callOff: () => void = () => undefined;

  constructor(
    private readonly host: RunHost,
    private readonly book: SubmissionBook,
    private readonly settings: Pick<ServeSettings, 'openRuns' | 'gates' | 'outputs' | 'directory'>,
    private readonly events: EventHub,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** What keeps a run from going on. */
  trouble(run: string): Trouble | undefined {
    return this.#troubles.get(run);
  }

  /** Whether the run was handed to the host. */
  isTaken(run: string): boolean {
    return this.host.runs().has(run);
  }

  /** Looks what is to be opened; what is asked for meanwhile is looked at once more. Never rejects. */
  wake(): void {
    if (this.#underWay !== undefined) {
      this.#isAskedAgain = true;
      return;
    }
    this.#underWay = this.#look().finally(() => {
      this.#underWay = undefined;
      if (!this.#isAskedAgain) return;
      this.#isAskedAgain = false;
      this.wake();
    });
  }

  /** Opens nothing any more. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#callOff();
    await this.#underWay;
  }

  async #look(): Promise<void> {
    if (this.#isEnding) return;
    try {
      const index = await this.host.index();
      if (this.#isEnding) return;
      for (const run of this.#due(index)) this.#open(run);
    } catch (thrown) {
      this.log.warn(`no run is opened now: ${toGatepostError(thrown).message}`);
      this.#lookAt(this.clock.nowMs() + FIRST_RETRY_MS);
    }
  }

  /** Runs that are to be handed over now. */
  #due(index: JournalIndex): readonly ServedRun[] {
    const nowMs = this.clock.nowMs();
    const inHost = this.host.runs();
    const mayBegin = ({ run }: ServedRun): boolean =>
      !inHost.has(run) && (this.#troubles.get(run)?.retryAtMs ?? 0) <= nowMs;
    const runs = servedRuns(this.book.submissions, this.book.withdrawn, index);
    const standing = runs.map((run) => (inHost.has(run.run) ? { ...run, state: 'open' as const } : run));
    const resumed = standing.filter((run) => run.state === 'open' && mayBegin(run));
    const opened = runsToOpen(
      standing.filter((run) => run.state === 'open' || mayBegin(run)),
      this.settings,
    );
    return [...resumed, ...opened];
  }

  #open(served: ServedRun): void {
    const { run, key, plan: digest, weight, mostOpen, ordinal } = served;
    try {
      const plan = this.book.plan(digest);
      this.host.open({
        submission: { run, key, plan: digest, weight, mostOpen, ordinal },
        plan,
        planFile: join(this.settings.gates ?? this.settings.directory, 'plan'),
        outputDir: join(this.settings.outputs, run),
        reporter: this.events.reporter(run),
        ended: (end) => this.#ended(run, end),
      });
      this.log.info({ run, plan: plan.name, tasks: plan.tasks.length }, 'run handed over');
    } catch (thrown) {
      this.#failed(run, toGatepostError(thrown));
    }
  }

  #ended(run: string, end: RunEnd | GatepostError): void {
    // The host may still be reading what it holds of it.
    this.clock.soon(() => {
      this.host.forget(run);
      if (end instanceof GatepostError) {
        if (end.code !== 'INTERRUPTED') this.#failed(run, end);
      } else if (end.why === 'failure' || end.why === 'unpayable') {
        this.#failed(run, whyOf(end));
      } else if (end.why === 'closed') {
        this.#troubles.delete(run);
      }
      this.wake();
    });
    if (!(end instanceof GatepostError)) this.events.reporter(run).end(end.summary);
  }

  #failed(run: string, error: GatepostError): void {
    const waitMs = Math.min(LONGEST_RETRY_MS, (this.#troubles.get(run)?.waitMs ?? FIRST_RETRY_MS / 2) * 2);
    const retryAtMs = this.clock.nowMs() + waitMs;
    this.#troubles.set(run, { error, retryAtMs, waitMs });
    const { code, message, advice } = error;
    this.log.warn({ run, code }, message);
    this.events.tell(run, { event: 'trouble', code, message, advice, retry_at: formatTime(retryAtMs) });
    this.#lookAt(retryAtMs);
  }

  /** Looks again by then, or sooner. */
  #lookAt(atMs: number): void {
    this.#callOff();
    const next = Math.min(
      atMs,
      ...[...this.#troubles.values()]
        .flatMap(({ retryAtMs }) => retryAtMs ?? [])
        .filter((ms) => ms > this.clock.nowMs()),
    );
    this.#callOff = this.clock.at(next, () => this.wake());
  }
}

/** Why a run did not go on, in the words of `coordinator run`. */
function whyOf(end: RunEnd): GatepostError {
  try {
    requireSuccess(end);
  } catch (thrown) {
    return toGatepostError(thrown);
  }
  return new GatepostError('INTERNAL', 'a run that succeeded was told as a failure');
}
