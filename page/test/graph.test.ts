import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentOf } from '../bench/documents.mjs';
import { lanesOf } from '../src/agents/spans.js';
import { blocksOf, MAX_BLOCKS, MAX_NAMED } from '../src/graph/blocks.js';
import { layoutOf } from '../src/graph/layout.js';
import { levelsOf } from '../src/graph/levels.js';
import { neighbourOf } from '../src/graph/neighbour.js';
import type { ReportedRun, ReportedTask } from '../src/report.js';
import { dollars, grouped, hbar, lasting } from '../src/words.js';

const task = (id: string, depends_on: readonly string[] = [], sequence = 's'): ReportedTask => ({
  id,
  type: 'work',
  status: 'pending',
  sequence,
  depends_on: [...depends_on],
  gates: [],
  price: '0',
  why: [],
  fees: '0',
  attempts: [],
});

const only = [{ id: 's', after: [] }];

/** The half-done run of a made-up report. */
function runOf(tasks: number, layers: number): ReportedRun {
  const run = documentOf({ tasks, layers }).runs.at(-1);
  if (run === undefined) throw new Error('no run');
  return run;
}

/** Any plan without cycles: tasks wait for earlier ones, sequences for earlier ones. */
const anyPlan = fc
  .array(fc.record({ before: fc.array(fc.nat(), { maxLength: 4 }), sequence: fc.nat(4) }), {
    minLength: 1,
    maxLength: 120,
  })
  .chain((drafts) =>
    fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }).map((links) => {
      // Tasks are in the order of their sequences, so that no sequence waits for a later one.
      const sorted = [...drafts].sort((a, b) => a.sequence - b.sequence);
      const tasks = sorted.map(({ before, sequence }, index) =>
        task(`t${index}`, index === 0 ? [] : [...new Set(before.map((one) => `t${one % index}`))], `s${sequence}`),
      );
      const sequences = [0, 1, 2, 3, 4].map((number) => ({
        id: `s${number}`,
        after: [0, 1, 2, 3, 4]
          .filter((earlier) => earlier < number && links[number + earlier] === true)
          .map((one) => `s${one}`),
      }));
      return { tasks, sequences };
    }),
  );

