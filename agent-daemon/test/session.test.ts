import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_ASSIGNED_ID, MAX_ATTEMPT, MAX_TASK_ID } from '@gatepost/shared/vocabulary/id-bounds';
import { afterEach, describe, expect, it } from 'vitest';
import { COORDINATOR, INBOX } from '../src/bench/memory-ledger.js';
import type { ExecutionResult } from '../src/shell/executors/executor.js';
import { dispatchOf, type Message } from './support/client.js';
import { type Behave, echo, Hosted, type HostOptions } from './support/hosted.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

let host: Hosted;
afterEach(async () => host?.close());

const start = async (options: HostOptions = {}) => {
  host = await Hosted.start(options);
  return host;
};

/** An executor that runs until it is let go or told to stop. */
function gated(): { behave: Behave; started: string[]; release: () => void } {
  const started: string[] = [];
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const behave: Behave = async ({ ref, signal, workOrder }) => {
    started.push(ref.task);
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([gate, stopped]);
    return signal.aborted ? { ok: false, reason: 'stopped' } : { ok: true, output: workOrder };
  };
  return { behave, started, release: () => open() };
}

describe('dispatch', () => {
  it('waits for the inbox when it comes first', async () => {
    await start();
    const session = await host.session();
    const { record, bytes } = work({ task: 'early' });
    session.send(dispatchOf('run', record, INBOX, 1, bytes));
    await until(() => host.daemon.intake.waiting === 1 || undefined, 'the dispatch');
    expect(session.events('early')).toEqual([]);
    host.ledger.assign('run', [record]);
    expect(await session.finished('early')).toMatchObject({ outcome: 'OUTCOME_OK' });
  });

  it('comes with others in one message, and what becomes of them is told together to whoever reads that', async () => {
    const { behave, release } = gated();
    await start({ executors: { echo: behave }, settings: { slots: 8 } });
    const client = await host.client();
    const session = client.session(await client.enter(COORDINATOR, host.ledger.coordinator));
    session.send({ hello: { batches: true } });
    const tasks = ['a', 'b', 'c', 'd'];
    const orders = tasks.map((task) => work({ task }));
    const records = orders.map(({ record }) => record);
    const sequence = host.ledger.assign('run', records);
    const requests = orders.map(({ record, bytes }) => dispatchOf('run', record, INBOX, sequence, bytes));
    session.send({ batch: { requests: [...requests, { batch: { requests } }] } });
    // A batch within a batch is no command.
    expect(await session.refused()).toMatchObject({ code: 3 });
    const told = () =>
      session.of('batch').flatMap(({ responses }) => (responses as Message[]).map(({ event }) => event as Message));
    await until(() => told().filter(({ kind }) => kind === 'started').length === 4 || undefined, 'their starts');
    release();
    const ends = () => told().filter(({ kind }) => kind === 'finished');
    await until(() => ends().length === 4 || undefined, 'their ends');
    expect(ends().map(({ ref }) => (ref as Message).task)).toEqual(tasks);
    for (const task of tasks) {
      const numbers = told().flatMap(({ ref, event }) => ((ref as Message).task === task ? [event] : []));
      expect(numbers, task).toEqual([1, 2, 3]);
    }
    // Who did not say that it reads batches gets none.
    const plain = await host.session();
    await Promise.all(tasks.map((task) => plain.finished(task)));
    expect(plain.of('batch')).toEqual([]);
  });

  it('is refused when the inbox does not assign the attempt, at once or after the bounded wait', async () => {
    await start({ settings: { limits: { awaiting_time: '1s' } } });
    const session = await host.session();
    host.dispatch(session, { task: 'known' });
    await session.finished('known');
    const { record, bytes } = work({ task: 'invented' });
    session.send(dispatchOf('run', record, INBOX, 1, bytes));
    expect(await session.refused()).toMatchObject({ code: 5, ref: { task: 'invented' } });
    session.send(dispatchOf('run', { ...record, task: 'future' }, INBOX, 99, bytes));
    const late = await session.refused((refused) => (refused.ref as Message).task === 'future');
    expect(late).toMatchObject({ code: 5, message: expect.stringContaining('did not arrive in 1000 ms') });
    expect(host.results('invented')).toEqual([]);
  });

  it('is refused for a wrong digest, another inbox, an input that is too large, a flipped byte', async () => {
    await start({ settings: { limits: { max_input: 1_000 } } });
    const session = await host.session();
    const { record, bytes } = work({ task: 'task', input: 'abc' });
    const sequence = host.ledger.assign('run', [record]);
    const other = work({ task: 'task', input: 'abd' });
    const flipped = Buffer.from(bytes);
    flipped[3] = (flipped[3] ?? 0) ^ 1;
    const cases: readonly (readonly [Message, number])[] = [
      [dispatchOf('run', other.record, INBOX, sequence, other.bytes), 9],
      [dispatchOf('run', record, '0.0.99', sequence, bytes), 9],
      [dispatchOf('run', { ...record, input_size: 5_000 }, INBOX, sequence, bytes), 11],
      [dispatchOf('run', record, INBOX, sequence, flipped), 15],
      [{ dispatch: { ref: { run: 'run', task: 'task', attempt: 0 } } }, 3],
      [{ dispatch: {} }, 3],
    ];
    for (const [index, [message, code]] of cases.entries()) {
      session.send(message);
      const refused = await until(() => session.of('refused')[index], `refusal ${index}`);
      expect(refused, JSON.stringify(refused)).toMatchObject({ code });
    }
    expect(session.events('task')).toEqual([]);
    session.send(dispatchOf('run', record, INBOX, sequence, bytes));
    expect(await session.finished('task')).toMatchObject({ outcome: 'OUTCOME_OK' });
  });

  it('takes a large input in chunks and refuses a gap between them', async () => {
    await start({ settings: { limits: { max_chunk: '64KiB' } } });
    const session = await host.session();
    const { record, bytes } = work({ task: 'large', input: 'x'.repeat(200_000) });
    const sequence = host.ledger.assign('run', [record]);
    const ref = { run: 'run', task: 'large', attempt: 1 };
    session.send(dispatchOf('run', record, INBOX, sequence, Buffer.alloc(0)));
    session.send({ input_chunk: { ref, offset: 10, data: bytes.subarray(10, 20) } });
    expect(await session.refused()).toMatchObject({ code: 11 });
    session.send(dispatchOf('run', record, INBOX, sequence, Buffer.alloc(0)));
    for (let at = 0; at < bytes.length; at += 65_536) {
      session.send({ input_chunk: { ref, offset: at, data: bytes.subarray(at, at + 65_536) } });
    }
    expect(await session.finished('large')).toMatchObject({ outcome: 'OUTCOME_OK', output_size: bytes.length });
  });

  it('beyond slots and queue is refused with RESOURCE_EXHAUSTED; inline work waits on the ledger instead', async () => {
    const { behave, started, release } = gated();
    await start({ executors: { echo: behave }, settings: { slots: 1, queue: 1 } });
    const session = await host.session();
    for (const task of ['runs', 'waits', 'refused']) host.dispatch(session, { task });
    expect(await session.refused()).toMatchObject({ code: 8, ref: { task: 'refused' } });
    host.ledger.assign('run', [work({ task: 'inline', inline: true }).record]);
    const full = await until(() => session.of('heartbeat').find(({ queued }) => queued === 1), 'a full heartbeat');
    expect(full).toMatchObject({ running: 1, queued: 1, free_slots: 0 });
    release();
    await session.finished('inline');
    expect(started).toEqual(['runs', 'waits', 'inline']);
  });
});

