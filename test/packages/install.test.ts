import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';
import { Hosts } from './hosts.js';
import { commandsOf, expectDone, readDocument, Terminals } from './terminals.js';

const PACKAGES = [
  'proto',
  'shared',
  'rules',
  'party',
  'local-ledger',
  'agent-daemon',
  'coordinator',
  'gatekeeper',
  'gatepost',
];
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

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const directory = mkdtempSync(join(tmpdir(), 'gatepost-packages-'));
// Commands of a daemon that root starts run as nobody, who must be able to enter.
chmodSync(directory, 0o755);
const app = join(directory, 'app');
let packed: readonly Packed[] = [];

/** npm as a user calls it: not as the child of the npm that runs these tests. */
function npm(cwd: string, ...args: readonly string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return execFileSync('npm', [...args], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const install = (cwd: string, ...what: readonly string[]) =>
  npm(cwd, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...what);

const gatepost = (node: string, ...args: readonly string[]) =>
  spawnSync(node, [join(app, 'node_modules/gatepost/bin/gatepost.js'), ...args], { cwd: app, encoding: 'utf8' });

beforeAll(() => {
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "private": true }');
  const workspaces = PACKAGES.flatMap((name) => ['-w', name]);
  packed = JSON.parse(npm(CHECKOUT, 'pack', ...workspaces, '--pack-destination', directory, '--json', '--silent'));
  install(app, ...packed.map(({ filename }) => join(directory, filename)));
}, 300_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }), 300_000);

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
  const own = join(directory, 'traces');
  mkdirSync(own);
  writeFileSync(join(own, 'package.json'), '{ "private": true }');
  install(own, ...packed.map(({ filename }) => join(directory, filename)));
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
  install(own, ...command.split(' ').slice(2));
  expect(open()).toMatchObject({ status: 0, stderr: '' });
});

const terminals = new Terminals();
afterAll(() => terminals.close());

/** A directory of its own in which the packages are installed, as far as whoever works there can tell. */
function installed(name: string): string {
  const own = join(directory, name);
  mkdirSync(own);
  symlinkSync(join(app, 'node_modules'), join(own, 'node_modules'));
  return own;
}

/** What npm is told here, to be quick. */
const FROM_CACHE = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };

/** An empty directory with what was packed, as a reader of the documents begins. */
function withPackages(name: string): string {
  const own = join(directory, name);
  mkdirSync(join(own, 'packages'), { recursive: true });
  for (const { filename } of packed) copyFileSync(join(directory, filename), join(own, 'packages', filename));
  return own;
}

