import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { COMMANDS, type CommandName } from 'gatepost/stage/layout';
import { expect, it } from 'vitest';

it.each(Object.keys(COMMANDS) as CommandName[])(
  '%s ends without a word when nobody reads what it prints',
  async (name) => {
    const child = spawn(process.execPath, [COMMANDS[name], '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const errors = child.stderr.toArray();
    const [code] = await once(child, 'close');
    expect(String(Buffer.concat(await errors))).toBe('');
    expect([0, 141]).toContain(code);
  },
);
