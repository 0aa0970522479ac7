import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { describe, expect, it, onTestFinished } from 'vitest';
import { planFromFestival } from '../../src/core/festival/festival-plan.js';
import { noteLines } from '../../src/core/festival/group-notes.js';
import { taskAlignment } from '../../src/core/festival/task-alignment.js';
import { readFestival } from '../../src/shell/plan/festival-files.js';

const file = (fields: Record<string, string | number | readonly string[]>, body = '# Text\n\nDo it.\n'): string =>
  `---\n${Object.entries(fields)
    .map(([key, value]) => `fest_${key}: ${JSON.stringify(value)}`)
    .join('\n')}\n---\n\n${body}`;

const FESTIVAL: Readonly<Record<string, string>> = {
  'FESTIVAL_GOAL.md': file({ type: 'festival', id: 'GB0001', name: 'garden bench' }),
  'README.md': '# No part of the plan\n',
  '001_DESIGN/PHASE_GOAL.md': file({ type: 'phase', id: '001_DESIGN', name: 'DESIGN', order: 1 }),
  '001_DESIGN/01_sketch/SEQUENCE_GOAL.md': file(
    { type: 'sequence', id: '01_sketch', name: 'sketch', parent: '001_DESIGN', order: 1 },
    '# Goal\n\n## Task Alignment\n\n| Task | Task Objective | Contribution |\n|---|---|---|\n| 01_draw.md | Draw the bench | shape |\n| 09_gone.md | Nothing | none |\n\n## Notes\n\n| 03_no.md | x | y |\n',
  ),
  '001_DESIGN/01_sketch/01_draw.md': file({
    type: 'task',
    id: '01_draw.md',
    name: 'draw',
    parent: '01_sketch',
    order: 1,
    autonomy: 'low',
  }),
  '001_DESIGN/01_sketch/01_measure.md': file({
    type: 'task',
    id: '01_measure.md',
    name: 'measure',
    parent: '01_sketch',
    order: 1,
    status: 'completed',
  }),
  '001_DESIGN/01_sketch/02_review.md': file(
    { type: 'gate', id: '02_review.md', name: 'Design Review', parent: 'elsewhere', order: 2, gate_type: 'review' },
    '**Task Number:** 2 | **Dependencies:** All implementation tasks | **Autonomy:** low\n',
  ),
  '002_BUILD/PHASE_GOAL.md': file({ type: 'phase', id: '002_BUILD', name: 'BUILD', order: 2 }),
  '002_BUILD/01_frame/01_saw.md': file({
    type: 'task',
    name: 'saw',
    order: 1,
    dependencies: ['../../001_DESIGN/01_sketch/01_draw', 'nothing'],
  }),
  '002_BUILD/01_seat/01_saw.md': file({ type: 'task', name: 'saw', order: 1 }),
  '002_BUILD/01_seat/02_sand.md': '# Sand\n\n**Dependencies:** saw\n',
  '002_BUILD/results/01_photo.md': '# A result\n',
  '003_THINK/PHASE_GOAL.md': file({ type: 'phase', id: '003_THINK', name: 'THINK', order: 3 }),
  '003_THINK/WORKFLOW.md': file({ type: 'workflow' }),
};

