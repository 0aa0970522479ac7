import type { Clock } from '@gatepost/shared/clock';
import { formatTime } from '@gatepost/shared/vocabulary/time';
import { EventLog, type LoggedEvent } from '../../core/service/event-log.js';
import { EVENT_VERSION, eventJson, eventReporter } from '../reports/event-reporter.js';
import type { Reporter, RunProgress } from '../reports/reporter.js';

/** Most text of events that is kept for those who come back after a break; characters. */
const MAX_KEPT_CHARS = 16_777_216;
/** How often a stream that has nothing to tell shows that it stands. */
const BEAT_MS = 15_000;

/** How far a run is. */
export const countsOf = ({ context, unfinished, lost, openAttempts, paid }: RunProgress) => ({
  tasks: context.plan.tasks.length,
  unfinished,
  lost,
  open: openAttempts,
  paid: paid.toString(),
});

export type RunCounts = ReturnType<typeof countsOf>;

/** What a stream of events yields: an event, or a sign of life. */
export type Watched = { readonly cursor: string; readonly json: string } | 'beat';

/** What happens in all runs and in the service, for whoever watches. */
export class EventHub {
  readonly #log: EventLog;
  readonly #watchers = new Set<() => void>();

  /** @param process names this start of the process. */
  constructor(
    process: string,
    private readonly clock: Clock,
  ) {
    this.#log = new EventLog(process, MAX_KEPT_CHARS);
  }

  /** Tells something of a run that no record says. */
  tell(run: string, event: object): void {
    this.#add(run, { version: EVENT_VERSION, time: formatTime(this.clock.nowMs()), run, ...event });
  }

  #add(run: string, event: object): void {
    this.#log.add(run, (cursor) => eventJson({ cursor, ...event }));
    for (const wake of [...this.#watchers]) wake();
  }

  /** Takes down what happens in a run, and how far it is by then. */
  reporter(run: string): Reporter {
    let state: RunProgress | undefined;
    const counts = () => (state === undefined ? {} : { counts: countsOf(state) });
    const reporter = eventReporter((event) => this.#add(run, { ...event, ...counts() }), this.clock);
    return {
      ...reporter,
      begin: (begun, how) => {
        state = begun;
        reporter.begin(begun, how);
      },
    };
  }

  /**
   * What follows a cursor, and then what comes, until the signal aborts. It begins with `hello`, or with `reset` when
   * something is missing, which may come later too for a reader that is too slow.
   * @param run of this run alone.
   */
  async *watch(cursor: string | undefined, run: string | undefined, signal: AbortSignal): AsyncGenerator<Watched> {
    let at = cursor;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const following = this.#log.after(at);
      const isLost = 'lost' in following;
      if (isFirst || isLost) yield this.#greeting(isLost ? 'reset' : 'hello', following.cursor);
      at = following.cursor;
      if (isLost) continue;
      for (const event of following.events) {
        at = event.cursor;
        if (run === undefined || event.run === run) yield told(event);
      }
      if (this.#log.cursor === at && !(await this.#next(signal))) yield 'beat';
    }
  }

  #greeting(event: 'hello' | 'reset', cursor: string): Watched {
    return { cursor, json: eventJson({ version: EVENT_VERSION, cursor, time: formatTime(this.clock.nowMs()), event }) };
  }

  /** Waits for an event; false when there was none for a while. */
  #next(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isNews: boolean): void => {
        this.#watchers.delete(wake);
        signal.removeEventListener('abort', wake);
        callOff();
        resolve(isNews);
      };
      const wake = (): void => end(true);
      const callOff = this.clock.at(this.clock.nowMs() + BEAT_MS, () => end(false));
      this.#watchers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

const told = ({ cursor, json }: LoggedEvent): Watched => ({ cursor, json });
