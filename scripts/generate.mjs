// Generates the TypeScript of proto/ and of the Hedera API into */gen.
// `--check` generates into a temporary directory and fails when the committed code differs.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const hapi = join(dirname(createRequire(import.meta.url).resolve('@hiero-ledger/proto/package.json')), 'src/proto');

const targets = [
  { dir: 'proto', input: '.', paths: [] },
  {
    dir: 'local-ledger',
    input: hapi,
    paths: [
      'services_transaction_contents',
      'services_crypto_service',
      'services_consensus_service',
      'services_token_service',
      'services_schedule_service',
      'services_util_service',
      'services_network_service',
      'services_file_service',
      'services_exchange_rate',
      'mirror_consensus_service',
      'mirror_mirror_network_service',
    ].map((name) => join(hapi, `${name}.proto`)),
  },
];

function generate({ dir, input, paths }, out) {
  const args = ['generate', input, '--template', 'buf.gen.yaml', '-o', out];
  for (const path of paths) args.push('--path', path);
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const { status } = spawnSync('buf', args, { cwd: join(root, dir), stdio: 'inherit', env: { ...process.env, PATH } });
  if (status !== 0) process.exit(1);
}

function filesBelow(dir) {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile())
    .map((e) => relative(dir, join(e.parentPath, e.name)))
    .sort();
}

function differences(wanted, present) {
  const names = new Set([...filesBelow(wanted), ...filesBelow(present)]);
  const read = (dir, name) => {
    try {
      return readFileSync(join(dir, name), 'utf8');
    } catch {
      return undefined;
    }
  };
  return [...names].filter((name) => read(wanted, name) !== read(present, name));
}

const check = process.argv.includes('--check');
let stale = false;
for (const target of targets) {
  const committed = join(root, target.dir, 'gen');
  if (!check) {
    rmSync(committed, { recursive: true, force: true });
    generate(target, '.');
    continue;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'gatepost-generate-'));
  generate(target, scratch);
  for (const name of differences(join(scratch, 'gen'), committed)) {
    stale = true;
    console.error(`${target.dir}/gen/${name} is not what the .proto files generate: run 'npm run generate'`);
  }
  rmSync(scratch, { recursive: true, force: true });
}
if (stale) process.exit(1);
