import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { CHECKOUT } from '../src/stage/layout.js';

const TIMEOUT_MS = 120_000;

/** Within the checkout, as for whoever runs `npm start`, and not there before. */
const directory = join(CHECKOUT, '.gatepost', `start-${randomUUID()}`);
let starts = 0;

/** `npm start` as a child, its output collected as it comes. */
class Start {
  readonly child: ChildProcess;
  output = '';
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[] = []) {
    const own = ['--directory', join(directory, String(starts++))];
    this.child = spawn(process.execPath, [join(CHECKOUT, 'gatepost/bin/gatepost.js'), 'demo', ...args, ...own], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (data) => this.read(String(data)));
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  #waiting: { readonly pattern: RegExp; readonly resolve: (match: RegExpMatchArray) => void }[] = [];

  private read(data: string): void {
    this.output += data;
    this.#waiting = this.#waiting.filter(({ pattern, resolve }) => {
      const match = this.output.match(pattern);
      if (match !== null) resolve(match);
      return match === null;
    });
  }

  /** Resolves when the output so far matches; rejects when the process ends without it. */
  async says(pattern: RegExp): Promise<RegExpMatchArray> {
    const found = this.output.match(pattern);
    if (found !== null) return found;
    const said = new Promise<RegExpMatchArray>((resolve) => this.#waiting.push({ pattern, resolve }));
    const ended = this.ended.then((code) => {
      throw new Error(`ended with ${code} without saying ${pattern}:\n${this.output}`);
    });
    ended.catch(() => undefined);
    return Promise.race([said, ended]);
  }
}

let start: Start | undefined;

afterEach(() => void start?.child.kill('SIGTERM'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('npm start pays every task of the example its price and shows it', { timeout: TIMEOUT_MS }, async () => {
  start = new Start();
  expect(await start.ended, start.output).toBe(0);
  for (const [task, price] of [
    ['inventory', '1200'],
    ['sizes', '900'],
    ['report', '400'],
  ] as const) {
    expect(start.output).toMatch(new RegExp(`${task}.*agent|${task}.*0\\.0\\.\\d+.*${price}`));
  }
  expect(start.output).toContain('dependency-audit.md');
  expect(start.output).toContain('rules hold: what was paid was paid once');
});

it('an agent killed in the middle ends it with a clear message, not a hang', { timeout: TIMEOUT_MS }, async () => {
  start = new Start();
  const [, pid] = await start.says(/agent-1 0\.0\.\d+ serves at .* pid (\d+)/);
  await start.says(/agent-2 0\.0\.\d+ serves at/);
  process.kill(Number(pid), 'SIGKILL');
  expect(await start.ended, start.output).toBe(1);
  expect(start.output).toMatch(/agent-1 \(0\.0\.\d+\) was killed by SIGKILL while the plan ran; its log: /);
});

it('a plan with a mistake starts nothing', { timeout: TIMEOUT_MS }, async () => {
  start = new Start([join(CHECKOUT, 'package.json')]);
  expect(await start.ended, start.output).toBe(2);
  expect(start.output).toContain('package.json:');
  expect(start.output).not.toContain('embedded network');
});

it('npm run e2e against testnet without credentials says what to set', { timeout: TIMEOUT_MS }, async () => {
  const names = ['COORDINATOR', 'AGENT_1', 'AGENT_2'].flatMap((part) => [`${part}_ACCOUNT_ID`, `${part}_PRIVATE_KEY`]);
  const unset = Object.fromEntries(names.map((name) => [name, '']));
  const child = spawn(process.execPath, [join(CHECKOUT, 'test/dist/e2e/main.js'), '--network', 'testnet'], {
    env: { ...process.env, ...unset },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data) => {
    errors += String(data);
  });
  const [code] = await once(child, 'close');
  expect(code, errors).toBe(2);
  for (const name of names) expect(errors).toContain(name);
});
