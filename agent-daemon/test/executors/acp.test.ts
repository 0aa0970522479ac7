import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { Parser } from 'tar';
import { describe, expect, it } from 'vitest';
import { executorSchema } from '../../src/config/executors-schema.js';
import { AcpExecutor } from '../../src/shell/executors/acp/acp-executor.js';
import { DiscreetExecutor } from '../../src/shell/executors/discreet-executor.js';
import { until } from '../support/until.js';
import { HOST, LIMITS, MARKER, outputOf, SPAWNER, start } from './run.js';

const AGENT = join(import.meta.dirname, '../support/acp-agent.mjs');
const CHECKOUT = dirname(dirname(dirname(import.meta.dirname)));

type Step = readonly unknown[];

/** A scripted agent that speaks the protocol over its standard input and output. */
function acp(settings: object = {}, limits: Partial<typeof LIMITS> = {}, argv = ['node', AGENT]): AcpExecutor {
  const parsed = executorSchema.parse({ acp: argv, read: [CHECKOUT], ...settings });
  const host = {
    limits: { ...LIMITS, ...limits },
    markerPrefix: MARKER,
    spawner: SPAWNER,
    confinement: HOST,
    files: { directories: [], files: [] },
  };
  return new AcpExecutor({ ...parsed, command: argv }, host);
}

const asked = (steps: readonly Step[], more: object = {}) => ({ instructions: JSON.stringify(steps), ...more });
const run = (executor: AcpExecutor, steps: readonly Step[], more: object = {}) => start(executor, asked(steps, more));
const outputAfter = async (executor: AcpExecutor, steps: readonly Step[], more: object = {}) =>
  outputOf(await run(executor, steps, more).result);

