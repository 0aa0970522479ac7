import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';

/** Refuses to load packages. Newer versions of Node.js warn of the way in which those before them have it done. */
const without = (...packages: readonly string[]): string =>
  `data:text/javascript,${encodeURIComponent(`
import module from 'node:module';
const refused = ${JSON.stringify(packages)};
const resolve = (name, context, next) => {
  if (refused.some((one) => name === one || name.startsWith(one + '/'))) {
    throw new Error(name + ' is loaded by ' + context.parentURL);
  }
  return next(name, context);
};
if (module.registerHooks !== undefined) module.registerHooks({ resolve });
else module.register('data:text/javascript,' + encodeURIComponent(
  'const refused = ' + JSON.stringify(refused) + '; export const resolve = ' + resolve));
`)}`;

/** How a program that cannot load packages ends, and what it says is wrong. */
function run(refused: readonly string[], ...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, ['--import', without(...refused), ...args], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

// It takes more than half a second to load: every command would wait for it, those that read the mirror alone too.
describe('a program does not load the SDK before a command needs it', () => {
  it.each(['coordinator', 'agent-daemon', 'gatekeeper', 'gatepost'])('%s', (program) => {
    const file = join(CHECKOUT, program, 'bin', `${program}.js`);
    expect(run(['@hashgraph/sdk'], file, '--help')).toEqual({ status: 0, stderr: '' });
  });
});

/** What loads the command that serves. */
const serving = (program: string): readonly string[] => [
  '--eval',
  `import(${JSON.stringify(join(CHECKOUT, program, 'dist', 'cli', 'serve.js'))})`,
];

// Together they take 15 MB, which a daemon that waits for work of their kind, or whose metrics nobody reads, does without.
const NEEDED_LATER = ['undici', 'piscina', '@agentclientprotocol/sdk', 'ajv', 'tar', 'prom-client', 'selfsigned'];

it('a daemon that serves has not loaded what only some of its work needs', () => {
  expect(run(NEEDED_LATER, ...serving('agent-daemon'))).toEqual({ status: 0, stderr: '' });
});

it('a gatekeeper that serves has not loaded metrics that nobody may read', () => {
  expect(run(['prom-client', 'selfsigned'], ...serving('gatekeeper'))).toEqual({ status: 0, stderr: '' });
});
