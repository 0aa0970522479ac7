import { expect, it } from 'vitest';
import { problemsOf } from './temp-dir.js';

/** A plan of one sequence whose tasks are the given lines; the first task stands on line 5. */
const tasks = (...lines: readonly string[]): string =>
  ['name: p', 'sequences:', '  - id: s', '    tasks:', ...lines.map((line) => `      - ${line}`), ''].join('\n');

const CASES: readonly (readonly [what: string, plan: string, expected: readonly RegExp[]])[] = [
  [
    'an unknown key, with what was meant',
    tasks('{ id: a, type: t, depend_on: [] }'),
    [/^plan\.yaml:5:27: task "a": unknown key "depend_on"; did you mean "depends_on"\?$/],
  ],
  [
    'an unknown key far from any',
    tasks('{ id: a, type: t, zzz: 1 }'),
    [/:5:27: .*unknown key "zzz"; it may have id, /],
  ],
  ['a missing key', tasks('{ id: a }'), [/:5:9: task "a": "type" is missing; add it/]],
  ['a task that is no mapping', tasks('a'), [/:5:9: task number 1 must be a mapping/]],
  ['a bad id', tasks('{ id: "a b", type: t }'), [/:5:15: .*"id" must be 1 to 64 letters.* not "a b"/]],
  ['a duplicate id', tasks('{ id: a, type: t }', '{ id: a, type: t }'), [/:6:15: task id "a" is used twice; rename/]],
  ...['0', '-5', '1.5', 'ten', '"007"', '9223372036854775808', '"9223372036854775808"', '[1]'].map(
    (price): readonly [string, string, readonly RegExp[]] => [
      `price ${price}`,
      tasks(`{ id: a, type: t, gate: none, price: ${price} }`),
      [/:5:46: task "a": "price" must be a whole number from 1 to 9223372036854775807, not .*; write it in/],
    ],
  ),
  ...['010', '0x10', '0o10', '007'].map((price): readonly [string, string, readonly RegExp[]] => [
    `price ${price}, which two readers may take for two amounts`,
    tasks(`{ id: a, type: t, gate: none, price: ${price} }`),
    [new RegExp(`:5:46: ${price} is read as different numbers; write \\d+ plainly`)],
  ]),
  ...['90', '90 s', '0s', '31d', '-1s', '1h30m'].map((text): readonly [string, string, readonly RegExp[]] => [
    `deadline ${text}`,
    tasks(`{ id: a, type: t, deadline: ${text} }`),
    [/:5:37: task "a": "deadline" must be a duration from 1ms to 30d, not .*; write a whole number and a unit/],
  ]),
  ['attempts', tasks('{ id: a, type: t, attempts: 0 }'), [/:5:37: .*"attempts" must be a whole number from 1 to 100/]],
  ['an agent', tasks('{ id: a, type: t, agent: bob }'), [/:5:34: .*"agent" must be an account id/]],
  ['retry', tasks('{ id: a, type: t, retry: no }'), [/:5:34: .*"retry" must be any, same or elsewhere/]],
  ['default deny', tasks('{ id: a, type: t, price: 5 }'), [/:5:9: task "a" has a price and no gate.*gate: none/]],
  [
    'an unknown gate',
    tasks('{ id: a, type: t, gate: { comand: [x] } }'),
    [/:5:33: task "a": gate \{"comand":\["x"\]\} is unknown; write none/],
  ],
  ...[
    ['{ $git: 1 }', /:5:47: task "a": "\$git" is no object; write \{ "\$git"/],
    [`{ $git: { url: /a, commit: ${'a'.repeat(40)} }, x: 1 }`, /task "a": "x" stands beside "\$git"; put it beside/],
    ['{ $git: { url: /a, commit: main } }', /:5:66: .*no full id of a commit; write what "git rev-parse" prints/],
    ['{ $git: { url: /a } }', /"commit" of "\$git" is no full id/],
    [`{ $git: { url: "ext::sh", commit: ${'a'.repeat(40)} } }`, /:5:54: .*"url" of "\$git" is https:.*or a path/],
    [`{ $git: { url: /a, commit: ${'a'.repeat(40)}, ref: x } }`, /unknown key "ref" in "\$git"; it has "url" and/],
  ].map(([repository, message]): readonly [string, string, readonly RegExp[]] => [
    `a repository ${repository}`,
    tasks(`{ id: a, type: t, input: { r: ${repository} } }`),
    [message as RegExp],
  ]),
  ...['[R]', '{ a: { b: R } }', '{ inputs: R }', '{ a/b: R }', 'R'].map(
    (input): readonly [string, string, readonly RegExp[]] => [
      `a repository in the wrong place: ${input}`,
      tasks(`{ id: a, type: t, input: ${input.replace('R', `{ $git: { url: /a, commit: ${'a'.repeat(40)} } }`)} }`),
      [/:5:\d+: task "a": a repository is a member of the input, whose name is that of its directory; write input/],
    ],
  ),
  [
    'a tree of what is no repository',
    tasks('{ id: a, type: t, input: { r: 1 }, gate: { command: [x], tree: { of: r } } }'),
    [/:5:50: task "a": its gate wants a tree of "r", which is no repository of its input; write input: \{ r:/],
  ],
  [
    'a tree without a name',
    tasks('{ id: a, type: t, gate: { command: [x], tree: repo } }'),
    [/:5:55: task "a": gate: "tree" must name the member of the input that is a repository/],
  ],
  [
    'a tree with an unknown key',
    tasks('{ id: a, type: t, gate: { command: [x], tree: { of: r, ony: [a] } } }'),
    [/unknown key "ony"; did you mean "only"/],
  ],
  [
    'two kinds in one gate',
    tasks('{ id: a, type: t, gate: { command: [x], schema: {} } }'),
    [/mixes command and schema/],
  ],
  ['none beside others', tasks('{ id: a, type: t, gate: [none, human] }'), [/:5:33: .*"none" stands beside/]],
  [
    'two reviews',
    tasks('{ id: a, type: t, gate: [{ agent: { type: r, price: 1 } }, { agent: { type: r, price: 1 } }] }'),
    [/more than one agent gate/],
  ],
  ['a command as text', tasks('{ id: a, type: t, gate: { command: run me } }'), [/:5:44: .*must be a list of texts/]],
  [
    'a gate timeout',
    tasks('{ id: a, type: t, gate: { command: [x], timeout: 5 } }'),
    [/:5:58: .*"timeout" must be a duration/],
  ],
  [
    'a quorum that cannot agree',
    tasks('{ id: a, type: t, gate: { quorum: { of: 2, agree: 3 } } }'),
    [/:5:59: .*3 agents cannot agree when only 2 are asked; lower "agree"/],
  ],
  [
    'a quorum of one named agent',
    tasks('{ id: a, type: t, agent: 0.0.5, gate: { quorum: { of: 2, agree: 2 } } }'),
    [/:5:34: .*exclude each other/],
  ],
  ['a schema file that is not there', tasks('{ id: a, type: t, gate: { schema: no.json } }'), [/:5:43: .*no\.json/]],
  [
    'a schema that is none',
    tasks('{ id: a, type: t, gate: { schema: { type: 5 } } }'),
    [/:5:43: .*not a usable JSON Schema/],
  ],
  [
    'an unknown dependency, with what was meant',
    tasks('{ id: alpha, type: t }', '{ id: b, type: t, depends_on: [alpa] }'),
    [/:6:40: task "b" waits for "alpa", which is no task of this plan; did you mean "alpha"\?/],
  ],
  [
    'an unknown output',
    tasks('{ id: b, type: t, input: { x: { $output: nobody } } }'),
    [/:5:50: task "b" waits for "nobody"/],
  ],
  [
    'a bad pointer',
    tasks('{ id: a, type: t }', '{ id: b, type: t, input: { $output: a, pointer: x/y } }'),
    [/:6:57: task "b": "x\/y" is no JSON pointer/],
  ],
  [
    'a bad escape in a pointer',
    tasks('{ id: a, type: t }', '{ id: b, type: t, input: { $output: a, pointer: /x~2 } }'),
    [/:6:57: .*no JSON pointer/],
  ],
  [
    'a key within a reference',
    tasks('{ id: a, type: t }', '{ id: b, type: t, input: { $output: a, other: 1 } }'),
    [/:6:55: task "b": unknown key "other" in a reference/],
  ],
  [
    'an integer too long for JSON',
    tasks('{ id: a, type: t, input: [12345678901234567890] }'),
    [/:5:35: 12345678901234567890 is too long/],
  ],
  ['a cycle of one', tasks('{ id: a, type: t, depends_on: [a] }'), [/:5:40: cycle: a -> a \(each waits/]],
  [
    'a cycle of three, by name',
    tasks(
      '{ id: a, type: t, depends_on: [b] }',
      '{ id: b, type: t, input: { $output: c } }',
      '{ id: c, type: t, depends_on: [a] }',
      '{ id: d, type: t, depends_on: [a] }',
    ),
    [/:5:40: cycle: a -> b -> c -> a \(each waits for the next\); remove one/],
  ],
  [
    'a dependency on a later sequence',
    `${tasks('{ id: a, type: t, depends_on: [b] }')}  - id: later\n    tasks: [{ id: b, type: t }]\n`,
    [/:5:40: task "a" depends on "b" of a later sequence: a -> b -> sequence later -> sequence s -> a; move/],
  ],
  [
    'sequences in a circle',
    `${tasks('{ id: a, type: t }').replace('id: s', 'id: s\n    after: [later]')}  - id: later\n    tasks: [{ id: b, type: t }]\n`,
    [/:4:13: cycle: sequence s -> sequence later -> sequence s \(each waits/],
  ],
  [
    'an unknown sequence',
    tasks('{ id: a, type: t }').replace('id: s', 'id: s\n    after: [first]'),
    [/:4:13: sequence "s" waits for "first", which is no sequence/],
  ],
  [
    'no tasks',
    'name: p\nsequences:\n  - id: s\n    tasks: []\n',
    [/:4:12: sequence "s": "tasks" must be a list of at least one task/],
  ],
  ...['../x', '/x', 'a/../../x', 'a/', '.', 'C:x', "'a\\b'"].map(
    (file): readonly [string, string, readonly RegExp[]] => [
      `save_as ${file}`,
      tasks(`{ id: a, type: t, save_as: ${file} }`),
      [/:5:36: task "a": save_as .* is no file inside the output directory/],
    ],
  ),
  [
    'the same save_as twice',
    tasks('{ id: a, type: t, save_as: x/y }', '{ id: b, type: t, save_as: ./x//Y }'),
    [/:6:36: task "b": save_as x\/Y is also that of task "a"/],
  ],
  [
    'save_as below a file',
    tasks('{ id: a, type: t, save_as: x/y }', '{ id: b, type: t, save_as: x }'),
    [/:5:36: task "a": save_as needs a directory where task "b" saves a file/],
  ],
  [
    'prices over the budget, quorum members and reviews included',
    `budget: { max_total: 99 }\n${tasks(
      '{ id: a, type: t, price: 40, gate: { quorum: { of: 2, agree: 2 } } }',
      '{ id: b, type: t, price: 10, gate: { agent: { type: r, price: 10 } } }',
    )}`,
    [/:1:22: all prices.* are 100, more than max_total 99; raise max_total or lower/],
  ],
  ['broken YAML', 'name: p\nsequences: [', [/^plan\.yaml:\d+:\d+: .*mend the YAML/]],
  ['a key twice', `name: p\n${tasks('{ id: a, type: t }')}`, [/^plan\.yaml:2:1: .*unique/]],
  ['an empty file', '', [/:1:1: the plan must be a mapping/]],
];

it.each(CASES)('reports %s', (_what, plan, expected) => {
  const problems = problemsOf(plan);
  expect(problems, problems.join('\n')).toHaveLength(expected.length);
  for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern);
});

const inJson = (task: Record<string, unknown>): string =>
  JSON.stringify({ name: 'p', sequences: [{ id: 's', tasks: [{ id: 'a', type: 't', ...task }] }] });
const nested = (key: string, levels: number): unknown =>
  Array.from({ length: levels }).reduce<unknown>((inner) => ({ [key]: inner }), {});

const HOSTILE: readonly (readonly [what: string, text: string, expected: RegExp])[] = [
  [
    'nesting without end',
    `name: ${'['.repeat(20_000)}`,
    /^plan\.yaml:1:\d+: what begins here is nested too deeply; mend the YAML/,
  ],
  ['nesting in JSON', `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /^plan\.yaml:1:\d+: .*; mend the YAML/],
  [
    'a schema without bottom',
    inJson({ gate: { schema: nested('not', 200) } }),
    /deeper than 100 levels; mend the schema/,
  ],
  ['an input without bottom', inJson({ input: nested('a', 200) }), /input is nested deeper than 64; flatten it/],
  [
    'a schema that only refers to itself',
    inJson({ gate: { schema: { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } } } }),
    /its references lead back to themselves; mend the schema/,
  ],
  ['an alias within itself', tasks('{ id: a, type: t, input: &x { y: *x } }'), /; mend the anchors and aliases$/],
  ['an unknown alias', 'name: *nobody\n', /nobody; mend the anchors and aliases$/],
  [
    'aliases that multiply',
    `${'abcdefg'.replace(/./g, (name) => {
      const before = String.fromCharCode(name.charCodeAt(0) - 1);
      return `${name}: &${name} [${Array(9).fill(name === 'a' ? 'x' : `*${before}`)}]\n`;
    })}name: *g\n`,
    /alias count.*; mend the anchors and aliases$/,
  ],
  ['two documents', 'name: p\n---\nname: q\n', /^plan\.yaml:2:1: a second YAML document begins here; mend/],
  ['bytes that are no text', '\u0000\u0001\ufffd', /must be a mapping/],
  ['a prototype as a key', '{"name":"p","__proto__":{},"sequences":[]}', /unknown key "__proto__"/],
];

it.each(HOSTILE)('ends in order with %s', (_what, text, expected) => {
  const problems = problemsOf(text);
  expect(problems.length).toBeLessThan(10);
  expect(problems.join('\n')).toMatch(expected);
});

it('reports all problems together, in the order of the file', () => {
  const problems = problemsOf(
    `budgt: {}\n${tasks('{ id: a, type: t, price: -1 }', '{ id: b, typ: t }', '{ id: c, type: t, depends_on: [x], deadline: 1w }')}`,
  );
  expect(problems.map((line) => line.split(':').slice(1, 2).join())).toEqual(['1', '6', '7', '7', '8']);
  expect(problems.every((line) => / .*; /.test(line))).toBe(true);
});

it('names the place in a JSON plan too', () => {
  const plan =
    '{\n  "name": "p",\n  "sequences": [{ "id": "s", "tasks": [\n    { "id": "a", "type": "t", "price": 0 }\n  ] }]\n}\n';
  expect(problemsOf(plan, 'plan.json')[1]).toMatch(/^plan\.json:4:40: task "a": "price" must be a whole number/);
});

it('says so when the file is not there', async () => {
  const { loadPlan } = await import('@gatepost/party/plan/plan-file');
  expect(() => loadPlan('/nowhere/plan.yaml')).toThrow('/nowhere/plan.yaml:1:1: cannot be read: no such file');
});