describe('an agent that speaks ACP', () => {
  it('gets the instructions, and its last message is the output; plans are progress, the rest is log', async () => {
    const told = run(acp(), [
      ['say', 'I begin.\n'],
      [
        'plan',
        [
          ['read', 'completed'],
          ['write', 'in_progress'],
          ['test', 'pending'],
          ['tell', 'pending'],
        ],
      ],
      ['tool', 'edit a file'],
      ['say', 'all '],
      ['say', 'done'],
    ]);
    expect(outputOf(await told.result)).toBe('all done');
    expect(told.progress).toEqual([[0.25, 'write']]);
    expect(told.log).toEqual(['agent: scripted 1', 'I begin.', 'tool edit: edit a file', 'all done']);
  });

  it('finds the other inputs as files, and is told of them and why the attempt before was rejected', async () => {
    const more = {
      'notes.txt': 'plain',
      data: { a: [1] },
      bytes: { $base64: Buffer.from([0, 255]).toString('base64') },
    };
    const steps = [
      ['cat', 'inputs/notes.txt'],
      ['cat', 'inputs/data'],
    ];
    expect(await outputAfter(acp(), steps, more)).toBe('plain{\n  "a": [\n    1\n  ]\n}');
    const prompt = await outputAfter(acp(), [['prompt']], more);
    expect(prompt).toContain('Files for this:\n- inputs/notes.txt\n- inputs/data\n- inputs/bytes');
    const template = acp({ prompt: '{{instructions}}\nbe brief{{files}}' });
    expect(await outputAfter(template, [['prompt']])).toMatch(/\nbe brief$/);
  });

  it.each([
    [{ other: 1 }, 'the input needs "instructions", a text that says what to do'],
    [asked([], { '../x': 'a' }), 'the input\'s "../x" cannot be a file: its name needs letters, digits, _ . -'],
    [asked([], { 'a/b': 'a' }), 'the input\'s "a/b" cannot be a file: its name needs letters, digits, _ . -'],
  ])('%j is no input for it', async (input, reason) => {
    expect(outputOf(await start(acp(), input).result)).toBe(`failed: ${reason}`);
  });

  it('leaves a file or a directory as its output; the same files make the same archive', async () => {
    const steps = [
      ['write', 'out/b.txt', 'b'],
      ['write', 'out/a/c.txt', 'c'],
      ['say', 'done'],
    ];
    expect(await outputAfter(acp({ output: { file: 'out/a/c.txt' } }), steps)).toBe('c');
    const archives = [];
    for (const order of [steps, [...steps].reverse()]) {
      const result = await run(acp({ output: { directory: 'out' } }), order).result;
      if (!result.ok) throw new Error(result.reason);
      archives.push(Buffer.from(result.output));
    }
    expect(new Set(archives.map((bytes) => sha256(bytes))).size).toBe(1);
    const found: string[] = [];
    const parser = new Parser({
      onReadEntry: (entry) => {
        found.push(entry.path);
        entry.resume();
      },
    });
    const end = once(parser, 'end');
    parser.end(archives[0] ?? Buffer.alloc(0));
    await end;
    expect(found).toEqual(['a/c.txt', 'b.txt']);
    expect(await outputAfter(acp({ output: { file: 'none' } }), steps)).toMatch(
      /^failed: the output cannot be read: ENOENT/,
    );
    expect(await outputAfter(acp({ output: { directory: 'out/b.txt' } }), steps)).toMatch(/^failed: the output cannot/);
  });

  it('is asked once more when its result does not fit the schema', async () => {
    const executor = acp({ result_schema: { type: 'object', required: ['n'] } });
    const mended = run(executor, [
      ['write', 'next.json', '[["say","{\\"n\\":1}"]]'],
      ['say', 'not JSON'],
    ]);
    expect(outputOf(await mended.result)).toBe('{"n":1}');
    expect(mended.log).toContain('asked once more: it is not JSON');
    const never = [
      ['write', 'next.json', '[["say","{}"]]'],
      ['say', '{}'],
    ];
    expect(await outputAfter(executor, never)).toBe("failed: / must have required property 'n'");
  });

  it('is allowed what the configuration allows, and nothing else', async () => {
    const permissions = [
      { kind: 'edit', path: 'src/**' },
      { kind: 'execute', command: 'npm test' },
      { command: 'ls *' },
    ];
    const edit = (path: string) => ['may', { kind: 'edit', locations: [{ path }] }];
    const execute = (command: unknown) => ['may', { kind: 'execute', rawInput: { command } }];
    const said = (steps: Step[]) => outputAfter(acp({ permissions }), steps);
    expect(await said([edit('src/a.ts'), edit('/etc/passwd'), edit('src/../../x'), ['may', { kind: 'edit' }]])).toBe(
      'allow_once reject_once reject_once reject_once',
    );
    expect(
      await said([execute('npm test'), execute(['ls', '-l']), execute('ls; rm -rf x'), execute('npm  test')]),
    ).toBe('allow_once allow_once reject_once reject_once');
    expect(await outputAfter(acp(), [['may', { kind: 'read' }]])).toBe('reject_once');
  });

  it('is given no file, terminal or other thing of the daemon', async () => {
    const session = { sessionId: 's' };
    const methods = [
      ['ask', 'fs/read_text_file', { ...session, path: '/etc/passwd' }],
      ['ask', 'fs/read_text_file', { ...session, path: '../../etc/passwd' }],
      ['ask', 'fs/write_text_file', { ...session, path: '/tmp/x', content: 'x' }],
      ['ask', 'terminal/create', { ...session, command: 'id' }],
      ['ask', 'anything/else', {}],
    ];
    expect(await outputAfter(acp(), methods)).toBe(Array(5).fill('error -32601').join(' '));
  });

  it('ends with its whole tree when the attempt is stopped', async () => {
    const told = run(acp(), [['say', 'here\n'], ['hang']]);
    await until(() => told.log.includes('here') || undefined, 'its first words');
    told.abort.abort();
    expect(outputOf(await told.result)).toMatch(/^failed: killed by SIG/);
    expect(existsSync(told.workDir)).toBe(false);
  });

  it.each([
    [{ cost_usd: 0.5 }, 'by its own word the agent has used $0.75, more than $0.5'],
    [{ tokens: 100 }, 'by its own word the agent has used 200 tokens, more than 100'],
  ])('ends when by its own word it used more than %j', async (usage, reason) => {
    expect(await outputAfter(acp({ usage }), [['usage', 200, 0.75], ['hang']])).toBe(`failed: ${reason}`);
  });
});

it('tells what it used', async () => {
  const told = run(acp(), [
    ['usage', 100, 0.5],
    ['usage', 200, 0.75],
    ['say', 'done'],
  ]);
  expect(outputOf(await told.result)).toBe('done');
  expect(told.usage).toEqual([
    { tokens: 100, costUsd: 0.5 },
    { tokens: 200, costUsd: 0.75 },
  ]);
});

