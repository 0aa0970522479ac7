import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram as agentDaemon } from '@gatepost/agent-daemon/cli/program';
import { programFor } from '@gatepost/coordinator/cli/program';
import { program as localLedger } from '@gatepost/local-ledger/cli/options';
import { versionOf, withCompletion } from '@gatepost/shared/cli/command-line';
import { manPage } from '@gatepost/shared/cli/man-page';
import { type Command, CommanderError } from 'commander';
import { withParts } from 'gatepost/program';
import { COMMANDS } from 'gatepost/stage/layout';
import { afterAll, describe, expect, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';

const nothing = () => undefined;
const gatepost = await withParts();
const coordinator = await programFor();

/** The programs by the name they are called by, with all that they know, each made anew. */
const PROGRAMS: Readonly<Record<string, () => Command>> = {
  coordinator: () => withCompletion(coordinator(nothing)),
  'agent-daemon': () => withCompletion(agentDaemon(nothing)),
  'local-ledger': () => withCompletion(localLedger(async () => undefined)),
  gatepost: () => withCompletion(gatepost(nothing)),
};

const DOCUMENTS = ['README.md', ...readdirSync(join(CHECKOUT, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const read = (document: string): string => readFileSync(join(CHECKOUT, document), 'utf8');
const manifest = (directory: string) =>
  JSON.parse(readFileSync(join(CHECKOUT, directory, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly scripts?: Readonly<Record<string, string>>;
    readonly workspaces?: readonly string[];
  };

/** Every command of a program, the program itself too. */
function* commandsOf(program: Command): Generator<Command> {
  yield program;
  for (const command of program.commands) yield* commandsOf(command);
}

/** What is wrong with the words of a call; undefined when the program takes them. Nothing is done. */
function objection(program: Command, words: readonly string[]): string | undefined {
  const said: string[] = [];
  for (const command of commandsOf(program)) {
    command.exitOverride().configureOutput({ writeErr: (text) => void said.push(text), writeOut: nothing });
    // Groups have no action of their own and must keep none.
    if (command.commands.length === 0 || command.name() === 'local-ledger' || command.name() === 'network')
      command.action(nothing);
  }
  try {
    program.parse([...words], { from: 'user' });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? undefined : said.join('') || thrown.message;
    throw thrown;
  }
}

const directory = mkdtempSync(join(tmpdir(), 'gatepost-words-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Programs that write down with which words they were called, and do nothing else. */
const shims = join(directory, 'bin');
const calls = join(directory, 'calls');
mkdirSync(shims);
for (const name of ['npx', 'npm', 'node', 'scp', ...Object.keys(PROGRAMS)]) {
  const path = join(shims, name);
  writeFileSync(path, `#!/bin/sh\n{ printf '%s\\0' "${name}" "$@"; printf '\\n'; } >> ${calls}\n`);
  chmodSync(path, 0o755);
}

/** The calls that a piece of shell makes, as the shell takes its words apart. */
function callsIn(script: string): readonly (readonly string[])[] {
  writeFileSync(calls, '');
  const env = { PATH: `${shims}:/usr/bin:/bin` };
  const { status, stderr } = spawnSync('sh', ['-e', '-c', `cd() { :; }\n${script}`], {
    cwd: directory,
    env,
    encoding: 'utf8',
  });
  expect([status, stderr], script).toEqual([0, '']);
  const lines = readFileSync(calls, 'utf8').split('\0\n').slice(0, -1);
  return lines.map((line) => line.split('\0'));
}

/** What is wrong with a call of a program that a reader of the documents has; undefined when nothing is. */
function wrongWith([name = '', ...words]: readonly string[]): string | undefined {
  const program = PROGRAMS[name];
  if (program !== undefined) return objection(program(), words);
  if (name === 'npx') return wrongWith(words[0] === '--yes' ? words.slice(1) : words);
  if (name === 'npm') return wrongWithNpm(words);
  if (name === 'node') return existsSync(join(CHECKOUT, words[0] ?? '')) ? undefined : `no file ${words[0]}`;
  return name === 'scp' ? undefined : `${name} is no command of ours`;
}

function wrongWithNpm([verb = '', ...words]: readonly string[]): string | undefined {
  const root = manifest('.');
  if (verb === 'run') return root.scripts?.[words[0] ?? ''] === undefined ? `no script ${words[0]}` : undefined;
  if (['start', 'test'].includes(verb)) return root.scripts?.[verb] === undefined ? `no script ${verb}` : undefined;
  const unknown = words.filter((word, index) => words[index - 1] === '-w' && !root.workspaces?.includes(word));
  if (verb === 'pack' || verb === 'install') return unknown.length > 0 ? `no workspace ${unknown}` : undefined;
  return `npm ${verb} is not one of those that are looked at`;
}

const blocksOf = (text: string) => [...text.matchAll(/^```sh\n([\s\S]*?)\n```$/gm)].map(([, block = '']) => block);

describe('commands in documents exist as they are written', () => {
  it.each(DOCUMENTS)('%s', (document) => {
    for (const block of blocksOf(read(document))) {
      const found = callsIn(block);
      expect(found.length, `${document}: a block that calls nothing:\n${block}`).toBeGreaterThan(0);
      for (const call of found) expect(wrongWith(call), `${document}: ${call.join(' ')}`).toBeUndefined();
    }
  });

  it.each(DOCUMENTS)('%s, within its sentences', (document) => {
    const prose = read(document).replace(/^```[\s\S]*?^```$/gm, '');
    const spans = [...prose.matchAll(/`(?:npx )?(gatepost|coordinator|agent-daemon|local-ledger) ([^`]+)`/g)];
    for (const [span, name = '', words = ''] of spans) {
      const [, unknown] = unknownIn(PROGRAMS[name]?.(), words.split(/\s+/));
      expect(unknown, `${document}: ${span}`).toEqual([]);
    }
  });

  it.each(Object.keys(PROGRAMS).filter((name) => name !== 'gatepost'))('examples in the help of %s', (name) => {
    for (const command of commandsOf(PROGRAMS[name]?.() ?? coordinator(nothing))) {
      const examples = /^Examples?:\n((?: {2}.*\n?)+)/m.exec(helpOf(command))?.[1] ?? '';
      const script = examples
        .replace(/^ {2}(\$ )?/gm, '')
        .replace(/ {3,}\S.*$/gm, '')
        .replace(/\.\.\./g, '');
      const lines = script
        .split('\n')
        .filter((line) => /^\S*=?\S* ?(coordinator|agent-daemon|local-ledger)/.test(line));
      if (examples === '') continue;
      expect(lines.length, `${command.name()}: no example`).toBeGreaterThan(0);
      for (const call of callsIn(script)) expect(wrongWith(call), call.join(' ')).toBeUndefined();
    }
  });

  it('a wrong option, a wrong command and a missing word are noticed', () => {
    const wrong = (script: string) => callsIn(script).map(wrongWith);
    expect(wrong('npx coordinator status --staet failed')).toEqual([expect.stringContaining('--staet')]);
    expect(wrong('cd x && npx gatepost coordinator explian a')).toEqual([expect.stringContaining('explian')]);
    expect(wrong('coordinator explain')).toEqual([expect.stringContaining('task')]);
    expect(wrong('coordinator status --state lost')).toEqual([expect.stringContaining('lost')]);
    expect(wrong('npm run nothing')).toEqual(['no script nothing']);
    expect(wrong('npx gatepost coordinator verify --journal 0.0.5')).toEqual([undefined]);
    expect(unknownIn(coordinator(nothing), ['runs', '--since', '7d', '--cvs'])).toEqual(['runs', ['--cvs']]);
    expect(unknownIn(coordinator(nothing), ['rnus', '--since'])).toEqual(['coordinator', ['rnus', '--since']]);
  });
});

/** The command that words begin with, and which of its words or options are not known. */
function unknownIn(program: Command | undefined, words: readonly string[]): readonly [string, readonly string[]] {
  if (program === undefined) return ['', []];
  const [first = ''] = words;
  const inner = program.commands.find((command) => command.name() === first);
  if (inner !== undefined) return unknownIn(inner, words.slice(1));
  const known = new Set([...program.options.flatMap(({ long, short }) => [long, short]), '--help']);
  const options = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/[=,.;:)].*$/, ''));
  const unknown = options.filter((option) => !known.has(option));
  const needsWord = program.commands.length > 0 && /^[a-z]/.test(first);
  return [program.name(), needsWord ? [first, ...unknown] : unknown];
}

function helpOf(command: Command): string {
  const text: string[] = [];
  command.configureOutput({ writeOut: (part) => void text.push(part) });
  command.outputHelp();
  return text.join('');
}

describe('what is made of the definitions', () => {
  it.each(Object.keys(PROGRAMS))('%s has the version of its package, and says it', (name) => {
    const path =
      name === 'gatepost' ? join(CHECKOUT, 'gatepost/bin/gatepost.js') : COMMANDS[name as keyof typeof COMMANDS];
    const { version } = JSON.parse(readFileSync(join(CHECKOUT, name, 'package.json'), 'utf8'));
    expect(execFileSync(process.execPath, [path, '--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
    expect(versionOf(`file://${path}`)).toBe(version);
  });

  it.each(Object.keys(PROGRAMS))('the manual page of %s names every command and option', (name) => {
    const program = PROGRAMS[name]?.() ?? coordinator(nothing);
    const page = join(directory, `${name}.1`);
    writeFileSync(page, manPage(program));
    const plain = readFileSync(page, 'utf8').replaceAll('\\-', '-');
    for (const command of program.commands) {
      expect(plain).toContain(`.SS ${command.name()}`);
      for (const { long } of command.options) if (long !== undefined) expect(plain).toContain(long);
    }
    const groff = spawnSync('groff', ['-man', '-Tutf8', '-ww', page], { encoding: 'utf8' });
    // Where groff is not installed the page is at least made.
    if (groff.error === undefined) expect([groff.status, groff.stderr]).toEqual([0, '']);
  });

  it.each([
    ['coordinator', ['status', '--state', ''], 'failed'],
    ['coordinator', [''], 'runs'],
    ['agent-daemon', ['init', '--'], '--join'],
    ['local-ledger', ['--profile', ''], 'testnet'],
    ['gatepost', ['coordinator', 'run', '--'], '--take-over'],
  ] as const)('%s completes %j', (name, words, expected) => {
    const path = name === 'gatepost' ? join(CHECKOUT, 'gatepost/bin/gatepost.js') : COMMANDS[name];
    const answer = execFileSync(process.execPath, [path, 'complete', '--', ...words], { encoding: 'utf8' });
    expect(answer.split('\n').map((line) => line.split('\t')[0])).toContain(expected);
  });

  it.each(['bash', 'zsh', 'fish'])('gives a script that %s takes', (shell) => {
    const script = execFileSync(process.execPath, [COMMANDS.coordinator, 'complete', shell], { encoding: 'utf8' });
    expect(script).toContain('coordinator complete --');
    const checked = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    // A shell that is not installed cannot be asked.
    if (checked.error === undefined) expect([checked.status, checked.stderr]).toEqual([0, '']);
  });
});

describe('deploy', () => {
  const unit = readFileSync(join(CHECKOUT, 'deploy/gatepost-agent.service'), 'utf8');

  it('the unit for systemd starts, and its comments name, what is there', () => {
    const started = /^ExecStart=.*?gatepost\.js (.*)$/m.exec(unit)?.[1] ?? '';
    expect(wrongWith(['gatepost', ...started.split(' ')])).toBeUndefined();
    const [, named = ''] = /"agent-daemon ([^"]+)"/.exec(unit) ?? [];
    expect(wrongWith(['agent-daemon', ...named.split(' ')])).toBeUndefined();
    const checked = spawnSync('systemd-analyze', ['verify', join(CHECKOUT, 'deploy/gatepost-agent.service')], {
      encoding: 'utf8',
    });
    // A host without systemd cannot say.
    if (checked.error === undefined) expect([checked.status, checked.stdout + checked.stderr]).toEqual([0, '']);
  });

  it('the commands beside the Dockerfile, and in it, are there', () => {
    const file = readFileSync(join(CHECKOUT, 'deploy/Dockerfile'), 'utf8');
    const [, packing = ''] = /^# +(npm pack .*)$/m.exec(file) ?? [];
    const calls = callsIn(packing.replace(' --pack-destination deploy/packages', ''));
    expect(calls.map(wrongWith)).toEqual([undefined]);
    const inContainer = [...file.matchAll(/^# +docker run .*? gatepost (.*)$/gm)].map(([, words = '']) => words);
    expect(inContainer.length).toBeGreaterThan(0);
    for (const words of inContainer) expect(wrongWith(['gatepost', ...words.split(' ')]), words).toBeUndefined();
    const [, entry = ''] = /^ENTRYPOINT \["node", "\/opt\/gatepost\/node_modules\/([^"]+)"\]$/m.exec(file) ?? [];
    expect(existsSync(join(CHECKOUT, entry))).toBe(true);
  });
});
