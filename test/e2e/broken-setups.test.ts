import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { associateToken } from '@gatepost/shared/hedera/tokens';
import { COMMANDS } from 'gatepost/stage/layout';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrokenBench } from './broken-bench.js';
import { OF_AGENT, OF_COORDINATOR } from './broken-rows.js';
import type { BrokenStage } from './broken-stage.js';

let bench: BrokenBench;
let stage: BrokenStage;

beforeAll(async () => {
  bench = await BrokenBench.open();
  ({ stage } = bench);
});

afterAll(() => bench?.close());

const work = { id: 'a', type: 'work', price: 3 };

describe('a sound set-up', () => {
  it('has nothing to mend on either side', async () => {
    // The commands of this test are not confined, and it may be run by root.
    const expected = new Set<string>(['user.root', 'executor.unconfined', 'node-version.untried']);
    const toMend = async () => {
      const findings = [...(await stage.doctor()), ...(await stage.agentDoctor())];
      return findings.filter(({ level, id }) => level !== 'ok' && !expected.has(id));
    };
    // Daemons serve a moment before the mirror shows that they are online.
    await expect.poll(toMend, { timeout: 20_000 }).toEqual([]);
  });
});

describe('a broken set-up of a coordinator is found by doctor, and run ends before it writes anything', () => {
  const planOf = (row: string) => stage.plan(row, [{ ...work, id: row }]);

  it.each(OF_COORDINATOR)('$what', async ({ broken, finds, about, ends, mend }) => {
    const change = await broken(bench);
    const found = (await stage.doctor(change)).filter(({ id }) => id === finds);
    expect(found).toEqual([expect.objectContaining({ about: about?.(bench), advice: expect.stringMatching(/\w/) })]);
    const plan = planOf(mend === undefined ? 'the-same' : finds.replace('.', '-'));
    if (ends !== undefined) {
      const [code, place] = ends;
      const before = await stage.transactions();
      const end = await stage.run(plan, change);
      expect(end).toMatchObject({ code, message: expect.stringMatching(place), summary: undefined });
      expect(end.advice).toMatch(/\w/);
      expect(await stage.transactions()).toBe(before);
    }
    if (mend === undefined) return;
    await mend(bench);
    expect(await stage.run(plan, change)).toMatchObject({ code: undefined, summary: { outcome: 'complete' } });
  });

  it('and the same command goes on where the set-up is sound', async () => {
    const end = await stage.run(planOf('the-same'));
    expect(end, end.message).toMatchObject({ code: undefined, summary: { outcome: 'complete' } });
  });
});

describe('a broken set-up of an agent is found by doctor, and serve ends before it writes anything', () => {
  it.each(OF_AGENT)('$what', async ({ broken, finds, about, ends, mend }) => {
    const change = await broken(bench);
    const found = (await stage.agentDoctor(change)).filter(({ id }) => id === finds);
    expect(found).toEqual([expect.objectContaining({ about: about?.(bench), advice: expect.stringMatching(/\w/) })]);
    if (ends !== undefined) {
      const [code, place] = ends;
      expect(await stage.serve(change)).toMatchObject({ code, message: expect.stringMatching(place) });
    }
    await mend?.(bench);
  });
});

describe('trouble on the way ends in a summary and words, and the same command goes on once it is mended', () => {
  const held = (name: string) => [
    { id: `${name}-1`, type: 'work', price: 3 },
    { id: `${name}-2`, type: 'held', price: 3, depends_on: [`${name}-1`] },
  ];
  /** Runs a plan whose second task is held, and does something once the first is paid. */
  async function runAndBreak(name: string, breaks: () => Promise<void>) {
    const plan = stage.plan(name, held(name));
    const before = await stage.paid();
    const running = stage.run(plan);
    await expect.poll(() => stage.paid(), { timeout: 20_000 }).toBe(before + 3n);
    await breaks();
    stage.release(`${name}-2`);
    return { plan, before, end: await running };
  }

  it('the hbar of the coordinator run out', async () => {
    const { plan, before, end } = await runAndBreak('hbar', () => stage.drain());
    expect(end).toMatchObject({ code: 'LEDGER_REJECTED', exitCode: 1 });
    expect(end.message).toMatch(/cannot pay its fees any more .*INSUFFICIENT_PAYER_BALANCE; send it hbar/);
    expect(end.summary).toMatchObject({ outcome: 'open', totals: { tasks: 2, paid: '3' } });
    await stage.fund();
    expect(await stage.run(plan)).toMatchObject({ code: undefined, summary: { outcome: 'complete' } });
    expect(await stage.paid()).toBe(before + 6n);
  });

  it('the treasury runs out', async () => {
    let away = 0n;
    await associateToken(bench.bare.connection, stage.token);
    const { plan, before, end } = await runAndBreak('treasury', async () => {
      away = (await stage.treasury()) - 1n;
      await stage.moveTokens(stage.coordinator, bench.bare, away);
    });
    expect(end).toMatchObject({ code: 'RUN_FAILED', exitCode: 1, summary: { outcome: 'open' } });
    const reason = 'not paid: INSUFFICIENT_TOKEN_BALANCE';
    expect(end.summary?.tasks[1]).toMatchObject({ status: 'complete', paid: '0', reason });
    await stage.moveTokens(bench.bare, stage.coordinator, away);
    expect(await stage.run(plan)).toMatchObject({ code: undefined, summary: { outcome: 'complete' } });
    expect(await stage.paid()).toBe(before + 6n);
  });

  it('the agent is frozen', async () => {
    const { plan, before, end } = await runAndBreak('frozen', () => bench.freeze());
    expect(end).toMatchObject({ code: 'RUN_FAILED', exitCode: 1, summary: { outcome: 'open' } });
    expect(end.summary?.tasks[1]?.reason).toBe('not paid: ACCOUNT_FROZEN_FOR_TOKEN');
    const about = stage.agent.account;
    expect(await stage.doctor()).toContainEqual(expect.objectContaining({ id: 'agent-holding.frozen', about }));
    await bench.unfreeze();
    expect(await stage.run(plan)).toMatchObject({ code: undefined, summary: { outcome: 'complete' } });
    expect(await stage.paid()).toBe(before + 6n);
  });

  it('the place of an output that is to be saved is taken', async () => {
    const plan = stage.plan('saved', [{ ...work, save_as: 'r.txt' }]);
    const output = join(stage.directory, 'taken');
    mkdirSync(join(output, 'r.txt'), { recursive: true });
    const before = await stage.transactions();
    const refused = await stage.run(plan, {}, output);
    expect(refused).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`${output}/r.txt is a directory`),
    });
    expect(await stage.transactions()).toBe(before);
    const elsewhere = join(stage.directory, 'elsewhere');
    expect(await stage.run(plan, {}, elsewhere)).toMatchObject({ code: undefined, summary: { outcome: 'complete' } });
    expect(readFileSync(join(elsewhere, 'r.txt'), 'utf8')).toBe('done');
  });
});

