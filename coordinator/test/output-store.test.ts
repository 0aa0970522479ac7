import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutputStore } from '@gatepost/coordinator/shell/outputs/output-store';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { beforeEach, expect, it, onTestFinished } from 'vitest';

let stateDir: string;

beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), 'gatepost-store-'));
  stateDir = made;
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
});

const storeOf = (instance: string, run = 'run-1') => new OutputStore(stateDir, run, instance);
const files = () => readdirSync(join(stateDir, 'outputs')).map((name) => join(stateDir, 'outputs', name));
const onlyFile = (): string => {
  const [file, ...more] = files();
  if (file === undefined || more.length > 0) throw new Error(`one file, not ${files().length}`);
  return file;
};

it('gives what was put at once, and after it was written', async () => {
  const store = storeOf('a');
  const digests = ['one', 'two', 'one'].map((text) => store.put(Buffer.from(text)));
  const texts = () => digests.map((digest) => String(store.get(digest)));
  expect(texts()).toEqual(['one', 'two', 'one']);
  await expect.poll(() => statSync(onlyFile()).size).toBe(2 * 36 + 6);
  expect(texts()).toEqual(['one', 'two', 'one']);
  expect(store.get(sha256('three'))).toBeUndefined();
  await store.close();
});

it('is read by the process after it, and by one beside it while it still writes, for the same run', async () => {
  const [writer, reader] = [storeOf('a'), storeOf('b')];
  const first = writer.put(Buffer.alloc(100_000, 1));
  // A reader knows the logs that are there when it first looks.
  await expect.poll(() => files().length).toBe(1);
  await expect.poll(() => reader.get(first)?.length).toBe(100_000);
  const second = writer.put(Buffer.from('later'));
  await writer.close();
  expect(String(reader.get(second))).toBe('later');
  expect(storeOf('c', 'run-10').get(first)).toBeUndefined();
  expect(statSync(onlyFile()).mode & 0o777).toBe(0o600);
});

it('misses what a kill cut off or somebody changed, and nothing else', async () => {
  const writer = storeOf('a');
  const [whole, changed, cut] = ['whole', 'changed', 'cut off'].map((text) => writer.put(Buffer.from(text)));
  await writer.close();
  const bytes = readFileSync(onlyFile());
  writeFileSync(onlyFile(), Buffer.from(String(bytes.toString('latin1')).replace('changed', 'chAnged'), 'latin1'));
  truncateSync(onlyFile(), bytes.length - 3);
  const reader = storeOf('b');
  expect([whole, changed, cut].map((digest) => reader.get(digest ?? '')?.toString())).toEqual([
    'whole',
    undefined,
    undefined,
  ]);
});

it('says that nothing can be written, in the place where something is put', async () => {
  writeFileSync(join(stateDir, 'outputs'), 'a file where the directory should be');
  expect(() => storeOf('a').put(Buffer.from('x'))).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }));
});

it('tells of a write that failed with the next one, and when it is closed', async () => {
  const store = storeOf('a');
  store.put(Buffer.from('x'));
  rmSync(join(stateDir, 'outputs'), { recursive: true });
  const again = () => store.put(Buffer.from(`${performance.now()}`));
  await expect
    .poll(() => store.get(sha256('x')) === undefined || attempt(again))
    .toMatchObject({ code: 'STORE_FAILED' });
  await expect(store.close()).rejects.toThrow(/ENOENT/);
});

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