function festival(files: Readonly<Record<string, string>> = FESTIVAL): string {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-festival-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

/** The command as it is installed; `npm test` builds before. */
const MAIN = join(import.meta.dirname, '../../bin/coordinator.js');
const run = (args: readonly string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

const importOf = (directory: string) => {
  const { files, notes } = readFestival(directory);
  const imported = planFromFestival(files, { price: undefined, type: 'work', name: 'unnamed' });
  return { ...imported, notes: [...notes, ...imported.notes] };
};

it('maps phases, sequences, tasks and quality gates', () => {
  const { document, tasks } = importOf(festival());
  expect(tasks).toBe(6);
  expect(document).toMatchObject({
    name: 'garden bench',
    sequences: [
      {
        id: '001_DESIGN.01_sketch',
        after: [],
        tasks: [
          {
            id: '001.01.01_draw',
            type: 'work',
            input: { title: 'draw', objective: 'Draw the bench', autonomy: 'low' },
          },
          { id: '001.01.01_measure', type: 'work', input: { title: 'measure', instructions: '# Text\n\nDo it.' } },
          {
            id: '001.01.02_review',
            type: 'review',
            depends_on: ['001.01.01_draw', '001.01.01_measure'],
            input: { results: { '001.01.01_draw': { $output: '001.01.01_draw' } } },
          },
        ],
      },
      {
        id: '002_BUILD.01_frame',
        after: ['001_DESIGN.01_sketch'],
        tasks: [{ id: '002.01.01_saw', depends_on: ['001.01.01_draw'] }],
      },
      {
        id: '002_BUILD.01_seat',
        after: ['001_DESIGN.01_sketch'],
        tasks: [{ id: '002.01.01_saw-2' }, { id: '002.01.02_sand', depends_on: ['002.01.01_saw-2'] }],
      },
    ],
  });
});

it('notes what it could not map', () => {
  const { notes } = importOf(festival());
  expect(noteLines(notes)).toEqual([
    '002_BUILD/results: not read',
    '001_DESIGN/01_sketch/02_review.md (elsewhere, not 01_sketch): it does not lie in its fest_parent; the directory counts',
    '002_BUILD/01_seat/02_sand.md: numbered file without fest_type; taken for a task',
    '003_THINK/WORKFLOW.md ("workflow"): its fest_type has no counterpart; left out',
    '003_THINK/PHASE_GOAL.md: phase without tasks, such as one that follows a workflow; left out',
    '001_DESIGN/01_sketch/SEQUENCE_GOAL.md (09_gone): its Task Alignment table names what is no task of it',
    '001_DESIGN/01_sketch/01_measure.md: marked as completed; remove it if it need not be done again',
    '001_DESIGN/01_sketch/02_review.md (review): quality gate, became a task of its kind; its checklist is prose, so put a command, schema or agent gate on the tasks it judges',
    '002_BUILD/01_frame/01_saw.md (nothing): depends on what names no task; left out',
    '.: a festival has no prices; all tasks are unpaid until you add "price", or import with --price',
  ]);
});

it('tells notes that say the same together', () => {
  const notes = Array.from({ length: 9 }, (_, index) => ({ path: `${index}.md`, message: 'strange', detail: 'x' }));
  expect(noteLines([...notes, { path: '.', message: 'other' }])).toEqual([
    '0.md (x), 1.md (x), 2.md (x) and 6 more: strange',
    '.: other',
  ]);
});

/** For each task of an imported festival, all that has to be done before it. */
function orderIn(directory: string): Readonly<Record<string, readonly string[]>> {
  const out = join(directory, 'plan.yaml');
  const { status, stderr } = run(['import', directory, '--out', out]);
  expect(status, stderr).toBe(0);
  const { tasks, sequences } = loadPlan(out);
  const before = (id: string): Set<string> => {
    const task = tasks.find((each) => each.id === id);
    const earlier = sequences.find((each) => each.id === task?.sequence)?.after ?? [];
    const direct = [
      ...(task?.dependsOn ?? []),
      ...tasks.filter(({ sequence }) => earlier.includes(sequence)).map((other) => other.id),
    ];
    return new Set([...direct, ...direct.flatMap((other) => [...before(other)])]);
  };
  return Object.fromEntries(tasks.map(({ id }) => [id, [...before(id)].sort()]));
}

const notesOf = (directory: string): string => run(['import', directory]).stderr;

describe('the order of a festival', () => {
  it.each([
    ['is the same for all', [1, 1, 1]],
    ['is the reverse', [3, 2, 1]],
    ['is mixed up', [2, 3, 1]],
  ])('is that of the names when fest_order %s, and one note says so', (_what, orders) => {
    const files = Object.fromEntries(
      ['01_contract', '02_tests', '03_deploy'].map((stem, index) => [
        `001_BUILD/01_chain/${stem}.md`,
        file({ type: 'task', name: stem, order: orders[index] ?? 0 }),
      ]),
    );
    const directory = festival(files);
    const notes = notesOf(directory);
    expect(notes.match(/fest_order/g)).toHaveLength(1);
    expect(notes).toContain('note: 001_BUILD/01_chain: fest_order contradicts');
    expect(orderIn(directory)).toEqual({
      '001.01.01_contract': [],
      '001.01.02_tests': ['001.01.01_contract'],
      '001.01.03_deploy': ['001.01.01_contract', '001.01.02_tests'],
    });
  });

  it('is that of the names for sequences and phases too', () => {
    const goal = (type: string, name: string, order: number) => file({ type, name, order });
    const task = file({ type: 'task', name: 'x' });
    const directory = festival({
      '001_A/PHASE_GOAL.md': goal('phase', 'A', 2),
      '001_A/01_a/SEQUENCE_GOAL.md': goal('sequence', 'a', 9),
      '001_A/01_a/01_x.md': task,
      '001_A/02_b/SEQUENCE_GOAL.md': goal('sequence', 'b', 1),
      '001_A/02_b/01_x.md': task,
      '002_B/PHASE_GOAL.md': goal('phase', 'B', 1),
      '002_B/01_c/01_x.md': task,
    });
    expect(notesOf(directory)).toContain('note: ., 001_A: fest_order contradicts');
    const order = orderIn(directory);
    expect(order['002.01.01_x']).toEqual(['001.01.01_x', '001.02.01_x']);
    expect(order['001.02.01_x']).toEqual(['001.01.01_x']);
  });

  it('is not changed by dependencies that go against it: they are left out with a note', () => {
    const directory = festival({
      '001_A/01_a/01_x.md': file({ type: 'task', name: 'x', dependencies: ['02_y', '../../002_B/01_b/01_z'] }),
      '001_A/01_a/02_y.md': file({ type: 'task', name: 'y' }),
      '002_B/01_b/01_z.md': file({ type: 'task', name: 'z' }),
    });
    expect(notesOf(directory)).toContain(
      'note: 001_A/01_a/01_x.md (001.01.02_y), 001_A/01_a/01_x.md (002.01.01_z): depends on what comes later',
    );
    expect(orderIn(directory)['001.01.01_x']).toEqual([]);
  });

  it('is fest_order where names have no numbers, without a note', () => {
    const directory = festival({
      'phase/seq/alpha.md': file({ type: 'task', name: 'alpha', order: 2 }),
      'phase/seq/beta.md': file({ type: 'task', name: 'beta', order: 1 }),
    });
    expect(notesOf(directory)).not.toContain('fest_order');
    expect(orderIn(directory)['phase.seq.alpha']).toEqual(['phase.seq.beta']);
  });

  it('lets tasks that lie directly in a phase come in their place', () => {
    const task = file({ type: 'task', name: 'x', order: 1 });
    const directory = festival({
      '001_RESEARCH/PHASE_GOAL.md': file({ type: 'phase', name: 'RESEARCH', order: 1 }),
      '001_RESEARCH/01_read.md': task,
      '002_BUILD/PHASE_GOAL.md': file({ type: 'phase', name: 'BUILD', order: 2 }),
      '002_BUILD/01_plan.md': file({ type: 'task', name: 'plan', order: 1 }),
      '002_BUILD/02_api/01_write.md': task,
      '002_BUILD/03_ship.md': file({ type: 'task', name: 'ship', order: 3 }),
      '003_CHECK/01_look/01_look.md': task,
    });
    expect(notesOf(directory)).not.toContain('left out');
    const order = orderIn(directory);
    expect(order['002.01_plan']).toEqual(['001.01_read']);
    expect(order['002.02.01_write']).toEqual(['001.01_read', '002.01_plan']);
    expect(order['002.03_ship']).toEqual(['001.01_read', '002.01_plan', '002.02.01_write']);
    expect(order['003.01.01_look']).toHaveLength(4);
  });
});

it('reads the objective column of a Task Alignment table and nothing else', () => {
  const table =
    '## Task Alignment\n| Task | Objective |\n|:--|--:|\n| `01_a.md` | First |\n| [02_b](02_b.md) | Second |\n| [REPLACE: x] | y |\n# Next\n| 03_c | no |\n';
  expect(taskAlignment(table)).toEqual([
    { task: '01_a', objective: 'First' },
    { task: '02_b', objective: 'Second' },
  ]);
  expect(taskAlignment('no table')).toEqual([]);
});

it('skips the front matter of a template before the document’s own', () => {
  const text = '---\nid: task-template\n---\n\n---\nfest_type: task\nfest_name: real\n---\nBody\n';
  const { files } = readFestival(festival({ '001_A/01_b/01_c.md': text }));
  expect(files).toEqual([
    {
      path: '001_A/01_b/01_c.md',
      fields: { id: 'task-template', fest_type: 'task', fest_name: 'real' },
      body: 'Body\n',
    },
  ]);
});

it('goes on without front matter that is no YAML', () => {
  const { notes, files } = readFestival(festival({ '01_a/01_c.md': '---\nfest_type: [task\n---\nBody\n' }));
  expect(files[0]?.fields).toEqual({});
  expect(notes[0]?.message).toMatch(/^its front matter is no YAML/);
});

it('writes a plan that compiles, and never over another file', () => {
  const directory = festival();
  const out = join(directory, 'plan.yaml');
  const first = run(['import', directory, '--out', out, '--price', '100']);
  expect(first.status, first.stderr).toBe(0);
  expect(first.stderr).toContain(`6 tasks, 10 notes; written to ${out}`);
  expect(loadPlan(out).tasks.map(({ price, gates }) => [price, gates[0]?.kind])).toEqual(
    Array(6).fill([100n, 'human']),
  );
  const again = run(['import', directory, '--out', out]);
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('it exists already; give another name')]);
});

it('says so when there is no festival', () => {
  const empty = run(['import', festival({ 'README.md': '# x' })]);
  expect([empty.status, empty.stderr]).toEqual([2, expect.stringContaining('holds no task of a festival')]);
  expect(run(['import', '/nowhere']).status).toBe(2);
});
