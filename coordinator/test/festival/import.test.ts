import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadPlan } from '@gatepost/coordinator/shell/plan/plan-file';
import { expect, it, onTestFinished } from 'vitest';
import { planFromFestival } from '../../src/core/festival/festival-plan.js';
import { taskAlignment } from '../../src/core/festival/task-alignment.js';
import { readFestival } from '../../src/shell/festival-files.js';

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
  expect(notes.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    '002_BUILD/results: not read',
    '001_DESIGN/01_sketch/02_review.md: fest_parent is elsewhere, but it lies in 01_sketch; the directory counts',
    '002_BUILD/01_seat/02_sand.md: numbered file without fest_type; taken for a task',
    '003_THINK/WORKFLOW.md: fest_type "workflow" has no counterpart; left out',
    '003_THINK/PHASE_GOAL.md: phase without sequences, such as one that follows a workflow; left out',
    '001_DESIGN/01_sketch/SEQUENCE_GOAL.md: its Task Alignment table names 09_gone, which is no task of it',
    '001_DESIGN/01_sketch/01_measure.md: marked as completed; remove it if it need not be done again',
    '001_DESIGN/01_sketch/02_review.md: quality gate "review" became a task of type review; its checklist is prose, so put a command, schema or agent gate on the tasks it judges',
    '002_BUILD/01_frame/01_saw.md: depends on "nothing", which names no task; left out',
    '.: a festival has no prices; all tasks are unpaid until you add "price", or import with --price',
  ]);
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

/** The command as it is installed; `npm test` builds before. */
const MAIN = join(import.meta.dirname, '../../bin/coordinator.js');
const run = (args: readonly string[]) => spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });

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
