// Generates the TypeScript of proto/ and of the Hedera API into */gen.
// `--check` generates into a temporary directory and fails when the committed code differs.
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const hapi = join(dirname(require.resolve('@hiero-ledger/proto/package.json')), 'src/proto');
const health = join(dirname(require.resolve('grpc-health-check/package.json')), 'proto');

const targets = [
  { dir: 'proto', input: '.', paths: [], descriptors: [{ input: '.' }, { input: health }] },
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
    // The services that answer NOT_SUPPORTED included.
    descriptors: [
      {
        input: hapi,
        paths: [
          'services_crypto_service',
          'services_consensus_service',
          'services_token_service',
          'services_schedule_service',
          'services_util_service',
          'services_network_service',
          'services_file_service',
          'services_smart_contract_service',
          'services_freeze_service',
          'services_address_book_service',
          'mirror_consensus_service',
          'mirror_mirror_network_service',
        ].map((name) => join(hapi, `${name}.proto`)),
      },
    ],
  },
];

/** The code, and in gen/api.binpb what server reflection tells: sets of descriptors, which are joined end to end. */
function generate({ dir, input, paths, descriptors }, out) {
  buf(dir, ['generate', input, '--template', 'buf.gen.yaml', '-o', out, ...only(paths)]);
  for (const { input, paths = [] } of descriptors) {
    const set = buf(dir, [
      'build',
      input,
      '--as-file-descriptor-set',
      '--exclude-source-info',
      '-o',
      '-',
      ...only(paths),
    ]);
    appendFileSync(resolve(root, dir, out, 'gen/api.binpb'), set);
  }
}

const only = (paths) => paths.flatMap((path) => ['--path', path]);

function buf(dir, args) {
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const stdio = ['ignore', 'pipe', 'inherit'];
  const { status, stdout } = spawnSync('buf', args, { cwd: join(root, dir), stdio, env: { ...process.env, PATH } });
  if (status !== 0) process.exit(1);
  return stdout;
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
      return readFileSync(join(dir, name), 'base64');
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
