import type { RunState } from '@gatepost/rules/run/run-state';
import { systemClock } from '@gatepost/shared/clock';
import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import type { Reporter } from '../../shell/reports/reporter.js';
import { heading } from './plain.js';
import { summaryText } from './table.js';
import { inWords, progressInWords, waitInWords } from './words.js';

/** Tasks at work that are shown below the log. */
const MAX_ACTIVE = 12;
const REFRESH_MS = 100;

/** Lines scroll by as in `plain`; below them stands what is at work now. */
export class LiveReporter implements Reporter {
  readonly #update: ReturnType<typeof createLogUpdate>;
  readonly #active = new Map<string, string>();
  #state: RunState | undefined;
  #drawnMs = 0;

  constructor(readonly stream: NodeJS.WriteStream) {
    this.#update = createLogUpdate(stream);
  }

  begin(state: RunState, how: 'new' | 'resumed' | 'closed'): void {
    this.#state = state;
    this.stream.write(`${heading(state, how)}\n`);
  }

  change(change: Parameters<Reporter['change']>[0]): void {
    const words = inWords(change);
    if (words === undefined) return;
    if (change.event === 'assigned' || change.event === 'started') this.#active.set(change.task, change.event);
    else if (change.event === 'result') this.#active.set(change.task, 'at its gates');
    else if ('task' in change) this.#active.delete(change.task);
    this.#update.clear();
    this.stream.write(`${words}\n`);
    this.#draw();
  }

  progress(task: string, _attempt: number, _agent: string, fraction: number, message: string): void {
    this.#active.set(task, progressInWords(fraction, message));
    if (systemClock.nowMs() - this.#drawnMs >= REFRESH_MS) this.#draw();
  }

  waiting(wait: Parameters<Reporter['waiting']>[0]): void {
    this.#update.clear();
    this.stream.write(`${waitInWords(wait, systemClock.nowMs())}\n`);
    this.#draw();
  }

  #draw(): void {
    this.#drawnMs = systemClock.nowMs();
    const state = this.#state;
    if (state === undefined) return;
    const lines = [...this.#active].slice(0, MAX_ACTIVE).map(([task, what]) => `  ${pc.cyan(task)} ${what}`);
    const total = state.context.plan.tasks.length;
    const status = `${total - state.unfinished} of ${total} tasks over, ${state.openAttempts} at work, ${state.paid} paid`;
    this.#update([pc.dim(status), ...lines].join('\n'));
  }

  end(summary: Parameters<Reporter['end']>[0]): void {
    this.#update.clear();
    this.stream.write(summaryText(summary));
  }
}
