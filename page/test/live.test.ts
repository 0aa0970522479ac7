import { readFileSync } from 'node:fs';
import type { ReportDocument } from '@gatepost/coordinator/core/report/document';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentOf } from '../bench/documents.mjs';
import { isLaidOutAs, layoutOf, withTasks } from '../src/graph/layout.js';
import { backoffMs } from '../src/live/backoff.js';
import { EventStream } from '../src/live/event-stream.js';
import { kept, renewed } from '../src/live/renewed.js';
import { EVERYTHING, either, isNothing, madeStaleBy, NOTHING } from '../src/live/stale.js';

const event = (name: string, run?: string) => ({ cursor: 'p.1', event: name, run, task: undefined });
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('a stream of events', () => {
  const told = [
    { cursor: 'p.1', event: 'hello', run: undefined, task: undefined },
    { cursor: 'p.2', event: 'verdict', run: 'r', task: 'ü\n\n' },
    { cursor: 'p.3', event: 'settled', run: 'r', task: 'data: x' },
  ];
  const text = told.map((one) => `id: ${one.cursor}\ndata: ${JSON.stringify(one)}\n\n: \n\n`).join('');

  it('is the same in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 20 }), (cuts) => {
        const stream = new EventStream();
        const ends = [...cuts.toSorted((one, other) => one - other), text.length];
        const seen = ends.flatMap((end, index) => stream.take(text.slice(ends[index - 1] ?? 0, end)));
        expect(seen).toEqual(told);
      }),
    );
  });

  it('is refused when it is none', () => {
    expect(() => new EventStream().take('data: {"event":"x"}\n\n')).toThrow('without its cursor');
    expect(() => new EventStream().take('data: <html>\n\n')).toThrow();
    expect(() => new EventStream().take('x'.repeat(2_000_000))).toThrow('no stream of events');
  });
});

it('waits longer after each failure, up to half a minute, by chance, and as long as it is asked to', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, chance) => {
        const full = Math.min(30_000, 1_000 * 2 ** (failures - 1));
        const ms = backoffMs(failures, chance);
        expect(ms).toBeGreaterThanOrEqual(full / 2);
        expect(ms).toBeLessThanOrEqual(full);
      },
    ),
  );
  expect(backoffMs(1, 0, 60_000)).toBe(60_000);
});

describe('what an event makes stale', () => {
  it.each([
    ['a first hello: everything', madeStaleBy(event('hello'), false), EVERYTHING],
    ['a hello after a break that nothing was lost in: nothing', madeStaleBy(event('hello'), true), NOTHING],
    ['a reset: everything', madeStaleBy(event('reset'), true), EVERYTHING],
    ['a verdict: its run', madeStaleBy(event('verdict', 'r'), true), { ...NOTHING, runs: new Set(['r']) }],
    [
      'an opening: its run and the list',
      madeStaleBy(event('run_opened', 'r'), true),
      { everything: false, runs: new Set(['r']), list: true },
    ],
    ['a submission: the list', madeStaleBy(event('submitted', 'r'), true), { ...NOTHING, list: true }],
    ['progress: nothing', madeStaleBy(event('progress', 'r'), true), NOTHING],
    ['what names no run: everything', madeStaleBy(event('epoch'), true), EVERYTHING],
    [
      'an event that is not known yet: its run',
      madeStaleBy(event('new', 'r'), true),
      { ...NOTHING, runs: new Set(['r']) },
    ],
  ])('%s', (_what, stale, expected) => expect(stale).toEqual(expected));

  it('adds up', () => {
    const both = either(madeStaleBy(event('verdict', 'a'), true), madeStaleBy(event('submitted', 'b'), true));
    expect(both).toEqual({ everything: false, runs: new Set(['a']), list: true });
    expect([isNothing(both), isNothing(NOTHING)]).toEqual([false, true]);
  });

  it('knows all events of the service', () => {
    const listed = readFileSync(new URL('../../docs/coordinator.md', import.meta.url), 'utf8');
    for (const name of ['run_opened', 'run_closed', 'summary', 'progress', 'waiting'])
      expect(listed, name).toContain(`\`${name}\``);
  });
});

describe('a report that is brought up to date', () => {
  it('is the newer one, and keeps every part that did not change', () => {
    fc.assert(
      fc.property(fc.jsonValue().map(copy), fc.jsonValue().map(copy), (one, other) => {
        expect(kept(one, other)).toEqual(other);
        expect(kept(one, copy(one))).toBe(one);
        const within = { same: one, other } as const;
        expect(kept(within, { same: copy(one), other: 1 }).same).toBe(one);
      }),
    );
  });

  it('takes some runs from a newer one, in the order of their opening', () => {
    const old = documentOf({ tasks: 4, layers: 2 });
    const [first, second] = old.runs;
    const fresh = copy(old) as ReportDocument;
    const changed = { ...copy(fresh.runs[1]), accepted: 4 } as ReportDocument['runs'][number];
    const third = { ...changed, run: 'third', opened: { ...changed.opened, at: '1790000900.000000001' } };
    const asked = new Set([changed.run, third.run]);
    const { runs, verification } = renewed(
      old,
      { ...fresh, runs: [third, changed], verification: { ...fresh.verification, holds: true, findings: [] } },
      asked,
    );
    expect(runs.map(({ run }) => run)).toEqual([first?.run, second?.run, 'third']);
    expect(runs[0]).toBe(first);
    expect(runs[1]?.tasks).toBe(second?.tasks);
    expect(runs[1]?.accepted).toBe(4);
    expect(verification).toMatchObject({ holds: true, findings: [] });
  });

  it('keeps what verify found of the runs that were not read again', () => {
    const old = documentOf({ tasks: 4, layers: 2 });
    const [first] = old.runs;
    const fresh = copy(old) as ReportDocument;
    const only = { ...fresh, runs: [fresh.runs[0]] as ReportDocument['runs'] };
    const { verification } = renewed(
      old,
      { ...only, verification: { ...fresh.verification, holds: true, findings: [] } },
      new Set([first?.run ?? '']),
    );
    expect(verification).toMatchObject({ holds: false, findings: old.verification.findings });
  });

  it('is drawn in the same places while only states change', () => {
    const run = documentOf({ tasks: 60, layers: 6 }).runs[1] as ReportDocument['runs'][number];
    const later = { ...run, tasks: run.tasks.map((task) => ({ ...task, status: 'paid' as const })) };
    expect(isLaidOutAs(run, later)).toBe(true);
    expect(withTasks(layoutOf(run), later)).toEqual(layoutOf(later));
    const [first, ...others] = run.tasks;
    expect(isLaidOutAs(run, { ...run, tasks: others })).toBe(false);
    expect(
      isLaidOutAs(run, {
        ...run,
        tasks: [{ ...first, depends_on: ['task-2'] } as (typeof later.tasks)[number], ...others],
      }),
    ).toBe(false);
  });
});
