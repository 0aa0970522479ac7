import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { INBOX } from '../src/bench/memory-ledger.js';
import { dispatchOf } from './support/client.js';
import { type Behave, echo, Hosted, type HostOptions } from './support/hosted.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

const REASON = 'this agent works for token 0.0.40; the assignment pays in 0.0.41';

let host: Hosted;
let ran: string[];
afterEach(async () => host?.close());

async function start(settings: HostOptions['settings'] = {}): Promise<void> {
  ran = [];
  const count: Behave = async (execution) => {
    ran.push(execution.ref.task);
    return echo(execution);
  };
  host = await Hosted.start({ executors: { echo: count }, settings });
}

const resultOf = (task: string) =>
  until(() => (host.results(task).length > 0 ? host.results(task) : undefined), `the result of ${task}`);

it('work for another token than the configured one is refused on the journal, and not begun', async () => {
  await start();
  const other = { token: '0.0.41' };
  const session = await host.session();
  host.dispatch(session, { task: 'dispatched', ...other });
  host.ledger.assign('run', [work({ task: 'inline', inline: true, ...other }).record]);
  host.ledger.assign('run', [work({ task: 'own', inline: true }).record]);
  for (const task of ['dispatched', 'inline']) {
    expect(await resultOf(task), task).toMatchObject([{ outcome: 'failed', reason: REASON }]);
  }
  expect(await session.finished('dispatched')).toMatchObject({ outcome: 'OUTCOME_FAILED', reason: REASON });
  expect(await resultOf('own')).toMatchObject([{ outcome: 'ok' }]);
  expect(ran).toEqual(['own']);
});

it('work that was begun on a dispatch, which names no token, is dropped and refused', async () => {
  await start({ start: 'on_dispatch' });
  const session = await host.session();
  const { record, bytes } = work({ task: 'early', token: '0.0.41' });
  session.send(dispatchOf('run', record, INBOX, 1, bytes));
  await until(() => host.daemon.engine.find('run/early#1')?.attempt.phase === 'held' || undefined, 'its end');
  host.ledger.assign('run', [record]);
  expect(await resultOf('early')).toMatchObject([{ outcome: 'failed', reason: REASON }]);
});

it('work that was taken for the token of an earlier configuration is refused after the change', async () => {
  await start();
  host.ledger.assign('run', [work({ task: 'waits' }).record]);
  await until(() => host.daemon.engine.open === 1 || undefined, 'the assignment');
  await host.daemon.stop('to change the configuration');
  const file = join(host.directory, 'agent.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('0.0.40', '0.0.41'));
  await host.restart();
  const reason = 'this agent works for token 0.0.41; the assignment pays in 0.0.40';
  expect(await resultOf('waits')).toMatchObject([{ outcome: 'failed', reason }]);
});
