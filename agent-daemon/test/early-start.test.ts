import { afterEach, expect, it } from 'vitest';
import { INBOX } from '../src/bench/memory-ledger.js';
import { type BlackBoxSession, dispatchOf, type Message } from './support/client.js';
import { type Behave, echo, Hosted, type HostOptions } from './support/hosted.js';
import { type AssignedWork, work } from './support/records.js';
import { until } from './support/until.js';

let host: Hosted;
afterEach(async () => host?.close());

/** A trusting daemon, and the work orders its executor got, as text. */
async function start(options: HostOptions = {}): Promise<{ ran: string[]; session: BlackBoxSession }> {
  const ran: string[] = [];
  const count: Behave = async (execution) => {
    ran.push(Buffer.from(execution.workOrder).toString('utf8'));
    return echo(execution);
  };
  const settings = { start: 'on_dispatch', ...options.settings };
  host = await Hosted.start({ executors: { echo: count }, ...options, settings });
  return { ran, session: await host.session() };
}

const send = (session: BlackBoxSession, { record, bytes }: AssignedWork, sequence = 1) =>
  session.send(dispatchOf('run', record, INBOX, sequence, bytes));
const kinds = (session: BlackBoxSession, task: string) => session.events(task).map(({ kind }) => kind);
/** Its executor has ended; nothing of that has been told. */
const held = (task: string) =>
  until(
    () => host.daemon.engine.find(`run/${task}#1`)?.attempt.phase === 'held' || undefined,
    'the end of its executor',
  );
const results = (task: string) =>
  until(() => (host.results(task).length > 0 ? host.results(task) : undefined), 'the result');
const aboutTasks = () => host.records().filter((record) => 'task' in record);
const forever: Behave = ({ signal }) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve({ ok: false, reason: 'stopped' })));

it('begins at the dispatch; the result is told once the inbox assigns it, and executed once', async () => {
  const { ran, session } = await start();
  const early = work({ task: 'early' });
  send(session, early);
  await held('early');
  await until(() => kinds(session, 'early').join() === 'accepted,started' || undefined, 'its start');
  expect(aboutTasks()).toEqual([]);
  host.ledger.assign('run', [early.record]);
  expect(await session.finished('early')).toMatchObject({ outcome: 'OUTCOME_OK' });
  expect(await results('early')).toHaveLength(1);
  // A disk may take longer over the result than its start waits for it.
  expect(['result', 'started,result']).toContain(
    aboutTasks()
      .map(({ type }) => type)
      .join(),
  );
  expect(ran).toHaveLength(1);
});

it('what the inbox does not show in time is stopped and refused; assigned after all, it begins anew', async () => {
  const { session } = await start({ executors: { echo: forever }, settings: { limits: { awaiting_time: '1s' } } });
  const late = work({ task: 'late', deadlineMs: Date.now() + 20_000 });
  send(session, late);
  const refused = await session.refused();
  expect(refused).toMatchObject({ code: 5, message: 'its assignment on the inbox did not arrive in 1000 ms' });
  await until(() => host.daemon.engine.load.freeSlots === 2 || undefined, 'its slot');
  expect(host.daemon.engine.open).toBe(0);
  host.ledger.assign('run', [late.record]);
  const again = await until(() => session.events('late').find(({ event }) => Number(event) > 1_000_000), 'a new start');
  expect(again.kind).toBe('accepted');
  session.send({ cancel: { ref: { run: 'run', task: 'late', attempt: 1 }, reason: 'enough' } });
  expect(await session.finished('late')).toMatchObject({ outcome: 'OUTCOME_CANCELLED' });
});

it('an inbox that says something else at that place: refused at once, nothing is told', async () => {
  const { session } = await start();
  const invented = work({ task: 'invented' });
  send(session, invented);
  await held('invented');
  host.ledger.assign('run', [invented.record], '0.0.666' as never);
  expect(await session.refused()).toMatchObject({ code: 5, message: expect.stringContaining('does not assign') });
  expect(host.daemon.engine.open).toBe(0);
  expect(aboutTasks()).toEqual([]);
});

it('another digest on the inbox: what ran is dropped and refused, what is assigned is executed', async () => {
  const { ran, session } = await start();
  send(session, work({ task: 'task', input: 'dispatched' }));
  await held('task');
  host.ledger.assign('run', [work({ task: 'task', input: 'assigned', inline: true }).record]);
  expect(await session.refused()).toMatchObject({ code: 9, message: expect.stringContaining('digest') });
  const finished = await session.finished('task');
  expect(String(finished.output)).toBe('{"input":"assigned"}');
  expect(ran).toEqual(['{"input":"dispatched"}', '{"input":"assigned"}']);
  expect(await results('task')).toHaveLength(1);
});

it('another digest while the executor still runs: it is stopped before the assigned one begins', async () => {
  const order: string[] = [];
  const behave: Behave = async (execution) => {
    const text = Buffer.from(execution.workOrder).toString('utf8');
    order.push(`begin ${text}`);
    const result = text.includes('dispatched') ? await forever(execution) : await echo(execution);
    order.push(`end ${text}`);
    return result;
  };
  const { session } = await start({ executors: { echo: behave } });
  send(session, work({ task: 'task', input: 'dispatched' }));
  await until(() => order.length === 1 || undefined, 'its start');
  host.ledger.assign('run', [work({ task: 'task', input: 'assigned', inline: true }).record]);
  expect(await session.finished('task')).toMatchObject({ outcome: 'OUTCOME_OK' });
  const [one, two] = ['{"input":"dispatched"}', '{"input":"assigned"}'];
  expect(order).toEqual([`begin ${one}`, `end ${one}`, `begin ${two}`, `end ${two}`]);
});

