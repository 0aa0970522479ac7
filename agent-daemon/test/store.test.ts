import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCK_DIRECTORY } from '@gatepost/shared/directory-lock';
import { open } from 'lmdb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkStore } from '../src/shell/store/check-store.js';
import { LmdbStore } from '../src/shell/store/lmdb-store.js';

const PAGE_BYTES = 4_096;
const ENTRIES = 2_000;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatepost-store-'));
  path = join(directory, 'store');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function fill(): Promise<void> {
  const root = open({ path, maxDbs: 8, overlappingSync: false });
  const rows = root.openDB<object, string>({ name: 'attempts' });
  for (let n = 0; n < ENTRIES; n += 1) void rows.put(`run/t${n}/1`, { n, text: 'x'.repeat(100) });
  await root.flushed;
  await root.close();
}

/** How many entries a daemon would find. */
async function entries(): Promise<number> {
  const root = open({ path, maxDbs: 8, readOnly: true });
  const count = [...root.openDB({ name: 'attempts' }).getKeys()].length;
  await root.close();
  return count;
}

it.each([0x00, 0xff])('a page overwritten with %i is found, wherever it is, unless nothing is on it', async (byte) => {
  await fill();
  checkStore(path);
  const file = join(path, 'data.mdb');
  const intact = readFileSync(file);
  const pages = intact.length / PAGE_BYTES;
  let found = 0;
  for (let page = 2; page < pages; page += 5) {
    const damaged = Buffer.from(intact);
    damaged.fill(byte, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    writeFileSync(file, damaged);
    rmSync(join(path, 'lock.mdb'), { force: true });
    try {
      checkStore(path);
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining('data.mdb is damaged (') });
      found += 1;
      continue;
    }
    expect(await entries(), `page ${page}`).toBe(ENTRIES);
  }
  expect(found).toBeGreaterThan(pages / 10);
});

it('belongs to one process; what a dead one left is taken over', async () => {
  const store = LmdbStore.open(directory);
  expect(() => LmdbStore.open(directory)).toThrow(`${directory} is in use by process ${process.pid}`);
  await store.close();
  // The same process id, but of a process that started at another time.
  writeFileSync(join(directory, LOCK_DIRECTORY, '2'), `${process.pid} another-boot 1`);
  await LmdbStore.open(directory).close();
});

it('reads rows that were written as records', async () => {
  await fill();
  const store = LmdbStore.open(directory);
  const row = { n: 7, text: 'x'.repeat(100) };
  expect(store.attempt('run/t7/1')).toEqual(row);
  expect([...store.attempts()].find(([key]) => key === 'run/t7/1')?.[1]).toEqual(row);
  await store.close();
});
