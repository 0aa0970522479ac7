import { styleText } from 'node:util';
import { type Clock, systemClock } from '@gatepost/shared/clock';
import type { Linked } from '@gatepost/shared/vocabulary/explorer';
import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';
import type { Reporter, RunProgress } from '../../shell/reports/reporter.js';
import { heading } from './plain.js';
import { isNoteworthy, MOST_TASKS_TOLD, Progress } from './progress.js';
import { summaryText } from './table.js';
import { inWords, waitInWords } from './words.js';

/** Most lines of the view; a low terminal has fewer. */
const MAX_LINES = 14;
const REFRESH_MS = 100;
/** What stands still goes on being counted. */
const TICK_MS = 1_000;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** Lines scroll by, in a large plan only the noteworthy ones; below them stands what is at work now. */
export class LiveReporter implements Reporter {
  readonly #update: ReturnType<typeof createLogUpdate>;
  #progress: Progress | undefined;
  #told: (change: Parameters<Reporter['change']>[0]) => boolean = () => true;
  #drawnMs = 0;
  #callOff: () => void = () => undefined;

  constructor(
    readonly stream: NodeJS.WriteStream,
    readonly linked: Linked,
    readonly clock: Clock = systemClock,
  ) {
    this.#update = createLogUpdate(stream);
  }

  begin(state: RunProgress, how: 'new' | 'resumed' | 'closed'): void {
    this.#progress = new Progress(state, this.clock.nowMs());
    if (state.context.plan.tasks.length > MOST_TASKS_TOLD) this.#told = isNoteworthy;
    this.stream.write(`${heading(state, how, this.linked)}\n`);
    this.#tick();
  }

  #tick(): void {
    this.#draw();
    this.#callOff = this.clock.at(this.clock.nowMs() + TICK_MS, () => this.#tick());
  }

  change(change: Parameters<Reporter['change']>[0]): void {
    this.#progress?.change(change, this.clock.nowMs());
    const words = this.#told(change) ? inWords(change, this.linked) : undefined;
    if (words === undefined) this.#drawSoon();
    else this.#say(words);
  }

  progress(task: string, _attempt: number, _agent: string, fraction: number, message: string): void {
    this.#progress?.progress(task, fraction, message, this.clock.nowMs());
    this.#drawSoon();
  }

  waiting(wait: Parameters<Reporter['waiting']>[0]): void {
    this.#say(waitInWords(wait, this.clock.nowMs()));
  }

  #say(words: string): void {
    this.#update.clear();
    this.stream.write(`${words}\n`);
    this.#draw();
  }

  #drawSoon(): void {
    if (this.clock.nowMs() - this.#drawnMs >= REFRESH_MS) this.#draw();
  }

  #draw(): void {
    this.#drawnMs = this.clock.nowMs();
    if (this.#progress === undefined) return;
    // A line that breaks, or one too many, would scroll what cannot be taken back.
    const { columns = DEFAULT_COLUMNS, rows = DEFAULT_ROWS } = this.stream;
    const lines = this.#progress.lines(Math.min(MAX_LINES, rows - 2), this.#drawnMs);
    const [headline = '', ...more] = lines.map((line) => cliTruncate(line, Math.max(1, columns - 1)));
    this.#update([styleText('dim', headline, { stream: this.stream }), ...more].join('\n'));
  }

  end(summary: Parameters<Reporter['end']>[0]): void {
    this.#callOff();
    this.#update.clear();
    this.stream.write(summaryText(summary, this.linked, this.stream));
  }
}
