import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaValidator } from '@gatepost/party/plan/json-schema';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { planJsonSchema } from '@gatepost/rules/plan/json-schema';
import { describe, expect, it } from 'vitest';
import { planOf, temporaryDirectory } from './temp-dir.js';

const FULL = `# yaml-language-server: $schema=../docs/plan.schema.json
name: full
budget: { max_total: "9223372036854775807", max_fees_usd: 1.5 }
defaults: { deadline: 2m, attempts: 2, price: 100, gate: { command: [node, check.mjs] } }
sequences:
  - id: collect
    tasks:
      - id: inventory
        type: dependency-inventory
        agent: 0.0.1234
        input: { root: ., depth: 3, list: [1, 2.5, null, true] }
        price: 1200
        deadline: 90s
        attempts: 3
        retry: elsewhere
        save_as: ./out//inventory.json
      - id: sizes
        type: sizes
        gate: [human, { quorum: { of: 3, agree: 2 } }, { agent: { type: review, price: "5", deadline: 1h } }]
  - id: free
    after: []
    tasks:
      - { id: note, type: note, gate: none, price: 9007199254740993 }
  - id: report
    after: [collect, free]
    tasks:
      - id: report
        type: report
        depends_on: [sizes]
        input: { all: { $output: inventory }, some: [{ $output: sizes, pointer: "/a~1b/0" }] }
        gate: { schema: report.schema.json }
`;

function full(): ReturnType<typeof planOf> {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'report.schema.json'), '{"type":"object"}');
  return planOf(FULL, 'plan.yaml', directory);
}

describe('a compiled plan', () => {
  it('has defaults applied and units converted', () => {
    const { tasks } = full();
    expect(tasks[0]).toEqual({
      id: 'inventory',
      sequence: 'collect',
      type: 'dependency-inventory',
      agent: '0.0.1234',
      input: { root: '.', depth: 3, list: [1, 2.5, null, true] },
      price: 1200n,
      deadlineMs: 90_000,
      attempts: 3,
      retry: 'elsewhere',
      guard: false,
      gates: [{ kind: 'command', argv: ['node', 'check.mjs'], timeoutMs: 60_000 }],
      saveAs: 'out/inventory.json',
      dependsOn: [],
    });
    expect(tasks[1]).toMatchObject({ input: null, price: 100n, deadlineMs: 120_000, attempts: 2, retry: 'any' });
    expect(tasks[1]?.gates).toEqual([
      { kind: 'human' },
      { kind: 'quorum', of: 3, agree: 2 },
      { kind: 'agent', type: 'review', price: 5n, deadlineMs: 3_600_000 },
    ]);
    expect(tasks[2]).toMatchObject({ price: 9007199254740993n, gates: [{ kind: 'none' }] });
  });

  it('has sequences in order, and dependencies from names and references', () => {
    const { sequences, tasks, maxTotal, maxFeesUsd } = full();
    expect(sequences).toEqual([
      { id: 'collect', after: [] },
      { id: 'free', after: [] },
      { id: 'report', after: ['collect', 'free'] },
    ]);
    expect(tasks[3]).toMatchObject({
      dependsOn: ['sizes', 'inventory'],
      gates: [{ kind: 'schema', schema: { type: 'object' } }],
    });
    expect([maxTotal, maxFeesUsd]).toEqual([9223372036854775807n, 1.5]);
  });

  it('waits for the previous sequence unless told otherwise', () => {
    const plan = planOf('name: p\nsequences: [{id: a, tasks: [{id: x, type: t}]}, {id: b, tasks: [{id: y, type: t}]}]');
    expect(plan.sequences).toEqual([
      { id: 'a', after: [] },
      { id: 'b', after: ['a'] },
    ]);
    expect(plan.tasks[0]).toMatchObject({ price: 0n, gates: [{ kind: 'none' }], attempts: 3, deadlineMs: 600_000 });
  });
});

describe('the digest', () => {
  const yaml = 'name: p\nsequences:\n  - id: s\n    tasks:\n      - { id: a, type: t, price: 5, gate: none }\n';

  it('is the same for YAML and JSON, whatever the layout and order of keys, and with defaults written out', () => {
    const json =
      '{"sequences":[{"tasks":[{"gate":"none","type":"t","id":"a","price":"5","attempts":3,"retry":"any"}],"id":"s","after":[]}],"name":"p"}';
    expect(planOf(json, 'plan.json').digest).toBe(planOf(`# comment\n${yaml}`).digest);
    expect(planOf(yaml).digest).toBe('b97d8eb6e3b954f84e29deaf4ccea5f50fc85002ebead6e09816ab517ed516be');
  });

  it.each([
    ['price: 5', 'price: 6'],
    ['type: t', 'type: u'],
    ['name: p', 'name: q'],
    ['gate: none', 'gate: human'],
    ['id: a,', 'id: a, input: 0,'],
    ['id: a,', 'id: a, agent: 0.0.7,'],
    ['id: a,', 'id: a, save_as: a,'],
    ['name: p', 'name: p\nbudget: { max_total: 100 }'],
  ])('changes with %s -> %s', (from, to) => {
    expect(planOf(yaml.replace(from, to)).digest).not.toBe(planOf(yaml).digest);
  });
});

describe('docs/plan.schema.json', () => {
  const docs = join(import.meta.dirname, '../../../docs');
  const published = JSON.parse(readFileSync(join(docs, 'plan.schema.json'), 'utf8'));

  it('is what the compiler checks; `npm run schemas -w coordinator` writes it', () => {
    expect(published).toEqual(planJsonSchema());
  });

  it('accepts a full plan and refuses what the compiler refuses', async () => {
    const { parse } = await import('yaml');
    const validate = schemaValidator(published);
    // Editors cannot hold an integer beyond 2^53 exactly, so the schema wants it in quotes.
    const plan = FULL.replace('9007199254740993', '"9007199254740993"');
    expect(validate(parse(plan)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(parse(plan.replace('deadline: 90s', 'deadline: 90')))).toBe(false);
    expect(validate(parse(plan.replace('retry: elsewhere', 'retri: elsewhere')))).toBe(false);
  });
});

it.each(['coding.yaml', 'dependency-audit.yaml', 'rejected-then-paid.yaml'])('compiles examples/%s', (file) => {
  expect(loadPlan(join(import.meta.dirname, '../../../examples', file)).tasks.length).toBeGreaterThan(0);
});

it('compiles 100,000 tasks', { timeout: 60_000 }, () => {
  const sequences = Array.from({ length: 1_000 }, (_, s) => ({
    id: `s${s}`,
    tasks: Array.from({ length: 100 }, (_, t) => ({
      id: `t${s}.${t}`,
      type: 'x',
      depends_on: t === 0 ? [] : [`t${s}.${t - 1}`],
      save_as: `out/${s}/${t}.json`,
    })),
  }));
  const directory = temporaryDirectory();
  const path = join(directory, 'plan.json');
  writeFileSync(path, JSON.stringify({ name: 'big', defaults: { price: 1, gate: 'none' }, sequences }));
  expect(loadPlan(path).tasks).toHaveLength(100_000);
});
