import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Behave, echo, Hosted } from './support/hosted.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

let host: Hosted;
afterEach(async () => host?.close());

describe('while the ledger', () => {
  it('is out of reach, work goes on; afterwards each result is reported once', async () => {
    host = await Hosted.start();
    host.ledger.behaviour = 'unreachable';
    const session = await host.session();
    for (const task of ['a', 'b', 'c']) {
      host.dispatch(session, { task });
      await session.finished(task);
    }
    expect(host.results('a')).toEqual([]);
    host.ledger.behaviour = 'answers';
    await until(() => host.results('c').length > 0 || undefined, 'the reports');
    for (const task of ['a', 'b', 'c']) expect(host.results(task), task).toHaveLength(1);
  });

  it('takes a message and its answer is lost, the restarted daemon submits the same bytes: reported once', async () => {
    host = await Hosted.start();
    host.ledger.behaviour = 'swallows';
    const session = await host.session();
    host.dispatch(session, { task: 'a' });
    await session.finished('a');
    await until(() => host.results('a').length > 0 || undefined, 'its arrival');
    const { daemon } = host;
    await daemon.abandon();
    host.ledger.behaviour = 'answers';
    await host.restart();
    await until(() => host.daemon.poster.pending === 0 || undefined, 'the reports');
    await until(
      () => host.records().filter(({ type }) => type === 'online').length >= 2 || undefined,
      'the second start',
    );
    expect(host.results('a')).toHaveLength(1);
  });

  it('cannot take more, the daemon says so instead of growing', async () => {
    host = await Hosted.start({ settings: { limits: { unreported: 2 } } });
    await until(() => host.daemon.poster.pending === 0 || undefined, 'the first records');
    host.ledger.behaviour = 'unreachable';
    const session = await host.session();
    host.dispatch(session, { task: 'a' });
    await session.finished('a');
    host.dispatch(session, { task: 'b' });
    await session.finished('b');
    host.dispatch(session, { task: 'c' });
    expect(await session.refused()).toMatchObject({ code: 8, message: expect.stringContaining('wait for the ledger') });
  });
});

describe('an attempt that a dead daemon left running', () => {
  const hanging: Behave = () => new Promise(() => undefined);

  it('runs again, with event numbers beyond those used before', async () => {
    let behave = hanging;
    host = await Hosted.start({ executors: { echo: (execution) => behave(execution) } });
    const session = await host.session();
    host.dispatch(session, { task: 'a' });
    await until(() => session.events('a').length === 2 || undefined, 'its start');
    await host.daemon.abandon();
    behave = echo;
    await host.restart();
    const second = await host.session();
    expect(await second.finished('a')).toMatchObject({ outcome: 'OUTCOME_OK' });
    expect(second.events('a').map(({ event }) => event)).toEqual([1_000_001, 1_000_002, 1_000_003]);
    await until(() => host.results('a').length > 0 || undefined, 'its report');
  });

  it('is reported as lost when its executor says so', async () => {
    host = await Hosted.start({ executors: { echo: hanging }, restart: 'lost' });
    host.ledger.assign('run', [work({ task: 'a', inline: true }).record]);
    await until(() => host.records().some(({ type }) => type === 'started') || undefined, 'its start');
    await host.daemon.abandon();
    await host.restart();
    const [result] = await until(() => (host.results('a').length > 0 ? host.results('a') : undefined), 'its report');
    expect(result).toMatchObject({ outcome: 'failed', reason: 'lost: the daemon was restarted while it ran' });
  });
});

describe('a stop', () => {
  it('lets running attempts end, starts no others, and refuses new ones', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const started: string[] = [];
    const behave: Behave = async (execution) => {
      started.push(execution.ref.task);
      await gate;
      return echo(execution);
    };
    host = await Hosted.start({ executors: { echo: behave }, settings: { slots: 1 } });
    const session = await host.session();
    host.dispatch(session, { task: 'running' });
    host.dispatch(session, { task: 'waiting' });
    await until(() => host.daemon.engine.load.queued === 1 || undefined, 'both');
    const stopped = host.daemon.stop('test');
    host.dispatch(session, { task: 'refused' });
    release();
    await stopped;
    expect(started).toEqual(['running']);
    expect(host.results('running')).toHaveLength(1);
    expect(host.ledger.schedules.size).toBe(0);
    expect(host.records().at(-1)).toMatchObject({ type: 'offline' });
    await host.restart();
    await until(() => host.results('waiting').length > 0 || undefined, 'the attempt that waited');
  });
});

describe('a disk', () => {
  it('that takes no large output keeps the attempt until it does; meanwhile nothing new is taken in', async () => {
    const large: Behave = async ({ ref }) => ({ ok: true, output: Buffer.alloc(100_000, ref.task) });
    host = await Hosted.start({ executors: { echo, large } });
    const session = await host.session();
    const blobs = join(host.directory, 'data/blobs');
    writeFileSync(blobs, 'a file where the directory should be');
    host.dispatch(session, { task: 'first', type: 'large' });
    await until(() => !host.daemon.writable || undefined, 'the refused write');
    host.dispatch(session, { task: 'second' });
    expect(await session.refused()).toMatchObject({ code: 14 });
    expect(session.events('first').map(({ kind }) => kind)).toEqual(['accepted', 'started']);
    rmSync(blobs);
    expect(await session.finished('first')).toMatchObject({ outcome: 'OUTCOME_OK' });
  });

  it('whose store is damaged keeps the daemon from starting; without it the journal tells what was done', async () => {
    let runs = 0;
    const count: Behave = (execution) => {
      runs += 1;
      return echo(execution);
    };
    host = await Hosted.start({ executors: { echo: count } });
    host.ledger.assign('run', [work({ task: 'a', inline: true }).record]);
    await until(() => host.results('a').length > 0 || undefined, 'its report');
    await host.daemon.stop('test');
    const file = join(host.directory, 'data/store/data.mdb');
    writeFileSync(file, Buffer.alloc(statSync(file).size, 7));
    await expect(host.restart()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    rmSync(join(host.directory, 'data'), { recursive: true });
    await host.restart();
    host.ledger.assign('run', [work({ task: 'b', inline: true }).record]);
    await until(() => host.results('b').length > 0 || undefined, 'the next report');
    expect(host.results('a')).toHaveLength(1);
    expect(runs).toBe(2);
  });

  it('that changed an output serves it no more', async () => {
    const large: Behave = async () => ({ ok: true, output: Buffer.alloc(400_000, 1) });
    host = await Hosted.start({ executors: { large } });
    const session = await host.session();
    host.dispatch(session, { task: 'a', type: 'large' });
    const { output_sha256 } = await session.finished('a');
    const path = join(host.directory, 'data/blobs', (output_sha256 as Buffer).toString('hex'));
    const bytes = readFileSync(path);
    bytes[1_000] = 2;
    writeFileSync(path, bytes);
    session.send({ fetch_output: { sha256: output_sha256, offset: 0 } });
    expect(await session.refused()).toMatchObject({ code: 15, output_sha256 });
  });
});
