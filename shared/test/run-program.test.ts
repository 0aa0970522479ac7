import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MODULE = fileURLToPath(new URL('../dist/cli/run-program.js', import.meta.url));
const COMMANDER = import.meta.resolve('commander');
/** More than a pipe or a socket takes at once. */
const LENGTH = 3_000_000;

const PROGRAM = `
  import { Command } from ${JSON.stringify(COMMANDER)};
  import { runProgram } from ${JSON.stringify(MODULE)};
  const code = await runProgram((exit) => new Command().exitOverride().action(() => {
    process.stdout.write('x'.repeat(${LENGTH}) + '\\n');
    exit(7);
  }));
  process.exit(code);
`;

test('a long last line reaches a reader who takes a while, before the process ends', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let length = 0;
  await sleep(300);
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
  });
  const [code] = await closed;
  expect({ code, length }).toEqual({ code: 7, length: LENGTH + 1 });
});
