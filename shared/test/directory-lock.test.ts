import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOCK_DIRECTORY, lockDirectory } from '@gatepost/shared/directory-lock';
import { afterEach, beforeEach, expect, it } from 'vitest';

const STARTERS = 8;
const TAKES = 40;
const CHECKOUT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatepost-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/**
 * A starter takes the directory again and again. Whoever has it makes a directory that only one can make, and
 * unmakes it before it lets go; every third time it dies with the lock instead, and the next starter takes over.
 */
const STARTER = `
import { mkdirSync, rmdirSync, existsSync } from 'node:fs';
import { LOCK_DIRECTORY, lockDirectory } from '@gatepost/shared/directory-lock';
const [directory, alone, dies] = process.argv.slice(1);
console.log('ready');
while (!existsSync(alone + '.go'));
for (let rounds = 0; rounds < 200_000; rounds += 1) {
  const lock = lockDirectory(directory);
  if ('heldBy' in lock) continue;
  try { mkdirSync(alone); } catch { console.log('two'); process.exit(1); }
  for (const until = performance.now() + 1; performance.now() < until; );
  rmdirSync(alone);
  console.log('took');
  if (dies === 'dies') process.kill(process.pid, 'SIGKILL');
  lock.release();
  process.exit(0);
}
console.log('never');
`;

function starter(alone: string, dies: boolean): ChildProcess {
  const args = ['--input-type=module', '-e', STARTER, directory, alone, dies ? 'dies' : 'releases'];
  return spawn(process.execPath, args, { cwd: join(CHECKOUT, 'test'), stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What a starter says once it may start, to its end. */
function saysOf(child: ChildProcess): { readonly ready: Promise<void>; readonly all: Promise<string> } {
  let text = '';
  let begin: () => void;
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });
  child.stdout?.on('data', (chunk) => {
    text += chunk;
    begin();
  });
  return { ready, all: once(child, 'close').then(() => text.trim()) };
}

it('is won by one process at a time, however many start at once and however they end', async () => {
  for (let round = 0; round < TAKES / STARTERS; round += 1) {
    const alone = join(tmpdir(), `${directory.split('/').at(-1)}-${round}`);
    const starters = Array.from({ length: STARTERS }, (_, each) => starter(alone, each % 3 === 0));
    const said = starters.map(saysOf);
    await Promise.all(said.map(({ ready }) => ready));
    writeFileSync(`${alone}.go`, '');
    expect(await Promise.all(said.map(({ all }) => all)), `round ${round}`).toEqual(starters.map(() => 'ready\ntook'));
    rmSync(`${alone}.go`);
  }
}, 120_000);

it('keeps one note, whatever was left behind', () => {
  const lock = lockDirectory(directory);
  const notes = join(directory, LOCK_DIRECTORY);
  writeFileSync(join(notes, 'crashed.draft'), '999999999');
  writeFileSync(join(notes, '7'), '999999999');
  expect(lockDirectory(directory)).toHaveProperty('release');
  expect(readdirSync(notes)).toEqual(['8']);
  expect(readFileSync(join(notes, '8'), 'utf8')).toMatch(new RegExp(`^${process.pid}\\b`));
  expect(lock).toHaveProperty('release');
});

it('is free once its holder has ended, even before its parent has asked for that', async () => {
  const holder = `import { lockDirectory } from '@gatepost/shared/directory-lock'; lockDirectory(process.env.WHERE);
    console.log('took'); process.kill(process.pid, 'SIGKILL');`;
  const line = '"$NODE" --input-type=module -e "$HOLDER" & exec sleep 600';
  const env = { ...process.env, NODE: process.execPath, HOLDER: holder, WHERE: directory };
  const parent = spawn('sh', ['-c', line], { cwd: join(CHECKOUT, 'test'), env, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(parent.stdout, 'data');
  await expect.poll(() => lockDirectory(directory), { timeout: 5_000 }).toHaveProperty('release');
  parent.kill('SIGKILL');
});

it('names the process that has the directory, and lets it go', () => {
  const first = lockDirectory(directory);
  expect(lockDirectory(directory)).toEqual({ heldBy: process.pid });
  if ('release' in first) first.release();
  expect(lockDirectory(directory)).toHaveProperty('release');
});
