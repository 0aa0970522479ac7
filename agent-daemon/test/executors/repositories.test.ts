import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RepositorySource } from '../../../shared/test/repository-source.js';
import { executorSchema } from '../../src/config/executors-schema.js';
import { AcpExecutor } from '../../src/shell/executors/acp/acp-executor.js';
import { command, HOST, LIMITS, MARKER, outputOf, SPAWNER, start } from './run.js';

const AGENT = join(import.meta.dirname, '../support/acp-agent.mjs');
const CHECKOUT = dirname(dirname(dirname(import.meta.dirname)));

let own: string;
let source: RepositorySource;
let commit: string;

beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'gatepost-sources-'));
  source = new RepositorySource(join(own, 'allowed/source')).write({
    'src/a.txt': 'one\n',
    'data.bin': '\u0000\u0001',
    '.gitattributes': '*.x filter=planted\n',
    '.gitignore': 'ignored/\n',
  });
  symlinkSync('/etc/passwd', join(source.directory, 'link'));
  commit = source.commit();
  source.git('bundle', 'create', '-q', join(own, 'allowed/it.bundle'), 'main');
  execFileSync('cp', ['-a', source.directory, join(own, 'allowed-not')]);
  symlinkSync(join(own, 'allowed-not'), join(own, 'allowed/out'));
});

afterAll(() => rmSync(own, { recursive: true, force: true }));

const at = (url: string, id = commit) => ({ repo: { $git: { url, commit: id } } });
const allowed = () => ({ repositories: [join(own, 'allowed')] });
const shell = async (script: string, input: unknown, settings: object = allowed()) =>
  outputOf(await start(command(['sh', '-c', script], settings), input).result);

describe('a repository in the input', () => {
  it.each([
    ['a path', () => join(own, 'allowed/source')],
    ['a file address', () => `file://${join(own, 'allowed/source')}`],
    ['a path below an allowed directory', () => 'source'],
    ['a bundle', () => 'it.bundle'],
  ])('is checked out to the directory of its name: %s', async (_what, url) => {
    const script = 'cat repo/src/a.txt; readlink repo/link; cd repo; git status --short; git rev-parse HEAD';
    expect(await shell(script, at(url()))).toBe(`one\n/etc/passwd\n${commit}\n`);
  });

  it.each([
    ['another place', () => join(own, 'allowed-not')],
    ['one whose name only begins in the same way', () => `${join(own, 'allowed')}-not`],
    ['a way out', () => '../allowed-not'],
    ['a link out', () => 'out'],
    ['an address', () => 'https://example.invalid/a.git'],
    ['one that is not there', () => 'nothing'],
  ])('is refused at %s', async (_what, url) => {
    expect(await shell('cat repo/src/a.txt', at(url()))).toMatch(/^failed: \S+ cannot be checked out: .*allows/);
  });

  it('is refused by an executor that names no place, and nothing of it runs', async () => {
    expect(await shell('echo ran', at('source'), {})).toMatch(/^failed: source cannot be checked out: .*repositories/);
  });

  it('has the commit that was named or none', async () => {
    expect(await shell('true', at('source', 'f'.repeat(40)))).toMatch(/^failed: source cannot be checked out: /);
    expect(await shell('true', at('it.bundle', 'f'.repeat(40)))).toBe(
      `failed: it.bundle cannot be checked out: there is no commit ${'f'.repeat(40)}`,
    );
  });

  it('is bounded in files', async () => {
    const blob = source.git('rev-parse', 'HEAD:src/a.txt');
    const tree = (kind: string, id: string) =>
      source.gitWith(Array.from({ length: 317 }, (_, n) => `${kind} ${id}\t${n}\n`).join(''), 'mktree');
    const many = tree('040000 tree', tree('100644 blob', blob));
    const large = source.git('commit-tree', '-m', 'large', many);
    expect(await shell('true', at('source', large))).toBe(
      'failed: source cannot be checked out: it has more than 100000 files',
    );
  });

  it('leaves nothing behind, and no objects where the program sees them', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.includes('.repo.git'));
    expect(await shell('ls ..', at('source'))).not.toContain('.git');
    expect(readdirSync(tmpdir()).filter((name) => name.includes('.repo.git'))).toEqual(before);
  });
});