describe('an agent that does harm costs only its attempt', () => {
  it.each<[string, Step[], string | RegExp]>([
    ['stops for want of tokens', [['stop', 'max_tokens']], 'the agent ran out of tokens'],
    ['refuses', [['stop', 'refusal']], 'the agent refused to go on'],
    ['says nothing', [['write', 'next.json', '[]']], 'it ended without a message'],
    [
      'dies in the middle of a turn',
      [
        ['say', 'a'],
        ['die', 3],
      ],
      'exit code 3',
    ],
    ['ends in the middle of a turn as if all were well', [['die', 0]], /ended before its answer|closed/],
    ['fails', [['nothing like it']], /^failed: the agent answered with an error: Internal error/],
    ['floods', [['flood']], 'the output exceeds 1000000 bytes'],
    [
      'sends a message without end',
      [['raw', `{"jsonrpc":"2.0","x":"${'x'.repeat(4_000_000)}`], ['hang']],
      /too large|exceeds|closed/i,
    ],
  ])('%s', async (_what, steps, reason) => {
    const result = await outputAfter(acp(), steps);
    if (typeof reason === 'string') expect(result).toBe(`failed: ${reason}`);
    else expect(result).toMatch(reason);
  });

  it('writes what is no JSON', async () => {
    expect(
      await outputAfter(acp(), [
        ['raw', 'this is no JSON\n'],
        ['say', 'well'],
      ]),
    ).toMatch(/^well$|^failed: /);
  });

  it('never answers', async () => {
    const told = start(acp({}, {}, ['sleep', '1000']), asked([]));
    told.abort.abort();
    expect(outputOf(await told.result)).toMatch(/^failed: /);
  });

  it('speaks another version, or wants a login first', async () => {
    process.env.ACP_VERSION = '9';
    process.env.ACP_LOGIN = 'yes';
    expect(await outputAfter(acp({ env: ['ACP_VERSION'] }), [])).toBe(
      'failed: the agent speaks version 9 of the protocol, not 1',
    );
    expect(await outputAfter(acp({ env: ['ACP_LOGIN'] }), [])).toBe(
      'failed: the agent wants a login first: an API key; log in as the user of the daemon, or hand its key on with env',
    );
  });

  it.each(['file', 'directory'])('leaves a link in place of its %s', async (kind) => {
    const own = mkdtempSync(join(tmpdir(), 'gatepost-acp-'));
    symlinkSync('/etc', join(own, 'etc'));
    const argv = ['sh', '-c', `ln -s /etc out; exec node ${AGENT}`];
    const output = { [kind]: kind === 'file' ? 'out/passwd' : 'out' };
    const told = start(acp({ output }, {}, argv), asked([['say', 'done']]));
    expect(outputOf(await told.result)).toMatch(/^failed: the output cannot be read: \S+ is behind a symbolic link$/);
    rmSync(own, { recursive: true });
  });
});

it('does not tell the secret that it was given, in its log, progress, reason or small output', async () => {
  process.env.ACP_SECRET = 'a-key-that-nobody-is-to-see';
  const secret = process.env.ACP_SECRET;
  const steps: Step[] = [
    ['tool', `use ${secret}`],
    ['plan', [[`try ${secret}`, 'pending']]],
    ['say', `it is ${secret}`],
  ];
  const discreet = new DiscreetExecutor(acp({ env: ['ACP_SECRET'] }), ['ACP_SECRET']);
  const told = start(discreet, asked(steps));
  expect(outputOf(await told.result)).toBe('it is [ACP_SECRET]');
  const failing = start(
    discreet,
    asked([
      ['ask', secret, {}],
      ['stop', secret],
    ]),
  );
  const said = JSON.stringify([told.log, told.progress, failing.log, await failing.result]);
  expect(said).toContain('[ACP_SECRET]');
  expect(said).not.toContain(secret);
});

describe('its settings', () => {
  it.each([
    [{ acp: ['a'], command: ['b'] }, 'exactly one of'],
    [{ command: ['b'], prompt: 'x' }, 'is for acp alone'],
    [{ module: './b.mjs', usage: { cost_usd: 1 } }, 'cost_usd and tokens are for a command or acp'],
    [{ acp: ['a'], permissions: [{}] }, 'names a kind, a path or a command'],
    [{ acp: ['a'], output: { file: '../x' } }, 'must lie below the directory'],
    [{ acp: ['a'], output: { directory: '/x' } }, 'must lie below the directory'],
    [{ acp: ['a'], result_schema: { type: 'string', pattern: 'a' } }, 'has no pattern'],
  ])('%j is refused', (settings, message) => {
    expect(() => executorSchema.parse(settings)).toThrow(message);
  });
});
