import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_OUTPUT_DEPTH } from '@gatepost/party/core/work-order';
import { readReview, runAutomaticGates } from '@gatepost/party/gates/automatic-gates';
import { runCommandGate } from '@gatepost/party/gates/command-gate';
import { SchemaGates } from '@gatepost/party/gates/schema-gate';
import { afterAll, describe, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'gatepost-gates-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const input = { task: 'report', attempt: 2, input: { n: 1 }, output: { total: 3 } };
const node = (script: string, timeoutMs = 10_000) =>
  runCommandGate(['node', '-e', script], timeoutMs, directory, input);

describe('a command gate', () => {
  it('accepts on exit code 0; its standard output is the reason', async () => {
    const script =
      "process.stdin.on('data', (d) => { const i = JSON.parse(d); console.log(i.task, i.attempt, i.input.n, i.output.total); })";
    expect(await node(script)).toEqual({ accepted: true, gate: 'command', reason: 'report 2 1 3' });
  });

  it('rejects on any other exit code, with what the program said', async () => {
    expect(await node("console.log('totals differ'); process.exit(1)")).toMatchObject({
      accepted: false,
      reason: 'totals differ',
    });
    expect(await node('process.exit(3)')).toMatchObject({ accepted: false, reason: 'the gate ended with exit code 3' });
  });

  it('rejects when it crashes or cannot be started', async () => {
    expect(await node("process.kill(process.pid, 'SIGSEGV')")).toMatchObject({ accepted: false });
    const missing = await runCommandGate(['no-such-program'], 1_000, directory, input);
    expect(missing.accepted).toBe(false);
    expect(missing.reason).toContain('could not be started');
    const lost = await runCommandGate([process.execPath, 'no-such-gate.mjs'], 20_000, directory, input);
    expect(lost).toMatchObject({
      accepted: false,
      reason: expect.stringMatching(/^Error: Cannot find module .*no-such-gate\.mjs'/),
    });
    expect(await node("throw new TypeError('not a number')")).toMatchObject({ reason: 'TypeError: not a number' });
  });

  it('rejects when it does not end in time, and leaves no process behind', async () => {
    const pidFile = join(directory, 'pid');
    const child = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
    const script = `require('child_process').spawn('node', ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' }); setInterval(() => {}, 1000)`;
    expect(await node(script, 5_000)).toMatchObject({ accepted: false, reason: 'the gate did not end within 5s' });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('does not wait for what a program leaves behind', async () => {
    const script = "require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' }); process.exit(0)";
    expect(await node(script)).toMatchObject({ accepted: true });
  });

  it.each([
    ['a session of its own', 'setsid sleep 60 & sleep 0.3'],
    ['a session of its own and a child', "setsid sh -c 'sleep 60 & wait' & sleep 0.3"],
    ['a session of its own and no parent', '(setsid sleep 60 &) & sleep 0.3'],
  ])('does not wait for a process with %s, and leaves none behind', async (_what, script) => {
    const run = (timeoutMs: number, end: string) =>
      runCommandGate(['sh', '-c', `${script}; ${end}`], timeoutMs, directory, input);
    expect(await run(20_000, 'exit 0')).toMatchObject({ accepted: true });
    expect(await run(20_000, 'echo no; exit 1')).toMatchObject({ accepted: false, reason: 'no' });
    expect(await run(1_000, 'sleep 60')).toMatchObject({ accepted: false, reason: 'the gate did not end within 1s' });
    expect(processesIn(directory)).toEqual([]);
  });

  it('does not wait for what has left its session, its parent and its variables', async () => {
    const script = `(setsid env -i ${process.execPath} -e "setTimeout(() => {}, 30_000); console.log('here')" &) & sleep 1; exit 0`;
    const beganMs = Date.now();
    const outcome = await runCommandGate(['sh', '-c', script], 20_000, directory, input);
    expect(outcome).toMatchObject({ accepted: true, reason: 'here' });
    expect(Date.now() - beganMs).toBeLessThan(20_000);
    for (const pid of processesIn(directory)) process.kill(pid, 'SIGKILL');
  });

  it('holds nothing open for it either: many of them cost no descriptors', async () => {
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    const script = '(setsid env -i sleep 30 &) &';
    const gates = Array.from({ length: 20 }, () => runCommandGate(['sh', '-c', script], 20_000, directory, input));
    for (const outcome of await Promise.all(gates)) expect(outcome).toMatchObject({ accepted: true });
    for (const pid of processesIn(directory)) process.kill(pid, 'SIGKILL');
    expect(open()).toBeLessThan(before + 10);
  });

  it('sees none of our variables', async () => {
    process.env.COORDINATOR_PRIVATE_KEY = 'not for gates';
    const { reason } = await node('console.log(Object.keys(process.env).join())');
    delete process.env.COORDINATOR_PRIVATE_KEY;
    expect(reason).not.toContain('COORDINATOR');
  });
});

/** Processes whose working directory this is. */
function processesIn(place: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === place;
    } catch {
      return false; // Gone, or not ours.
    }
  });
}

function isRunning(pid: number): boolean {
  try {
    // A killed child that nobody has waited for yet is still listed.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
  } catch {
    return false;
  }
}

describe('other gates', () => {
  const schemas = new SchemaGates();
  afterAll(() => schemas.close());

  it('schema names what is violated', async () => {
    const schema = { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } };
    expect((await schemas.run(schema, { total: 3 })).accepted).toBe(true);
    expect(await schemas.run(schema, { total: 'x' })).toMatchObject({
      accepted: false,
      reason: '/total must be integer',
    });
    expect(await schemas.run(true, { $base64: '/w==' })).toMatchObject({ accepted: false });
  });

  it.each([
    ['a regular expression that backtracks', { pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
    ['one of keys', { patternProperties: { '^(a|a)*$': {} } }, { [`${'a'.repeat(60)}!`]: 1 }],
    ['a comparison of all with all', { uniqueItems: true }, Array.from({ length: 60_000 }, (_, index) => ({ index }))],
  ] as const)('schema rejects at its timeout, and the process goes on: %s', async (_what, schema, output) => {
    const own = new SchemaGates(2_000);
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 20);
    try {
      expect(await own.run(schema as never, output as never)).toEqual({
        accepted: false,
        gate: 'schema',
        reason: 'the gate did not end within 2s',
      });
      expect(turns).toBeGreaterThan(2);
      // The next output is judged as if nothing had been.
      expect((await own.run({ type: 'string' }, 'fine')).accepted).toBe(true);
    } finally {
      clearInterval(turning);
      await own.close();
    }
  });

  it('schema follows one that refers to itself as deep as an output may be, and rejects by one that does without end', async () => {
    const tree = { anyOf: [{ type: 'number' }, { type: 'array', items: { $ref: '#' } }] };
    const deep = JSON.parse(`${'['.repeat(MAX_OUTPUT_DEPTH)}1${']'.repeat(MAX_OUTPUT_DEPTH)}`);
    expect(await schemas.run(tree, deep)).toMatchObject({ accepted: true });
    expect(await schemas.run(tree, [[['x']]])).toMatchObject({ accepted: false });
    for (const endless of [{ $ref: '#' }, { allOf: [{ $ref: '#' }] }, { $dynamicAnchor: 'x', $dynamicRef: '#x' }]) {
      const reason = 'the schema refers to itself without end';
      expect(await schemas.run(endless, { a: 1 })).toEqual({ accepted: false, gate: 'schema', reason });
    }
    expect(await schemas.run({ type: 'object' }, { a: 1 })).toMatchObject({ accepted: true });
  });

  it('several are all required, and a gate that breaks rejects', async () => {
    const command = { kind: 'command' as const, argv: ['true'], timeoutMs: 1_000 };
    const both = await runAutomaticGates(
      [command, { kind: 'schema', schema: { type: 'object' } }],
      { directory, schemas },
      input,
    );
    expect(both).toMatchObject({ accepted: true, gate: 'command+schema' });
    const one = await runAutomaticGates(
      [command, { kind: 'schema', schema: { type: 'string' } }],
      { directory, schemas },
      input,
    );
    expect(one).toMatchObject({ accepted: false, gate: 'schema' });
    const broken = await runAutomaticGates([{ kind: 'schema', schema: { type: 5 } }], { directory, schemas }, input);
    expect(broken).toMatchObject({ accepted: false, gate: 'schema' });
  });

  it('a review that is no review is not accepted', () => {
    expect(readReview({ accept: false, reason: 'thin' })).toEqual({
      accepted: true,
      gate: 'review-rejects',
      reason: 'thin',
    });
    expect(readReview({ accept: true })).toMatchObject({ accepted: true, gate: 'review-accepts' });
    expect(readReview('looks good')).toMatchObject({ accepted: false });
  });
});