/** Whether this host lets us make small file systems. */
const mayMount = platform() === 'linux' && process.geteuid?.() === 0 && spawnSync('mount', ['-V']).status === 0;

describe.skipIf(!mayMount)('a disk (where file systems may be mounted: Linux, root)', () => {
  const mounted: string[] = [];
  const mount = (name: string, options: string): string => {
    const directory = join(stage.directory, name);
    mkdirSync(directory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
    mounted.push(directory);
    return directory;
  };
  afterAll(() => {
    for (const directory of mounted) execFileSync('umount', ['-l', directory]);
  });

  it.each([
    ['read-only', 'ro,size=64k', /read-only file system/],
    ['full', 'size=64k', /no space left/],
  ])('that is %s is found, and nothing is started', async (name, options, why) => {
    const directory = mount(name, options);
    if (name === 'full') writeFileSync(join(directory, 'ballast'), Buffer.alloc(65_536));
    const change = { config: { state_dir: directory } };
    const found = (await stage.doctor(change)).find(({ id }) => id === 'disk.not-writable');
    expect(found?.detail).toMatch(why);
    const plan = stage.plan(`disk-${name}`, [{ ...work, save_as: 'r.txt' }]);
    const before = await stage.transactions();
    expect(await stage.run(plan, change)).toMatchObject({ code: 'STORE_FAILED', message: expect.stringMatching(why) });
    expect(await stage.run(plan, {}, directory)).toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringMatching(why),
    });
    expect(await stage.transactions()).toBe(before);
    execFileSync('mount', ['-o', 'remount,rw,size=1m', directory]);
    const end = await stage.run(plan, change, directory);
    expect(end, end.message).toMatchObject({ code: undefined, summary: { outcome: 'complete' } });
  });
});

describe('this host', () => {
  it.each([
    [-600_000, /10m behind/],
    [600_000, /10m ahead/],
  ])('a clock that is off by %d ms', async (shiftMs, by) => {
    const found = (await stage.doctor({}, shiftMs)).filter(({ level }) => level === 'error');
    expect(found).toEqual([expect.objectContaining({ id: 'clock.off', detail: expect.stringMatching(by) })]);
  });

  it('a proxy that is to be used, and one that is not there', async () => {
    const change = { env: { GATEPOST_MIRROR_GRPC: 'mirror.invalid:5600' } };
    process.env.http_proxy = `http://${bench.taken}`;
    try {
      const used = 'mirror.invalid through http_proxy, ';
      const detail = (address: string) => expect.objectContaining({ detail: used + address });
      expect(await stage.doctor(change)).toContainEqual(detail(bench.taken));
      process.env.http_proxy = `http://${bench.nobody}`;
      const found = (await stage.doctor(change)).find(({ id }) => id === 'proxy.unreachable');
      expect(found?.detail).toBe(used + bench.nobody);
      const plan = stage.plan('proxy', [work]);
      const end = await stage.run(plan, change);
      expect(end).toMatchObject({ code: 'LEDGER_UNREACHABLE', message: expect.stringMatching(/http_proxy.*no_proxy/) });
      delete process.env.no_grpc_proxy;
      process.env.no_proxy = 'invalid';
      expect((await stage.doctor(change)).filter(({ id }) => id.startsWith('proxy.'))).toEqual([]);
    } finally {
      delete process.env.http_proxy;
      delete process.env.no_proxy;
    }
  });

  it.each(Object.entries(COMMANDS))('an old Node.js: %s', (_name, bin) => {
    const shim = join(stage.directory, 'old-node.mjs');
    writeFileSync(
      shim,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } });",
    );
    const { status, stderr } = spawnSync(process.execPath, ['--import', shim, bin, '--help'], { encoding: 'utf8' });
    expect(stderr).toMatch(/^this is Node\.js 18\.20\.8, but .* needs 20\.19 or newer/);
    expect(status).toBe(2);
  });

  it('a daemon that is gone, and nothing that listens there', async () => {
    await stage.killDaemon();
    const about = stage.agent.account;
    expect(await stage.doctor()).toContainEqual(expect.objectContaining({ id: 'agent-address.unreachable', about }));
    await stage.startDaemon();
    const address = await stage.daemonAddress();
    const detail = expect.stringContaining(`${address} answers`);
    const ok = expect.objectContaining({ id: 'agent-address', about, detail });
    await expect.poll(() => stage.doctor(), { timeout: 10_000 }).toContainEqual(ok);
  });
});
