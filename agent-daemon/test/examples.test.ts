import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readExecutorsFile } from '../src/config/executors.js';
import { HttpExecutor } from '../src/shell/executors/http-executor.js';
import { ModuleExecutor } from '../src/shell/executors/module-executor.js';
import { command, LIMITS, outputOf, start } from './executors/run.js';

const AGENTS = join(import.meta.dirname, '../../examples/agents');
const executors = readExecutorsFile(join(AGENTS, 'every-kind.executors.yaml'));

let server: ChildProcess;
let url: string;

beforeAll(async () => {
  server = spawn(process.execPath, [join(AGENTS, 'sentence-server.mjs'), '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = server.stdout === null ? [''] : await once(server.stdout, 'data');
  url = String(line).trim();
});

afterAll(() => void server?.kill());

const hasPython = spawnSync('python3', ['--version']).status === 0;

it('the command in Python counts words, or says that there is no Python', async () => {
  const run = start(command([...(executors['word-count']?.command ?? [])]), { text: 'To be, or not to be.', most: 2 });
  if (!hasPython) {
    expect(outputOf(await run.result)).toBe('failed: cannot run python3: there is no such program');
    return;
  }
  expect(JSON.parse(outputOf(await run.result))).toEqual({
    words: 6,
    ranked: [
      ['be', 2],
      ['to', 2],
    ],
  });
  expect(run.progress).toEqual([[0.5, '6 words']]);
});

it('the HTTP agent measures sentences, and says what is wrong with its input', async () => {
  const run = start(new HttpExecutor(url, LIMITS), { text: 'One. Two two!' });
  expect(outputOf(await run.result)).toBe('[4,8]');
  expect(run.log).toEqual(['task task']);
  expect(outputOf(await start(new HttpExecutor(url, LIMITS), {}).result)).toBe('failed: the input has no text');
});

it('the module writes CSV', async () => {
  const module = new ModuleExecutor(executors['csv-table']?.module ?? '', [], {}, LIMITS);
  const run = start(module, { columns: ['a', 'b'], rows: [{ a: 1, b: 'x,"y"' }] });
  expect(outputOf(await run.result)).toBe('a,b\n1,"x,""y"""\n');
});
