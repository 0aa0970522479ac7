import { stripVTControlCharacters } from 'node:util';
import { LiveReporter } from '@gatepost/coordinator/cli/report/live';
import { plainReporter } from '@gatepost/coordinator/cli/report/plain';
import type { Reporter } from '@gatepost/coordinator/shell/reports/reporter';
import { emptyState } from '@gatepost/rules/run/run-state';
import type { Clock } from '@gatepost/shared/clock';
import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import cliTruncate from 'cli-truncate';
import { describe, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';

const TASKS = 2_000;
const AGENT = accountId('0.0.1002');
const linked = linkedOn({ name: 'local' });

class Hands implements Clock {
  ms = 1_000_000;
  nowMs = () => this.ms;
  at = () => () => undefined;
  soon = () => undefined;
}

/** A terminal that keeps what was written to it. */
class Screen {
  readonly isTTY = true;
  readonly writes: string[] = [];
  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {}
  write = (text: string) => this.writes.push(text) > 0;
  on = () => this;
  off = () => this;
}

const stateOf = (tasks: number) =>
  emptyState({
    run: 'r-1',
    plan: planOf(Array.from({ length: tasks }, (_, index) => taskOf(`task-${index}`))),
    coordinator: accountId('0.0.2'),
    journal: topicId('0.0.5'),
    token: tokenId('0.0.6'),
    agents: new Set([AGENT]),
  });

/** A run of a plan: each task takes 20 ms after the other, every five hundredth fails, one stays at work. */
function play(reporter: Reporter, clock: Hands, tasks: number): void {
  const state = stateOf(tasks);
  reporter.begin(state, 'new');
  reporter.change({ event: 'assigned', task: 'slow', attempt: 1, agent: AGENT });
  for (let index = 0; index < tasks - 1; index += 1) {
    clock.ms += 20;
    const of = { task: `task-${index}`, attempt: 1, agent: AGENT };
    reporter.change({ event: 'assigned', ...of });
    reporter.change({ event: 'started', ...of });
    reporter.progress(of.task, 1, AGENT, 0.5, '漢字 と it is half done, and says so at some length');
    if (index % 500 === 499) {
      reporter.change({ event: 'failed', task: of.task, reason: 'no luck' });
      state.lost += 1;
    } else {
      reporter.change({ event: 'result', ...of, outcome: 'ok', reason: undefined });
      reporter.change({ event: 'verdict', ...of, accepted: true, gate: 'command', reason: '' });
      reporter.change({ event: 'settled', ...of, amount: 10n as never, transfer: undefined });
    }
    state.unfinished -= 1;
  }
}

describe.each([
  ['wide', 200, 50],
  ['usual', 80, 24],
  ['narrow', 30, 8],
  ['tiny', 24, 4],
])('on a %s terminal', (_name, columns, rows) => {
  it('2,000 tasks fit', () => {
    const clock = new Hands();
    const screen = new Screen(columns, rows);
    play(new LiveReporter(screen as unknown as NodeJS.WriteStream, linked, clock), clock, TASKS);
    const frames = screen.writes.map((text) => stripVTControlCharacters(text)).filter((text) => text.includes('tasks'));
    expect(frames.length).toBeGreaterThan(100);
    // The heading is a line of text; what is drawn over and over must fit.
    for (const frame of frames.slice(1)) {
      const lines = frame.split('\n');
      expect(lines.length, frame).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(cliTruncate(line, columns - 1)).toBe(line);
    }
  });
});

it('says how far it is, how fast, how long it takes, what failed and what is slow', () => {
  const clock = new Hands();
  const screen = new Screen(120, 24);
  play(new LiveReporter(screen as unknown as NodeJS.WriteStream, linked, clock), clock, TASKS);
  const last = stripVTControlCharacters(screen.writes.findLast((text) => text.includes('tasks over')) ?? '');
  expect(last).toMatch(/19\d\d of 2000 tasks over, 3 failed or blocked, .*50\.0 per second, about \S+ left/);
  expect(last).toContain('✗ task-1499 failed: no luck');
  expect(last.split('\n')[4]).toMatch(/^ {2}slow {2}\S+ {2}assigned$/);
});

it('scrolls only what is noteworthy when there are thousands, and everything when there are few', () => {
  const said = (tasks: number) => {
    const clock = new Hands();
    const lines: string[] = [];
    play(
      plainReporter((text) => void lines.push(text), linked, clock),
      clock,
      tasks,
    );
    return lines;
  };
  const many = said(TASKS);
  expect(many.length).toBeLessThan(20);
  expect(many.filter((line) => line.includes('failed: no luck'))).toHaveLength(3);
  expect(many.filter((line) => /of 2000 tasks over.* per second/.test(line))).toHaveLength(3);
  expect(said(10)).toHaveLength(2 + 9 * 6);
});
