import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
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
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';

const PACKAGES = ['proto', 'shared', 'rules', 'local-ledger', 'agent-daemon', 'coordinator', 'gatepost'];
/** Most bytes of one package as it is installed; the embedded network holds the generated messages of Hedera. */
const MOST_BYTES = { '@gatepost/local-ledger': 4_000_000, others: 600_000 };
/** Other versions of Node, installed for this alone, when the tests are to be thorough. */
const OTHER_NODES = process.env.THOROUGH === undefined ? [] : ['22', '24'];

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
    expect(
      paths.some((path) => path.endsWith('.d.ts')),
      name,
    ).toBe(true);
    expect(
      paths.filter((path) => /^(src|test|scripts)\/|bench|\.map$|tsbuildinfo/.test(path)),
      name,
    ).toEqual([]);
    expect(unpackedSize, name).toBeLessThan(name === '@gatepost/local-ledger' ? MOST_BYTES[name] : MOST_BYTES.others);
  }
});

it('leaves no copies in the checkout', () => {
  for (const name of PACKAGES) expect(existsSync(join(CHECKOUT, name, 'LICENSE')), name).toBe(false);
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
  }
  const unknown = gatepost(process.execPath, 'cordinator');
  expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining("unknown command 'cordinator'")]);
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

/** The commands of a document, in order. */
const commandsOf = (document: string) =>
  [...readFileSync(join(CHECKOUT, document), 'utf8').matchAll(/^```sh\n([\s\S]*?)\n```$/gm)].map(
    ([, text = '']) => text,
  );

const served: ChildProcess[] = [];
afterAll(() => {
  const open = served.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  for (const { pid } of open) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
});

/** Runs a command of a document that serves, in a shell of its own, until its first line of output that matches. */
async function serve(command: string, env: NodeJS.ProcessEnv, ready: RegExp): Promise<string> {
  const child = spawn('sh', ['-c', command], { cwd: app, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  served.push(child);
  for await (const line of createInterface({ input: child.stdout })) if (ready.test(line)) return line;
  throw new Error(`"${command}" ended with ${(await once(child, 'close'))[0]} before it was ready`);
}

it('docs/quickstart-local.md leads to a paid run in six commands', { timeout: 180_000 }, async () => {
  const [install, network = '', setup = '', agent = '', run = '', verify = '', ...more] =
    commandsOf('docs/quickstart-local.md');
  expect([install, more]).toEqual(['npm install packages/*.tgz', []]);
  // Free ports, since other tests have networks too; everything else as it is written.
  const ports = ['port', 'mirror-grpc-port', 'mirror-rest-port', 'fees-port', 'control-port'].map(
    (name) => `--${name} 0`,
  );
  const line = await serve(`${network} ${ports.join(' ')} --json`, process.env, /"event":"ready"/);
  const { ports: at } = JSON.parse(line) as { ports: Record<string, number> };
  const addresses = {
    GATEPOST_NODE: `127.0.0.1:${at.consensus}`,
    GATEPOST_MIRROR_GRPC: `127.0.0.1:${at.mirrorGrpc}`,
    GATEPOST_MIRROR_REST: `http://127.0.0.1:${at.mirrorRest}`,
  };
  const sh = (command: string, env = process.env) =>
    spawnSync('sh', ['-c', command], { cwd: app, env, encoding: 'utf8' });
  const made = sh(setup, { ...process.env, ...addresses });
  expect(made.status, made.stderr).toBe(0);
  // The folders that setup made say which network theirs is; the addresses are given to nobody else but verify.
  await serve(agent, process.env, /serves|ready|listen/i);
  const ran = sh(run);
  expect(ran.status, ran.stdout + ran.stderr).toBe(0);
  expect(ran.stdout).toContain('1 of 1 tasks complete, 250 paid');
  const verified = sh(verify, { ...process.env, ...addresses });
  expect(verified.stdout).toContain('rules hold: what was paid was paid once');
});

describe.each(OTHER_NODES)('Node %s', (version) => {
  it('runs a plan', { timeout: 300_000 }, () => {
    const own = join(directory, `node-${version}`);
    mkdirSync(own);
    writeFileSync(join(own, 'package.json'), '{ "private": true }');
    // The package puts the binary in its place when it is installed.
    install(own, `node@${version}`, '--allow-scripts=node');
    const node = join(own, 'node_modules/node/bin/node');
    expect(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout).toMatch(new RegExp(`^v${version}\\.`));
    const plan = join(app, 'node_modules/gatepost/examples/rejected-then-paid.yaml');
    const { status, stdout, stderr } = gatepost(node, 'demo', plan);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain('rules hold: what was paid was paid once');
  });
});