/** Runs a scripted agent in a repository. */
async function edited(steps: readonly unknown[], output: object): Promise<Buffer | string> {
  const argv = ['node', AGENT];
  const settings = executorSchema.parse({ acp: argv, read: [CHECKOUT], output, ...allowed() });
  const files = { directories: [], files: [] };
  const host = { limits: LIMITS, markerPrefix: MARKER, spawner: SPAWNER, confinement: HOST, files };
  const executor = new AcpExecutor({ ...settings, command: argv }, host);
  const input = { instructions: JSON.stringify([...steps, ['say', 'done']]), ...at('source') };
  const result = await start(executor, input).result;
  return result.ok ? Buffer.from(result.output) : result.reason;
}

const edit = [
  ['write', 'repo/src/a.txt', 'two\n'],
  ['write', 'repo/ignored/x', 'not part of it'],
  ['write', 'repo/new.txt', 'new\n'],
];

describe('what an agent changed in a repository', () => {
  it('comes back as a patch that applies, the same for the same change', async () => {
    const patch = await edited(edit, { patch: 'repo' });
    expect(await edited([...edit].reverse(), { patch: 'repo' })).toEqual(patch);
    const copy = join(own, 'copy');
    execFileSync('git', ['clone', '-q', join(own, 'allowed/it.bundle'), '-b', 'main', copy]);
    execFileSync('git', ['apply', '--index', '-'], { cwd: copy, input: patch });
    const changed = execFileSync('git', ['diff', '--cached', '--name-only'], { cwd: copy }).toString();
    expect(changed).toBe('new.txt\nsrc/a.txt\n');
  });

  it('comes back as a bundle with one commit on top, the same for the same change', async () => {
    const bundle = await edited(edit, { bundle: 'repo' });
    expect(await edited(edit, { bundle: 'repo' })).toEqual(bundle);
    writeFileSync(join(own, 'back.bundle'), bundle);
    source.git('fetch', '-q', join(own, 'back.bundle'), 'main:back');
    expect(source.git('rev-parse', 'back^')).toBe(commit);
    expect(source.git('show', 'back:src/a.txt')).toBe('two');
  });

  it('is no output when there is none', async () => {
    expect(await edited([], { patch: 'repo' })).toBe('nothing was changed in repo');
    expect(await edited(edit, { patch: 'other' })).toBe('the input has no repository "other"');
  });

  it('is found without a hook, a filter or a setting that the agent planted being run', async () => {
    const marker = join(own, 'planted');
    mkdirSync(marker);
    const run = `touch ${join(marker, 'ran')}; cat`;
    const config = `[core]\n\tfsmonitor = "${run}"\n\thooksPath = hooks\n[filter "planted"]\n\tclean = "${run}"\n\tsmudge = "${run}"\n`;
    const patch = await edited(
      [
        ...edit,
        ['write', 'repo/.git/config', config],
        ['write', 'repo/.git/hooks/post-index-change', `#!/bin/sh\n${run}\n`],
        ['write', 'repo/a.x', 'filtered'],
      ],
      { patch: 'repo' },
    );
    expect(patch.toString()).toContain('+filtered');
    expect(existsSync(join(marker, 'ran'))).toBe(false);
  });

  it.each(['.git', '.GIT'])('is no output with a repository within the repository: %s', async (name) => {
    const steps = [...edit, ['write', `repo/src/${name}/HEAD`, 'ref: refs/heads/main']];
    expect(await edited(steps, { patch: 'repo' })).toBe(
      'the patch of repo cannot be made: there is a repository within it',
    );
  });
});

describe('the setting repositories', () => {
  it.each([
    [{ command: ['a'], repositories: ['ext::sh -c id'] }, 'has no spaces'],
    [{ command: ['a'], repositories: ['ext::id'] }, 'is https://..., file:///... or a path'],
    [{ command: ['a'], repositories: ['ssh://git@example.org/a'] }, 'is https://..., file:///... or a path'],
    [{ command: ['a'], repositories: ['git@example.org:a'] }, 'is https://..., file:///... or a path'],
    [{ command: ['a'], repositories: ['https://user:word@example.org/a'] }, 'holds no user and no password'],
    [{ command: ['a'], repositories: ['https://example.org/a%2f..'] }, 'has no spaces, '],
    [{ module: './a.mjs', repositories: ['/srv'] }, 'is for a command or acp'],
    [{ acp: ['a'], output: { patch: 'repo' }, result_schema: true }, 'no patch or bundle fits one'],
  ])('%j is refused', (settings, message) => {
    expect(() => executorSchema.parse(settings)).toThrow(message);
  });
});
