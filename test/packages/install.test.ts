import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';
import { FROM_CACHE, HostDirectory } from './host-directory.js';
import { npmInstall } from './npm.js';
import { PACKAGES, type Packed } from './pack.js';
import { commandsOf, expectDone, Terminals } from './terminals.js';

/** Most bytes of one package as it is installed; the embedded network holds the generated messages of Hedera, the coordinator the page. */
const MOST_BYTES: Readonly<Record<string, number>> = {
  '@gatepost/local-ledger': 4_000_000,
  '@gatepost/coordinator': 1_100_000,
};
const MOST_BYTES_OF_OTHERS = 700_000;
/** Other versions of Node, installed for this alone, when the tests are to be thorough. */
const OTHER_NODES = process.env.THOROUGH === undefined ? [] : ['22', '24', '26'];

/** Which command a package brings. */
const COMMANDS_OF: Readonly<Record<string, string>> = {
  '@gatepost/local-ledger': 'local-ledger',
  '@gatepost/agent-daemon': 'agent-daemon',
  '@gatepost/coordinator': 'coordinator',
  '@gatepost/gatekeeper': 'gatekeeper',
  gatepost: 'gatepost',
};

const directory = new HostDirectory('installed');
const { app } = directory;
const packed = inject('packed');
const terminals = new Terminals();

const gatepost = (node: string, ...args: readonly string[]) =>
  spawnSync(node, [join(app, 'node_modules/gatepost/bin/gatepost.js'), ...args], { cwd: app, encoding: 'utf8' });

beforeAll(() => directory.install(), 300_000);
afterAll(() => {
  terminals.close();
  directory.remove();
}, 300_000);

it('packs what is needed and nothing that is for development only', () => {
  expect(packed.map(({ name }) => name.replace('@gatepost/', ''))).toEqual(PACKAGES);
  for (const { name, files, unpackedSize } of packed) {
    const paths = files.map(({ path }) => path);
    expect(paths, name).toContain('LICENSE');
    const command = COMMANDS_OF[name];
    expect(
      paths.filter((path) => path.startsWith('man/')),
      name,
    ).toEqual(command === undefined ? [] : [`man/${command}.1`]);
    expect(
      paths.some((path) => path.endsWith('.d.ts')),
      name,
    ).toBe(true);
    expect(
      paths.filter((path) => /^(src|test|scripts)\/|bench|\.map$|tsbuildinfo/.test(path)),
      name,
    ).toEqual([]);
    expect(paths.includes('dist/page.html'), name).toBe(name === '@gatepost/coordinator');
    expect(unpackedSize, name).toBeLessThan(MOST_BYTES[name] ?? MOST_BYTES_OF_OTHERS);
  }
});

it('leaves no copies in the checkout', () => {
  for (const name of PACKAGES) {
    for (const copy of ['LICENSE', 'man']) expect(existsSync(join(CHECKOUT, name, copy)), name).toBe(false);
  }
  expect(existsSync(join(CHECKOUT, 'gatepost/examples'))).toBe(false);
});

