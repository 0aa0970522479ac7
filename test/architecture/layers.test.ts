import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);

/** Each wall, and a file that breaks it. */
const VIOLATIONS: readonly (readonly [rule: string, file: string, content: string])[] = [
  [
    'core-is-pure',
    'coordinator/src/core/planted.ts',
    "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;\n",
  ],
  [
    'core-knows-no-effects',
    'agent-daemon/src/core/planted.ts',
    "import { x } from '../shell/other.js';\nexport const y = x;\n",
  ],
  [
    'coordinator-knows-no-other-part',
    'coordinator/src/planted.ts',
    "import { x } from '../../agent-daemon/src/shell/other.js';\nexport const y = x;\n",
  ],
  [
    'gatekeeper-knows-no-other-part',
    'gatekeeper/src/planted.ts',
    "import { x } from '../../agent-daemon/src/shell/other.js';\nexport const y = x;\n",
  ],
  [
    'shared-knows-only-proto',
    'shared/src/planted.ts',
    "import { x } from '../../agent-daemon/src/shell/other.js';\nexport const y = x;\n",
  ],
  [
    'rules-know-only-the-vocabulary',
    'rules/src/planted.ts',
    "import { x } from '../../shared/src/log.js';\nexport const y = x;\n",
  ],
  [
    'party-knows-no-party',
    'party/src/planted.ts',
    "import { x } from '../../agent-daemon/src/shell/other.js';\nexport const y = x;\n",
  ],
  [
    'page-knows-only-the-report',
    'page/src/planted.ts',
    "import { x } from '../../shared/src/log.js';\nexport const y = x;\n",
  ],
  [
    'the-page-is-bundled',
    'gatepost/src/planted.ts',
    "import { y } from '../../page/src/planted.js';\nexport const z = y;\n",
  ],
  [
    'the-checker-stands-alone',
    'test/src/check/planted.ts',
    "import { x } from '../../../shared/src/vocabulary/other.js';\nexport const y = x;\n",
  ],
  [
    'sdk-only-in-the-adapter',
    'coordinator/src/sdk.ts',
    "import { Client } from '@hashgraph/sdk';\nexport const y = Client;\n",
  ],
  [
    'sdk-loaded-in-one-form',
    'shared/src/hedera/planted.ts',
    "import { Client } from '@hashgraph/sdk';\nexport const y = Client;\n",
  ],
];

let house: string;

function cruise(...files: string[]) {
  const run = spawnSync(bin('depcruise'), ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', ...files], {
    cwd: house,
    encoding: 'utf8',
  });
  return { status: run.status, output: run.stdout + run.stderr };
}

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'gatepost-layers-'));
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json', 'biome.json', 'scripts']) {
    cpSync(join(ROOT, name), join(house, name), { recursive: true });
  }
  writeFileSync(join(house, 'tsconfig.tests.json'), '{ "extends": "./tsconfig.base.json", "include": ["*/src"] }');
  symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  const files = [
    ['', 'agent-daemon/src/shell/other.ts', 'export const x = 1;\n'],
    ['', 'shared/src/vocabulary/other.ts', 'export const x = 1;\n'],
    ...VIOLATIONS,
  ] as const;
  for (const [, file, content] of files) {
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), content);
  }
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

describe('the walls', () => {
  it.each(VIOLATIONS)('%s is broken by a planted %s, and noticed', (rule, file) => {
    const { status, output } = cruise(file);
    expect(output).toContain(rule);
    expect(status).not.toBe(0);
  });

  it('let pass what breaks none', () => {
    const { status, output } = cruise('agent-daemon/src/shell');
    expect(output).toContain('no dependency violations found');
    expect(status).toBe(0);
  });

  it('a shell of the coordinator that reads the time past its clock is noticed', () => {
    const file = 'coordinator/src/shell/impatient.ts';
    mkdirSync(dirname(join(house, file)), { recursive: true });
    writeFileSync(join(house, file), 'export const planted = Date.now();\n');
    const run = spawnSync(bin('biome'), ['lint', '--vcs-enabled=false', file], { cwd: house, encoding: 'utf8' });
    expect(run.stdout + run.stderr).toContain('time comes from the clock');
    expect(run.status).not.toBe(0);
  });

  it.each([
    ['Date.now()', 'time is an input of a core'],
    ['process.exit()', 'a core has no process'],
    ['Math.random()', 'randomness is an input of a core'],
    ['setTimeout(() => {}, 1)', 'a core has no timers'],
  ])('a core that says %s is noticed', (expression, why) => {
    const file = 'coordinator/src/core/impure.ts';
    writeFileSync(join(house, file), `export const planted = ${expression};\n`);
    const run = spawnSync(bin('biome'), ['lint', '--vcs-enabled=false', file], { cwd: house, encoding: 'utf8' });
    expect(run.stdout + run.stderr).toContain(why);
    expect(run.status).not.toBe(0);
  });
});
