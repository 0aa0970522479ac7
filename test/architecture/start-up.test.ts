import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';

/** Refuses to load the SDK. */
const withoutSdk = `data:text/javascript,${encodeURIComponent(`
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`
export const resolve = (name, context, next) => {
  if (name.startsWith('@hashgraph/sdk')) throw new Error(name + ' is loaded by ' + context.parentURL);
  return next(name, context);
};\`));
`)}`;

/** The help of a program, or why it needs the SDK for that. */
function helpOf(...args: readonly string[]) {
  const [program = '', ...rest] = args;
  const file = join(CHECKOUT, program, 'bin', `${program}.js`);
  const { status, stderr } = spawnSync(process.execPath, ['--import', withoutSdk, file, ...rest], { encoding: 'utf8' });
  return { status, stderr };
}

// It takes more than half a second to load: every command would wait for it, those that read the mirror alone too.
describe('a program does not load the SDK before a command needs it', () => {
  it.each(['coordinator', 'agent-daemon', 'gatekeeper', 'gatepost'])('%s', (program) => {
    expect(helpOf(program, '--help')).toEqual({ status: 0, stderr: '' });
  });
});