it("README.md leads to agents of one's own in six commands", { timeout: 120_000 }, async () => {
  const [block = '', ...others] = commandsOf('README.md').filter((text) => text.includes('gatepost network'));
  expect(others).toEqual([]);
  const lines = block.split('\n').map((line) => line.replace(/ +#.*$/, ''));
  const [network = '', setup = '', agent = '', run = '', verify = '', bill = '', ...more] = lines;
  expect(more).toEqual([]);
  // What a checkout has, as far as these commands can tell.
  const cwd = installed('checkout');
  symlinkSync(join(CHECKOUT, 'examples'), join(cwd, 'examples'));
  const { addresses } = await terminals.network(cwd, network);
  expectDone(terminals.run(cwd, setup, addresses));
  await terminals.serve(cwd, agent, /serves|ready|listen/i);
  expect(expectDone(terminals.run(cwd, run))).toContain('1 of 1 tasks complete, 250 paid');
  expect(expectDone(terminals.run(cwd, verify))).toContain('rules hold: what was paid was paid once');
  expect(expectDone(terminals.run(cwd, bill))).toContain('total: 250 tokens');
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
  const image = withPackages('image');
  // The cache of the image is not that of this host.
  const cacheOf = 'npm cache clean --force';
  expect(script).toContain(cacheOf);
  expectDone(terminals.run(image, script.replace(cacheOf, 'true'), FROM_CACHE));
  expect(readdirSync(image).sort()).toEqual(['node_modules', 'package-lock.json', 'package.json']);
  const home = join(directory, 'home');
  mkdirSync(home);
  const [program = '', ...args] = (JSON.parse(entry) as string[]).map((word) => word.replace(root, image));
  const words = /^# +docker run --rm gatepost (.*)$/m.exec(file)?.[1] ?? '';
  const started = terminals.run(home, [program, ...args, words].join(' '));
  expect(expectDone(started)).toContain('rules hold: what was paid was paid once');
});

describe('the quickstarts lead to a paid run in six commands', () => {
  it('docs/quickstart-local.md', { timeout: 180_000 }, async () => {
    const [install = '', network = '', setup = '', agent = '', run = '', verify = '', ...more] =
      commandsOf('docs/quickstart-local.md');
    expect(more).toEqual([]);
    const cwd = withPackages('local');
    expectDone(terminals.run(cwd, install, FROM_CACHE));
    const { addresses } = await terminals.network(cwd, network);
    expectDone(terminals.run(cwd, setup, addresses));
    // The folders that setup made say which network theirs is.
    await terminals.serve(cwd, agent, /serves|ready|listen/i);
    expect(expectDone(terminals.run(cwd, run))).toContain('1 of 1 tasks complete, 250 paid');
    expect(expectDone(terminals.run(cwd, verify))).toContain('rules hold: what was paid was paid once');
  });

  it('docs/quickstart-testnet.md, on a network that is as late as testnet', { timeout: 240_000 }, async () => {
    const [install, dryRun = '', setup = '', agent = '', run = '', verify = '', bill = '', ...more] =
      commandsOf('docs/quickstart-testnet.md');
    expect([install, more]).toEqual(['npm install ./packages/*.tgz', []]);
    const cwd = installed('testnet');
    const { addresses, operator } = await terminals.network(cwd, 'npx gatepost network --profile testnet');
    // What a person writes into .env for testnet, with this network in its place.
    const variables = { GATEPOST_NETWORK: 'local', ...addresses, ...operator };
    const named = [...readDocument('docs/quickstart-testnet.md').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(Object.keys(variables)).toEqual(expect.arrayContaining(named));
    writeFileSync(
      join(cwd, '.env'),
      Object.entries(variables)
        .map((pair) => `${pair.join('=')}\n`)
        .join(''),
    );
    expect(expectDone(terminals.run(cwd, dryRun))).toContain('would make: an account for coordinator');
    expect(existsSync(join(cwd, 'coordinator'))).toBe(false);
    expectDone(terminals.run(cwd, setup));
    await terminals.serve(cwd, agent, /serves|ready|listen/i);
    expect(expectDone(terminals.run(cwd, run))).toContain('1 of 1 tasks complete, 250 paid');
    expect(expectDone(terminals.run(cwd, verify))).toContain('rules hold: what was paid was paid once');
    expect(expectDone(terminals.run(cwd, bill))).toContain('total: 250 tokens');
  });

  it('docs/quickstart-hosts.md, in network namespaces', { timeout: 180_000 }, async (context) => {
    const document = 'docs/quickstart-hosts.md';
    const [install, network = '', setup = '', copy = '', agent = '', run = '', verify = '', ...more] =
      commandsOf(document);
    expect([install, more]).toEqual(['npm install ./packages/*.tgz', []]);
    const addresses = [...new Set(readDocument(document).match(/\b10\.77\.0\.\d\b/g))].sort();
    expect(addresses).toHaveLength(3);
    const [first = '', ...others] = addresses;
    const hosts = Hosts.open(addresses);
    if (typeof hosts === 'string') return context.skip(hosts);
    onTestFinished(() => hosts.close());
    // Namespaces share their disk: each host has a directory, and scp copies from one to the other.
    const here = installed('host');
    const bin = join(here, 'bin');
    mkdirSync(bin);
    const scp = ['#!/bin/sh', 'shift', 'exec cp -rp "$1" "$(echo "$2" | sed "s/\\(.*\\):\\(.*\\)/\\2-\\1/")"', ''].join(
      '\n',
    );
    writeFileSync(join(bin, 'scp'), scp, { mode: 0o755 });
    for (const address of others) installed(`host-${address}`);
    await hosts.on(first).serve(here, network, /controls/);
    expectDone(hosts.on(first).run(here, setup));
    expectDone(hosts.on(first).run(here, copy, { PATH: `${bin}:${process.env.PATH}` }));
    for (const address of others) await hosts.on(address).serve(`${here}-${address}`, agent, /serves|ready|listen/i);
    expect(expectDone(hosts.on(first).run(here, run))).toContain('1 of 1 tasks complete, 250 paid');
    expect(expectDone(hosts.on(first).run(here, verify))).toContain('rules hold: what was paid was paid once');
  });
});

/** Another version of Node.js. */
function otherNode(version: string): string {
  const own = join(directory, `node-${version}`);
  mkdirSync(own);
  // The package puts the binary in its place when it is installed.
  writeFileSync(join(own, 'package.json'), '{ "private": true, "allowScripts": { "node": true } }');
  install(own, `node@${version}`);
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