describe('an attempt', () => {
  it('is never executed twice: a dispatch of a known one sends its events again', async () => {
    let runs = 0;
    const count: Behave = async (execution) => {
      runs += 1;
      execution.log('running');
      return echo(execution);
    };
    await start({ executors: { echo: count } });
    const session = await host.session();
    const { record, bytes } = work({ task: 'once' });
    const dispatch = dispatchOf('run', record, INBOX, host.ledger.assign('run', [record]), bytes);
    session.send(dispatch);
    await session.finished('once');
    session.send(dispatch);
    const numbers = await until(
      () => (session.events('once').length === 8 ? session.events('once').map(({ event }) => event) : undefined),
      'the repetition',
    );
    expect(numbers).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    host.ledger.assign('run', [record]);
    expect(runs).toBe(1);
    expect(
      await until(() => (host.results('once').length > 0 ? host.results('once') : undefined), 'result'),
    ).toHaveLength(1);
  });

  it('resumes on a new stream after the event that was seen, and the older stream ends with ABORTED', async () => {
    const { behave, release } = gated();
    await start({ executors: { echo: behave } });
    const first = await host.session();
    host.dispatch(first, { task: 'task' });
    await until(() => first.events('task').length === 2 || undefined, 'its start');
    const second = await host.session([{ ref: { run: 'run', task: 'task', attempt: 1 }, event: 1 }]);
    await until(() => first.error, 'the end of the older stream');
    expect(first.error?.code).toBe(10);
    release();
    await second.finished('task');
    expect(second.events('task').map(({ event, kind }) => [event, kind])).toEqual([
      [2, 'started'],
      [3, 'finished'],
    ]);
    expect(second.of('welcome')).toEqual([{ daemon_session: host.daemon.session, batches: true }]);
  });

  it('that was acknowledged is not sent again', async () => {
    await start();
    const first = await host.session();
    host.dispatch(first, { task: 'seen' });
    await first.finished('seen');
    first.send({ acknowledge: { ref: { run: 'run', task: 'seen', attempt: 1 }, event: 3 } });
    host.dispatch(first, { task: 'unseen' });
    await first.finished('unseen');
    const second = await host.session();
    await second.finished('unseen');
    expect(second.events('seen')).toEqual([]);
  });

  it('stops at its deadline, when it is cancelled by the session, and when it is cancelled by the inbox', async () => {
    const { behave, started } = gated();
    await start({ executors: { echo: behave }, settings: { slots: 3 } });
    const session = await host.session();
    host.dispatch(session, { task: 'late', deadlineMs: Date.now() + 500 });
    host.dispatch(session, { task: 'by-session' });
    host.dispatch(session, { task: 'by-inbox' });
    await until(() => started.length === 3 || undefined, 'three starts');
    session.send({ cancel: { ref: { run: 'run', task: 'by-session', attempt: 1 }, reason: 'not needed' } });
    host.ledger.assign('run', [{ type: 'cancel', task: 'by-inbox', attempt: 1, reason: 'plan changed' }]);
    expect(await session.finished('late')).toMatchObject({ outcome: 'OUTCOME_TIMED_OUT' });
    expect(await session.finished('by-session')).toMatchObject({
      outcome: 'OUTCOME_CANCELLED',
      reason: 'cancelled: not needed',
    });
    expect(await session.finished('by-inbox')).toMatchObject({
      outcome: 'OUTCOME_CANCELLED',
      reason: 'cancelled: plan changed',
    });
    const [result] = await until(() => (host.results('late').length > 0 ? host.results('late') : undefined), 'result');
    expect(result).toMatchObject({ outcome: 'failed', reason: 'the deadline passed' });
    session.send({ cancel: { ref: { run: 'run', task: 'nobody', attempt: 1 }, reason: '' } });
    expect(await session.refused()).toMatchObject({ code: 5 });
  });

  it('whose author is not the coordinator has no effect', async () => {
    await start();
    const session = await host.session();
    host.ledger.assign('run', [work({ task: 'forged', inline: true }).record], '0.0.666' as never);
    host.dispatch(session, { task: 'genuine' });
    await session.finished('genuine');
    expect(session.events('forged')).toEqual([]);
    expect(host.daemon.inbox.ignored).toBe(1);
  });
});