describe('the graph of a plan', () => {
  it('puts each task deeper than all that it waits for, sequences too', () => {
    fc.assert(
      fc.property(anyPlan, ({ tasks, sequences }) => {
        const levels = levelsOf(tasks, sequences);
        const level = (id: string) => levels.get(id) ?? Number.NaN;
        for (const { id, depends_on, sequence } of tasks) {
          for (const before of depends_on) expect(level(id)).toBeGreaterThan(level(before));
          const after = sequences.find((one) => one.id === sequence)?.after ?? [];
          for (const earlier of tasks.filter((one) => after.includes(one.sequence ?? '')))
            expect(level(id)).toBeGreaterThan(level(earlier.id));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('draws each task once, inside the drawing, no two over each other', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const { cells, width, height } = layoutOf(plan);
        expect(cells.map(({ task: { id } }) => id).sort()).toEqual(plan.tasks.map(({ id }) => id).sort());
        for (const [index, a] of cells.entries()) {
          expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true);
          for (const b of cells.slice(index + 1)) {
            const apart =
              a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            expect(apart, `${a.task.id} and ${b.task.id}`).toBe(true);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('names every task of a small plan, and goes from left to right', () => {
    const { named, cells, lines } = layoutOf({
      tasks: [task('a'), task('b', ['a']), task('c', ['b'])],
      sequences: only,
    });
    expect(named).toBe(true);
    const [a, b, c] = cells.map(({ x }) => x);
    expect(a ?? 0).toBeLessThan(b ?? 0);
    expect(b ?? 0).toBeLessThan(c ?? 0);
    expect(lines).toHaveLength(2);
  });

  it('brings equally deep tasks of a larger plan into one box', () => {
    const tasks = [task('first'), ...Array.from({ length: 100 }, (_, index) => task(`t${index}`, ['first']))];
    const { blocks, edges } = blocksOf({ tasks, sequences: only });
    expect(blocks.map((block) => block.tasks.length)).toEqual([1, 100]);
    expect(edges).toEqual([[0, 1]]);
  });

  it('links sequences by their ends', () => {
    const many = (sequence: string) =>
      Array.from({ length: MAX_NAMED }, (_, index) => task(`${sequence}${index}`, [], sequence));
    const sequences = [
      { id: 'x', after: [] },
      { id: 'y', after: ['x'] },
    ];
    const { blocks, edges } = blocksOf({ tasks: [...many('x'), ...many('y')], sequences });
    expect(blocks.map(({ caption }) => caption)).toEqual(['x', 'y']);
    expect(edges).toEqual([[0, 1]]);
  });

  it('draws a long chain as one box, and more boxes than can be laid out by their depth', () => {
    const chain = Array.from({ length: 2_000 }, (_, index) => task(`t${index}`, index === 0 ? [] : [`t${index - 1}`]));
    expect(blocksOf({ tasks: chain, sequences: only }).blocks.map(({ tasks }) => tasks.length)).toEqual([2_000]);
    const ladder = Array.from({ length: 2_000 }, (_, index) => {
      const rung = Math.floor(index / 2) - 1;
      return task(`t${index}`, rung < 0 ? [] : [`t${rung * 2}`, `t${rung * 2 + 1}`]);
    });
    const { blocks } = blocksOf({ tasks: ladder, sequences: only });
    expect(blocks.length).toBeLessThanOrEqual(MAX_BLOCKS);
    expect(blocks.reduce((sum, { tasks }) => sum + tasks.length, 0)).toBe(2_000);
  });

  it('leaves reviews out', () => {
    const review = { ...task('1~a'), reviews: { task: 'a', attempt: 1 } };
    expect(layoutOf({ tasks: [task('a'), review], sequences: only }).cells.map((cell) => cell.task.id)).toEqual(['a']);
    expect(layoutOf({ tasks: [], sequences: [] }).cells).toEqual([]);
  });

  it('arrow keys reach every task', () => {
    const { cells } = layoutOf(runOf(200, 6));
    const reached = new Set(cells.slice(0, 1));
    for (const cell of reached) {
      for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp']) {
        const next = neighbourOf(cells, cell, key);
        if (next !== undefined) reached.add(next);
      }
    }
    expect(reached.size).toBe(cells.length);
  });
});

describe('the time line', () => {
  const run = runOf(60, 4);
  const until = Date.parse(documentOf({ tasks: 60, layers: 4 }).made_at);
  const lanes = lanesOf(run, until);

  it('has each attempt once, in the lane of its agent', () => {
    const drawn = lanes.flatMap(({ agent, spans }) => spans.map((span) => `${agent} ${span.task}#${span.attempt}`));
    const told = run.tasks.flatMap(({ id, attempts }) =>
      attempts.map(({ agent, number }) => `${agent} ${id}#${number}`),
    );
    expect(drawn.sort()).toEqual(told.sort());
  });

  it('no two attempts of a row overlap, and the phases of one follow each other', () => {
    for (const { spans } of lanes) {
      for (const span of spans) {
        for (const other of spans.filter((one) => one !== span && one.row === span.row))
          expect(other.to <= span.from || span.to <= other.from).toBe(true);
        for (const [index, phase] of span.phases.entries())
          expect(phase.to).toBe(span.phases[index + 1]?.from ?? span.to);
      }
    }
  });

  it('tells the lost from the rejected', () => {
    const ends = new Set(lanes.flatMap(({ spans }) => spans.map(({ end }) => end)));
    expect([...ends].sort()).toEqual(['accepted', 'lost', 'open', 'rejected']);
  });
});

it('amounts and times are told in words', () => {
  expect(grouped('1234567')).toBe('1\u00a0234\u00a0567');
  expect([hbar('0'), hbar('150000000'), hbar('1')]).toEqual(['0\u00a0ℏ', '1.5\u00a0ℏ', '0.00000001\u00a0ℏ']);
  expect(dollars('200000000', 0.12)).toBe('$0.2400');
  expect([lasting(1_500), lasting(61_000), lasting(3_700_000), lasting(90_000_000)]).toEqual([
    '1.5 s',
    '1 min 1 s',
    '1 h 1 min',
    '1 d 1 h',
  ]);
});
