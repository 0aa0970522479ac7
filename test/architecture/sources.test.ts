import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const MAX_LINES = 500;

const sources = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.mjs', '*.cjs', '*.js'],
  {
    cwd: ROOT,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((path) => path !== '' && !path.includes('/gen/') && existsSync(join(ROOT, path)));

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('sources', () => {
  it(`are files of at most ${MAX_LINES} lines`, () => {
    const long = sources.filter((path) => read(path).split('\n').length > MAX_LINES);
    expect(long).toEqual([]);
  });

  it('read the environment of the process in one place', () => {
    const readers = sources.filter(
      (path) => /^[^/]+\/src\//.test(path) && !path.startsWith('test/') && read(path).includes('process.env'),
    );
    expect(readers).toEqual(['shared/src/config/environment.ts']);
  });

  it('leave no test skipped or focused', () => {
    const marked = sources.filter(
      (path) => path.endsWith('.test.ts') && /\b(it|test|describe)\.(only|todo|skip)\b\(/.test(read(path)),
    );
    expect(marked).toEqual([]);
  });
});