describe('outputs', () => {
  const large = Buffer.alloc(1_500_000, 'gatepost');
  const executors = { echo, large: async (): Promise<ExecutionResult> => ({ ok: true, output: large }) };
  const joined = (chunks: readonly Message[]) => Buffer.concat(chunks.map(({ data }) => data as Buffer));

  it('stay on the host when they are large, and are served from any position on', async () => {
    await start({ executors });
    const session = await host.session();
    host.dispatch(session, { task: 'large', type: 'large' });
    const finished = await session.finished('large');
    expect(finished).toMatchObject({ output_size: large.length, output: Buffer.alloc(0) });
    session.send({ fetch_output: { sha256: finished.output_sha256, offset: 0 } });
    await until(() => session.of('output_chunk').some(({ last }) => last) || undefined, 'the last chunk');
    expect(joined(session.of('output_chunk')).equals(large)).toBe(true);
    session.messages.length = 0;
    session.send({ fetch_output: { sha256: finished.output_sha256, offset: 1_400_000 } });
    await until(() => session.of('output_chunk').some(({ last }) => last) || undefined, 'the last chunk');
    expect(joined(session.of('output_chunk')).equals(large.subarray(1_400_000))).toBe(true);
    expect(createHash('sha256').update(large).digest()).toEqual(finished.output_sha256);
  });

  it('that are unknown or asked for beyond their end are refused', async () => {
    await start({ executors });
    const session = await host.session();
    session.send({ fetch_output: { sha256: Buffer.alloc(32), offset: 0 } });
    expect(await session.refused()).toMatchObject({ code: 5, output_sha256: Buffer.alloc(32) });
    host.dispatch(session, { task: 'small' });
    const { output_sha256 } = await session.finished('small');
    session.send({ fetch_output: { sha256: output_sha256, offset: 10_000 } });
    expect(await session.refused(({ code }) => code === 11)).toMatchObject({ output_sha256 });
  });

  it('are removed after the retention time, but not before they are reported', async () => {
    await start({ executors, settings: { limits: { retention: '1m' } } });
    const session = await host.session();
    host.dispatch(session, { task: 'large', type: 'large' });
    const { output_sha256 } = await session.finished('large');
    await until(() => host.results('large').length > 0 || undefined, 'the report');
    expect(await host.daemon.retention.sweep()).toBe(0);
    const later = Date.now() + 61_000;
    await until(async () => (await host.daemon.retention.sweep(later)) === 1 || undefined, 'its removal');
    session.send({ fetch_output: { sha256: output_sha256, offset: 0 } });
    expect(await session.refused()).toMatchObject({ code: 5 });
  });

  it('that no attempt names are removed when they are old enough, those that are named stay', async () => {
    await start({ executors });
    const session = await host.session();
    host.dispatch(session, { task: 'large', type: 'large' });
    const { output_sha256 } = await session.finished('large');
    const blobs = join(host.directory, 'data/blobs');
    const nobodys = 'ab'.repeat(32);
    writeFileSync(join(blobs, nobodys), 'written when its attempt was cancelled');
    await host.daemon.retention.sweep();
    expect(readdirSync(blobs)).toContain(nobodys);
    await host.daemon.retention.sweep(Date.now() + 3 * 3_600_000);
    expect(readdirSync(blobs)).toEqual([Buffer.from(output_sha256 as Buffer).toString('hex')]);
  });
});

it('a dispatch may have every id that an assignment may have, and no other', async () => {
  await start();
  const session = await host.session();
  const longest = { task: `${MAX_ATTEMPT}~${'a'.repeat(MAX_TASK_ID)}`, attempt: MAX_ATTEMPT };
  host.dispatch(session, longest);
  expect(await session.finished(longest.task)).toMatchObject({ outcome: 'OUTCOME_OK' });
  const { record, bytes } = work({ task: 'b' });
  for (const odd of [{ attempt: MAX_ATTEMPT + 1 }, { task: 'b'.repeat(MAX_ASSIGNED_ID + 1) }]) {
    session.messages.length = 0;
    session.send(dispatchOf('run', { ...record, ...odd }, INBOX, 9, bytes));
    expect(await session.refused(), JSON.stringify(odd)).toMatchObject({ code: 3 });
  }
});
