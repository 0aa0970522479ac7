import {
  linkSync,
  lstatSync,
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
import { Worker } from 'node:worker_threads';
import { writeInside } from '@gatepost/coordinator/shell/outputs/write-inside';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const BYTES = Buffer.from('output');
let out: string;
let elsewhere: string;

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'gatepost-inside-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  [out, elsewhere] = [join(root, 'out'), join(root, 'elsewhere')];
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'r.json'), 'theirs');
});

const isUntouched = (): void => {
  expect(readdirSync(elsewhere)).toEqual(['r.json']);
  expect(readFileSync(join(elsewhere, 'r.json'), 'utf8')).toBe('theirs');
};

describe('a file is written below a directory', () => {
  it('with the directories between, and again over itself', () => {
    for (const bytes of [BYTES, Buffer.from('again')]) {
      expect(writeInside(out, 'a/b/r.json', bytes)).toBe(join(out, 'a/b/r.json'));
      expect(readFileSync(join(out, 'a/b/r.json'))).toEqual(bytes);
    }
    expect(readdirSync(join(out, 'a/b'))).toEqual(['r.json']);
  });

  it('that may itself be reached through a link: a person named it', () => {
    symlinkSync(elsewhere, out);
    writeInside(out, 'mine.json', BYTES);
    expect(readFileSync(join(elsewhere, 'mine.json'))).toEqual(BYTES);
  });
});

describe('nothing is written through what lies below the directory', () => {
  beforeEach(() => mkdirSync(join(out, 'a'), { recursive: true }));

  it.each([
    ['a link in the first place', 'b/c/r.json', () => symlinkSync(elsewhere, join(out, 'b'))],
    ['a link in the second place', 'a/c/r.json', () => symlinkSync(elsewhere, join(out, 'a/c'))],
    ['a relative link', 'a/c/r.json', () => symlinkSync('../../elsewhere', join(out, 'a/c'))],
    ['a link to nothing', 'a/c/r.json', () => symlinkSync(join(elsewhere, 'new'), join(out, 'a/c'))],
    ['a link to itself', 'a/c/r.json', () => symlinkSync('c', join(out, 'a/c'))],
    ['a file', 'a/c/r.json', () => writeFileSync(join(out, 'a/c'), '')],
    ['a directory in place of the file', 'a/r.json', () => mkdirSync(join(out, 'a/r.json'))],
  ])('%s', (_what, file, put) => {
    put();
    expect(() => writeInside(out, file, BYTES)).toThrow();
    isUntouched();
    expect(readdirSync(join(out, 'a')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it.each([
    ['a link', (path: string) => symlinkSync(join(elsewhere, 'r.json'), path)],
    ['a second name of a file', (path: string) => linkSync(join(elsewhere, 'r.json'), path)],
  ])('%s in place of the file, which is replaced', (_what, put) => {
    put(join(out, 'a/r.json'));
    writeInside(out, 'a/r.json', BYTES);
    isUntouched();
    expect(lstatSync(join(out, 'a/r.json')).isFile()).toBe(true);
    expect(readFileSync(join(out, 'a/r.json'))).toEqual(BYTES);
  });

  // Without names of handles, as on macOS, a window of a few microseconds is left.
  it.skipIf(process.platform !== 'linux')('a link that comes and goes while files are written', async () => {
    const swap = `
      const { parentPort, workerData: { out, elsewhere } } = require('node:worker_threads');
      const { renameSync, symlinkSync, unlinkSync } = require('node:fs');
      const attempt = (change) => { try { change(); } catch {} };
      parentPort.postMessage('ready');
      for (let round = 0; ; round += 1) {
        attempt(() => renameSync(out + '/a', out + '/' + round));
        attempt(() => symlinkSync(elsewhere, out + '/a'));
        attempt(() => unlinkSync(out + '/a'));
      }`;
    const worker = new Worker(swap, { eval: true, workerData: { out, elsewhere } });
    await new Promise((resolve) => worker.once('message', resolve));
    let written = 0;
    for (let round = 0; round < 1_500; round += 1) {
      try {
        writeInside(out, 'a/r.json', BYTES);
        written += 1;
      } catch {
        // The directory was not there, or a link, at that moment.
      }
    }
    await worker.terminate();
    expect(written).toBeGreaterThan(0);
    isUntouched();
  });
});
