import type { ReportDocument } from '../report.js';
import { backoffMs } from './backoff.js';
import { kept, renewed } from './renewed.js';
import { type ListedRun, type Me, type Service, type ServiceError, serviceErrorOf } from './service.js';
import { either, isNothing, madeStaleBy, NOTHING, type Stale } from './stale.js';

/** Whether what is shown is what is. */
export type Connection =
  | { readonly state: 'connecting' | 'live' }
  | { readonly state: 'broken'; readonly error: ServiceError; readonly retryAt: number };

/** What is known of the runs now. */
export interface Known {
  readonly report: ReportDocument;
  readonly runs: readonly ListedRun[];
  /** False until everything was read once. */
  readonly isRead: boolean;
  readonly connection: Connection;
}

/** Reads begin at most so often. */
const PAUSE_MS = 1_000;
/** The mirror may show a record later than the coordinator saw it: what changed is read once more after so long. */
const SETTLE_MS = 4_000;

const emptyReport = ({ network, journal }: Me): ReportDocument => ({
  version: 1,
  made_at: '',
  network,
  journal,
  runs: [],
  agents: [],
  verification: { holds: false, rules: 0, findings: [], ignored: [] },
});

export interface FollowOptions {
  readonly service: Service;
  readonly me: Me;
  readonly changed: (known: Known) => void;
  /** The token is not taken any more. */
  readonly refused: (error: ServiceError) => void;
}

/** Follows a coordinator: hears what happens, and reads again what that changed. */
export class Follower {
  readonly #leaving = new AbortController();
  #known: Known;
  #stale: Stale = NOTHING;
  #cursor: string | undefined;
  #since = '';
  /** How often in a row a run was not shown by the mirror that the coordinator had told of. */
  #missing = 0;
  #isReading = false;
  #hearing: Connection = { state: 'connecting' };
  /** What keeps it from reading; undefined while it can. */
  #unread: Connection | undefined;

  constructor(private readonly options: FollowOptions) {
    this.#known = { report: emptyReport(options.me), runs: [], isRead: false, connection: this.#hearing };
  }

  /** Runs until `stop`. */
  async follow(): Promise<void> {
    for (let failures = 0; !this.#leaving.signal.aborted; ) {
      try {
        await this.#hear(() => {
          failures = 0;
        });
        throw new Error('the stream of events ended');
      } catch (thrown) {
        failures += 1;
        await this.#pauseAfter(thrown, failures, (connection) => {
          this.#hearing = connection;
        });
      }
    }
  }

  stop(): void {
    this.#leaving.abort();
  }

  /** Shows runs that were not over before, such as 7d ago; empty for all. */
  reach(since: string): void {
    this.#since = since;
    if (this.#cursor !== undefined) this.#mark({ ...NOTHING, everything: true });
  }

  /** Reads a run again, since something was said about it. */
  reread(run: string): void {
    this.#mark({ ...NOTHING, runs: new Set([run]) });
  }

  #set(change: Partial<Known>): void {
    this.#known = { ...this.#known, ...change, connection: this.#unread ?? this.#hearing };
    if (!this.#leaving.signal.aborted) this.options.changed(this.#known);
  }

  async #hear(stands: () => void): Promise<void> {
    const isResumed = this.#cursor !== undefined;
    for await (const event of this.options.service.events(this.#cursor, this.#leaving.signal)) {
      if (this.#hearing.state !== 'live') {
        stands();
        this.#hearing = { state: 'live' };
        this.#set({});
      }
      this.#cursor = event.cursor;
      const stale = madeStaleBy(event, isResumed);
      this.#mark(stale);
      if (stale.runs.size > 0) void this.#markLater(stale, SETTLE_MS);
    }
  }

  async #markLater(stale: Stale, ms: number): Promise<void> {
    await this.#wait(ms);
    this.#mark(stale);
  }

  #mark(stale: Stale): void {
    this.#stale = either(this.#stale, stale);
    if (!this.#isReading && !isNothing(this.#stale)) void this.#read();
  }

  /** Reads until nothing is stale. */
  async #read(): Promise<void> {
    this.#isReading = true;
    for (let failures = 0; !isNothing(this.#stale) && !this.#leaving.signal.aborted; ) {
      const stale = this.#stale;
      this.#stale = NOTHING;
      const began = performance.now();
      try {
        const read = await this.#readAgain(stale);
        failures = 0;
        this.#unread = undefined;
        this.#set({ ...read, isRead: true });
        // No more than half of the time is spent on reading, however long it takes.
        await this.#wait(Math.max(PAUSE_MS, performance.now() - began));
      } catch (thrown) {
        failures += 1;
        this.#stale = either(this.#stale, stale);
        await this.#pauseAfter(thrown, failures, (connection) => {
          this.#unread = connection;
        });
      }
    }
    this.#isReading = false;
  }

  async #readAgain(stale: Stale): Promise<Pick<Known, 'report' | 'runs'>> {
    const { report, runs } = this.#known;
    const asked = stale.everything ? undefined : stale.runs;
    const [newReport, newRuns] = await Promise.all([
      asked?.size === 0 ? report : this.#report(report, asked),
      stale.list ? this.options.service.runs() : runs,
    ]);
    return { report: newReport, runs: kept(runs, newRuns) };
  }

  async #report(old: ReportDocument, asked: ReadonlySet<string> | undefined): Promise<ReportDocument> {
    try {
      const fresh = await this.options.service.report(asked, asked === undefined ? this.#since : '');
      this.#missing = 0;
      return renewed(old, fresh, asked);
    } catch (thrown) {
      if (serviceErrorOf(thrown).code !== 'NOT_FOUND') throw thrown;
      if (asked === undefined) return old;
      // The mirror does not show one of them yet, however late it is.
      this.#missing += 1;
      void this.#markLater({ ...NOTHING, runs: asked }, backoffMs(this.#missing, Math.random()));
      return asked.size === 1 ? old : this.#report(old, undefined);
    }
  }

  /** Says what is broken, and waits before the next try; a token that is not taken any more ends it. */
  async #pauseAfter(thrown: unknown, failures: number, say: (connection: Connection) => void): Promise<void> {
    if (this.#leaving.signal.aborted) return;
    const error = serviceErrorOf(thrown);
    if (error.status === 401) {
      this.stop();
      this.options.refused(error);
      return;
    }
    const ms = backoffMs(failures, Math.random(), error.retryAfterMs);
    say({ state: 'broken', error, retryAt: Date.now() + ms });
    this.#set({});
    await this.#wait(ms);
  }

  /** Ends early when it is stopped. */
  #wait(ms: number): Promise<void> {
    const { signal } = this.#leaving;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }
}
