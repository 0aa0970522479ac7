import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSavePlaces } from '@gatepost/coordinator/shell/outputs/saved-outputs';
import { requireSuccess } from '@gatepost/coordinator/shell/run/run-plan';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { HeldTasks } from './support/held-tasks.js';
import { Lane, TestLedger } from './support/stage.js';

const held = new HeldTasks();
const gates = [{ kind: 'none' as const }];
/** Four bytes, of which the first two are no UTF-8. */
const BYTES = Buffer.from([0xff, 0xfe, 0x61, 0x0a]);

let ledger: TestLedger;
let lane: Lane;

beforeAll(async () => {
  ledger = await TestLedger.start();
  lane = await Lane.open(ledger, {
    binary: { command: ['printf', '\\377\\376a\\n'] },
    deep: { command: ['node', '-e', "process.stdout.write('['.repeat(100_000) + ']'.repeat(100_000))"] },
    echo: { command: ['cat'] },
    held: held.executor,
  });
});

afterAll(async () => {
  await lane.close();
  await ledger.close();
  held.remove();
});

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'gatepost-outputs-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function run(plan: ReturnType<typeof planOf>, outputDir: string) {
  const proxy = await lane.proxy();
  try {
    return await lane.run(plan, proxy, new AbortController().signal, { outputDir });
  } finally {
    proxy.close();
  }
}

describe('the place of an output that is to be saved', () => {
  const plan = planOf([taskOf('a', { gates, saveAs: 'reports/r.json' })]);

  it.each([
    ['a directory', (out: string) => mkdirSync(join(out, 'reports/r.json'), { recursive: true }), 'is a directory'],
    ['below a file', (out: string) => writeFileSync(join(out, 'reports'), ''), 'is no directory'],
    [
      'a link to a file',
      (out: string) => {
        mkdirSync(join(out, 'reports'));
        symlinkSync(join(out, 'elsewhere'), join(out, 'reports/r.json'));
      },
      'is a symbolic link',
    ],
    ['below a link', (out: string) => symlinkSync(tmpdir(), join(out, 'reports')), 'is a symbolic link'],
  ])('is looked at before the run: %s', async (_what, take, why) => {
    const out = directory();
    take(out);
    expect(() => checkSavePlaces(plan, out)).toThrow(new RegExp(`output of a .*${why}.*\\n.*nothing was started`));
    await expect(run(plan, out)).rejects.toMatchObject({ code: 'USAGE' });
    expect((await lane.records(undefined)).filter(({ type }) => type === 'epoch')).toEqual([]);
  });

  it('may hold an earlier output, or not be there at all', () => {
    const out = directory();
    checkSavePlaces(plan, out);
    mkdirSync(join(out, 'reports'));
    writeFileSync(join(out, 'reports/r.json'), 'old');
    checkSavePlaces(plan, out);
    checkSavePlaces(plan, join(out, 'missing'));
  });

  it('that is taken while the run goes on is told at its end, and the same command saves it once mended', async () => {
    const out = directory();
    const late = planOf([taskOf('late', { type: 'held', gates, saveAs: 'late.json' })]);
    const running = run(late, out);
    await expect.poll(async () => (await lane.records(undefined)).some(({ type }) => type === 'epoch')).toBe(true);
    mkdirSync(join(out, 'late.json'));
    held.release('late');
    const end = await running;
    expect(end.summary).toMatchObject({ outcome: 'complete', tasks: [{ status: 'paid', saved_as: undefined }] });
    expect(end.summary.tasks[0]?.not_saved).toMatch(/late.json.*is a directory/);
    expect(() => requireSuccess(end)).toThrow(/paid, but not all outputs are on the disk.*same command again/s);
    rmSync(join(out, 'late.json'), { recursive: true });
    const again = await run(late, out);
    requireSuccess(again);
    expect(again.summary.tasks[0]?.saved_as).toBe(join(out, 'late.json'));
    expect(readdirSync(out)).toEqual(['late.json']);
  });
});

describe('an output that is not text', () => {
  it('reaches files as it is, and gates and other tasks with all its bytes', async () => {
    const out = directory();
    const base64 = BYTES.toString('base64');
    const check = `process.stdin.on('data', (d) => process.exit(JSON.parse(d).output.$base64 === '${base64}' ? 0 : 1))`;
    const command = { kind: 'command' as const, argv: ['node', '-e', check], timeoutMs: 10_000 };
    const plan = planOf([
      taskOf('one', { type: 'binary', gates: [command], saveAs: 'one.bin' }),
      taskOf('two', {
        type: 'echo',
        gates,
        input: { part: { $output: 'one' } },
        dependsOn: ['one'],
        saveAs: 'two.json',
      }),
    ]);
    const { summary } = await run(plan, out);
    expect(summary.tasks.map(({ status }) => status)).toEqual(['paid', 'paid']);
    expect(readFileSync(join(out, 'one.bin'))).toEqual(BYTES);
    expect(JSON.parse(readFileSync(join(out, 'two.json'), 'utf8'))).toEqual({ input: { part: { $base64: base64 } } });
  });

  it('satisfies no schema, so it is not paid for', async () => {
    const schema = { kind: 'schema' as const, schema: true };
    const plan = planOf([taskOf('three', { type: 'binary', gates: [schema], attempts: 1 })]);
    const { summary } = await run(plan, directory());
    expect(summary.tasks.map(({ status, gate, paid }) => [status, gate, paid])).toEqual([['failed', 'schema', '0']]);
  });
});

describe('an output that is nested without end', () => {
  it.each([
    ['no gate', { kind: 'none' }],
    ['a program', { kind: 'command', argv: ['true'], timeoutMs: 10_000 }],
    ['a schema', { kind: 'schema', schema: true }],
  ] as const)('is not paid for, and what waits for it is not begun: %s', async (_what, gate) => {
    const plan = planOf([
      taskOf('deep', { type: 'deep', gates: [gate], attempts: 1 }),
      taskOf('after', { type: 'echo', gates, input: { $output: 'deep' }, dependsOn: ['deep'] }),
    ]);
    const { summary } = await run(plan, directory());
    expect(summary.tasks.map(({ status, gate, paid }) => [status, gate, paid])).toEqual([
      ['failed', 'output', '0'],
      ['blocked', undefined, '0'],
    ]);
    expect(summary.tasks[0]?.reason).toMatch(/nested deeper than 500 levels/);
  });
});