it('brings each command, alone and as a word of gatepost', () => {
  for (const [word, command] of [
    ['network', 'local-ledger'],
    ['coordinator', 'coordinator'],
    ['agent', 'agent-daemon'],
  ] as const) {
    const own = spawnSync(join(app, 'node_modules/.bin', command), ['--help'], { encoding: 'utf8' });
    expect([own.status, own.stderr]).toEqual([0, '']);
    expect(own.stdout).toContain(`Usage: ${command}`);
    expect(gatepost(process.execPath, word, '--help').stdout).toBe(own.stdout);
    expect(gatepost(process.execPath, word, '--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  }
  for (const word of ['cordinator', 'constructor']) {
    const unknown = gatepost(process.execPath, word);
    expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining(`unknown command '${word}'`)]);
  }
});

it('runs a plan where it was installed', { timeout: 180_000 }, () => {
  const { status, stdout, stderr } = gatepost(process.execPath, 'demo');
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain('rules hold: what was paid was paid once');
  const output = join(app, '.gatepost/dependency-audit/output');
  expect(readdirSync(output).sort()).toEqual(['dependency-audit.md', 'inventory.json', 'sizes.json']);
  const { packages } = JSON.parse(readFileSync(join(output, 'inventory.json'), 'utf8'));
  expect(packages.map(({ name }: Packed) => name)).toContain('@gatepost/coordinator');
});

it('traces need what docs/operations.md has one install, and a program says so', { timeout: 180_000 }, () => {
  const own = join(directory.path, 'traces');
  cpSync(app, own, { recursive: true, verbatimSymlinks: true });
  const script = `
    import { openTracing } from '@gatepost/shared/tracing/open-tracing';
    const tracing = await openTracing('test', console);
    await tracing.close();`;
  const open = () => {
    const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    return spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd: own, env, encoding: 'utf8' });
  };
  const [command = '', ...more] = commandsOf('docs/operations.md').filter((text) => text.includes('opentelemetry'));
  expect(more).toEqual([]);
  expect(open().stderr).toContain(`install them with ${command}`);
  npmInstall(own, ...command.split(' ').slice(2));
  expect(open()).toMatchObject({ status: 0, stderr: '' });
});

it('the Dockerfile installs and starts what was packed, as far as can be told without Docker', {
  timeout: 180_000,
}, () => {
  const file = readFileSync(join(CHECKOUT, 'deploy/Dockerfile'), 'utf8');
  const [, root = ''] = /^WORKDIR (\S+)$/m.exec(file) ?? [];
  const [, copied = '', to = ''] = /^COPY (\S+) (\S+)$/m.exec(file) ?? [];
  const [, script = ''] = /^RUN (.*npm install.*)$/m.exec(file) ?? [];
  const [, entry = ''] = /^ENTRYPOINT (.*)$/m.exec(file) ?? [];
  expect([copied, to]).toEqual(['packages/*.tgz', 'packages/']);
  const image = directory.withPackages('image');
  // The cache of the image is not that of this host.
  const cacheOf = 'npm cache clean --force';
  expect(script).toContain(cacheOf);
  expectDone(terminals.run(image, script.replace(cacheOf, 'true'), FROM_CACHE));
  expect(readdirSync(image).sort()).toEqual(['node_modules', 'package-lock.json', 'package.json']);
  const home = join(directory.path, 'home');
  mkdirSync(home);
  const [program = '', ...args] = (JSON.parse(entry) as string[]).map((word) => word.replace(root, image));
  const words = /^# +docker run --rm gatepost (.*)$/m.exec(file)?.[1] ?? '';
  const started = terminals.run(home, [program, ...args, words].join(' '));
  expect(expectDone(started)).toContain('rules hold: what was paid was paid once');
});

/** Another version of Node.js. */
function otherNode(version: string): string {
  const own = join(directory.path, `node-${version}`);
  mkdirSync(own);
  // The package puts the binary in its place when it is installed.
  writeFileSync(join(own, 'package.json'), '{ "private": true, "allowScripts": { "node": true } }');
  npmInstall(own, `node@${version}`);
  const node = join(own, 'node_modules/node/bin/node');
  expect(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout).toMatch(new RegExp(`^v${version}\\.`));
  return node;
}

it.skipIf(OTHER_NODES.length === 0)('a Node.js that is too old is told so', { timeout: 300_000 }, () => {
  const { status, stderr } = gatepost(otherNode('18'), '--help');
  expect(stderr).toMatch(/^this is Node\.js 18\.\d+\.\d+, but gatepost needs 20\.19 or newer/);
  expect(status).toBe(2);
});

describe.each(OTHER_NODES)('Node %s', (version) => {
  it('runs a plan', { timeout: 300_000 }, () => {
    const node = otherNode(version);
    const plan = join(app, 'node_modules/gatepost/examples/rejected-then-paid.yaml');
    const { status, stdout, stderr } = gatepost(node, 'demo', plan);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain('rules hold: what was paid was paid once');
  });
});