it('a daemon that dies before the assignment shows runs it again under new numbers, and reports it once', async () => {
  const { ran, session } = await start();
  const early = work({ task: 'early' });
  send(session, early);
  await held('early');
  await host.daemon.abandon();
  await host.restart();
  const next = await host.session();
  expect(host.daemon.engine.open).toBe(0);
  host.ledger.assign('run', [early.record]);
  await next.finished('early');
  expect(next.events('early').map(({ event }) => event)).toEqual([1_000_001, 1_000_002, 1_000_003]);
  expect(ran).toHaveLength(2);
  expect(await results('early')).toHaveLength(1);
});

it('what the journal has already, though the store was lost, is not begun again', async () => {
  const { ran, session } = await start();
  const early = work({ task: 'early' });
  host.daemon.engine.ignore('run/early#1');
  send(session, early);
  expect(await session.refused()).toMatchObject({ code: 5, message: expect.stringContaining('journal') });
  expect(ran).toEqual([]);
});

it('with restart: lost it is reported as lost instead', async () => {
  const { ran, session } = await start({ restart: 'lost' });
  const early = work({ task: 'early' });
  send(session, early);
  await held('early');
  await host.daemon.abandon();
  await host.restart();
  host.ledger.assign('run', [early.record]);
  expect(await results('early')).toMatchObject([{ outcome: 'failed', reason: expect.stringContaining('lost') }]);
  expect(ran).toHaveLength(1);
});

it('what was dropped is removed after the retention time, a large output included', async () => {
  const large: Behave = async () => ({ ok: true, output: Buffer.alloc(100_000, 'gatepost') });
  const { session } = await start({ executors: { echo: large } });
  const early = work({ task: 'early' });
  send(session, early);
  await held('early');
  const digest = host.daemon.engine.find('run/early#1')?.attempt.ending?.output?.sha256 ?? '';
  const fetch = () => session.send({ fetch_output: { sha256: Buffer.from(digest, 'hex'), offset: 0 } });
  host.ledger.assign('run', [work({ task: 'another' }).record]);
  expect(await session.refused()).toMatchObject({ code: 5, ref: { task: 'early' } });
  fetch();
  await until(() => session.of('output_chunk').some(({ last }) => last) || undefined, 'the output, still there');
  expect(await host.daemon.retention.sweep()).toBe(0);
  expect(await host.daemon.retention.sweep(Date.now() + 8 * 86_400_000)).toBe(1);
  fetch();
  expect(await session.refused(({ ref }) => ref === null)).toMatchObject({ code: 5 });
});

it('a daemon that drains waits for the executor, not for the inbox; the next one runs it again', async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const ran: string[] = [];
  const behave: Behave = async (execution) => {
    ran.push(execution.ref.task);
    await gate;
    return echo(execution);
  };
  const { session } = await start({ executors: { echo: behave }, settings: { drain: '1h' } });
  const early = work({ task: 'early' });
  send(session, early);
  await until(() => ran.length === 1 || undefined, 'its start');
  const stopped = host.daemon.stop('maintenance');
  release();
  await stopped;
  expect(aboutTasks()).toEqual([]);
  host.ledger.assign('run', [early.record]);
  await host.restart();
  expect(await results('early')).toMatchObject([{ outcome: 'ok' }]);
  expect(ran).toHaveLength(2);
});

it('early starts are bounded; a cancelled one waits for its assignment too', async () => {
  const { session } = await start({ executors: { echo: forever }, settings: { limits: { awaiting: 1 } } });
  const first = work({ task: 'first' });
  send(session, first);
  await until(() => kinds(session, 'first').length === 2 || undefined, 'its start');
  send(session, work({ task: 'second' }), 2);
  expect(await session.refused()).toMatchObject({ code: 8, ref: { task: 'second' } });
  session.send({ cancel: { ref: { run: 'run', task: 'first', attempt: 1 }, reason: 'not needed' } });
  await held('first');
  expect(kinds(session, 'first')).toEqual(['accepted', 'started']);
  host.ledger.assign('run', [first.record]);
  expect(await session.finished('first')).toMatchObject({ outcome: 'OUTCOME_CANCELLED' });
});

it('a dispatch that does not say its task type waits for the inbox', async () => {
  const { ran, session } = await start();
  const { record, bytes } = work({ task: 'silent' });
  const { dispatch } = dispatchOf('run', record, INBOX, 1, bytes);
  session.send({ dispatch: { ...(dispatch as Message), task_type: '' } });
  await until(() => host.daemon.intake.waiting === 1 || undefined, 'the dispatch');
  expect(ran).toEqual([]);
  host.ledger.assign('run', [record]);
  expect(await session.finished('silent')).toMatchObject({ outcome: 'OUTCOME_OK' });
});

it('task type and deadline that differ from the assignment are refused', async () => {
  const { session } = await start({ settings: { start: 'on_assignment' } });
  const { record, bytes } = work({ task: 'task' });
  const sequence = host.ledger.assign('run', [record]);
  for (const other of [{ task_type: 'other' }, { deadline_ms: record.deadline_ms + 1 }]) {
    send(session, { record: { ...record, ...other }, bytes }, sequence);
    expect(await session.refused()).toMatchObject({
      code: 9,
      message: expect.stringContaining('task type or deadline'),
    });
    session.messages.length = 0;
  }
  send(session, { record, bytes }, sequence);
  expect(await session.finished('task')).toMatchObject({ outcome: 'OUTCOME_OK' });
});
