import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';

/**
 * Refuses to load packages, or files by the end of their path. Newer versions of Node.js warn of the way in which those
 * before them have it done.
 */
const without = (...refused: readonly string[]): string =>
  `data:text/javascript,${encodeURIComponent(`
import module from 'node:module';
const source = \`
const check = (name, context, found) => {
  if (${JSON.stringify(refused)}.some((one) => name === one || name.startsWith(one + '/') || found.url.endsWith('/' + one))) {
    throw new Error(name + ' is loaded by ' + context.parentURL);
  }
  return found;
};\`;
if (module.registerHooks === undefined) {
  const resolve = 'export const resolve = async (name, context, next) => check(name, context, await next(name, context));';
  module.register('data:text/javascript,' + encodeURIComponent(source + resolve));
} else {
  const check = new Function(source + 'return check')();
  module.registerHooks({ resolve: (name, context, next) => check(name, context, next(name, context)) });
}
`)}`;

/** How a program that cannot load packages ends, and what it says is wrong. */
function run(refused: readonly string[], ...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, ['--import', without(...refused), ...args], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

/** The one file that loads the SDK, as CommonJS. */
const SDK = 'shared/dist/hedera/sdk.js';

// It takes half a second to load: every command would wait for it, those that read the mirror alone too.
describe('a program does not load the SDK before a command needs it', () => {
  it.each(['coordinator', 'agent-daemon', 'gatekeeper', 'gatepost'])('%s', (program) => {
    const file = join(CHECKOUT, program, 'bin', `${program}.js`);
    expect(run([SDK], file, '--help')).toEqual({ status: 0, stderr: '' });
  });

  it('and one that did would be noticed', () => {
    const { status, stderr } = run([SDK], '--eval', `import(${JSON.stringify(join(CHECKOUT, SDK))})`);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is loaded by')]);
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
