import { generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { COORDINATOR } from '../src/bench/memory-ledger.js';
import type { BlackBoxSession } from './support/client.js';
import { echo, Hosted } from './support/hosted.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

const JUDGE = accountId('0.0.77');
const OTHER = accountId('0.0.78');
const keys = new Map([JUDGE, OTHER].map((account) => [account, generateAccountKey().key]));

let host: Hosted;

beforeEach(async () => {
  host = await Hosted.start({ executors: { echo } });
  for (const [account, key] of keys) host.ledger.others.set(account, key);
});
afterEach(() => host.close());

/** Has an attempt done whose output somebody judges; gives the digest of that output. */
async function done(task: string, judge: string | undefined): Promise<Buffer> {
  const { record } = work({ task, input: task, inline: true });
  host.ledger.assign('run', [judge === undefined ? record : { ...record, judge }]);
  const [result] = await until(() => (host.results(task).length > 0 ? host.results(task) : undefined), task);
  if (result?.outcome !== 'ok') throw new Error(`${task} failed`);
  return Buffer.from(result.output_sha256, 'hex');
}

async function sessionAs(account: typeof JUDGE): Promise<BlackBoxSession> {
  const client = await host.client();
  const key = keys.get(account);
  if (key === undefined) throw new Error('no key');
  const session = client.session(await client.enter(account, key));
  session.hello();
  await until(() => session.of('welcome')[0], 'a welcome');
  return session;
}

const fetched = async (session: BlackBoxSession, sha256: Buffer): Promise<string> => {
  session.send({ fetch_output: { sha256, offset: 0 } });
  const [chunk] = await until(
    () => (session.of('output_chunk').length > 0 ? session.of('output_chunk') : undefined),
    'it',
  );
  return String(chunk?.data);
};

it('who judges an attempt reads its output, and that of no other, also after a restart', async () => {
  const own = await done('own', JUDGE);
  const foreign = await done('foreign', OTHER);
  const unjudged = await done('unjudged', undefined);
  const judge = await sessionAs(JUDGE);
  expect(await fetched(judge, own)).toContain('own');
  for (const digest of [foreign, unjudged]) {
    judge.send({ fetch_output: { sha256: digest, offset: 0 } });
    await judge.refused(({ output_sha256 }) => digest.equals(output_sha256 as Buffer));
  }
  await host.daemon.stop('the test restarts it');
  await host.restart();
  expect(await fetched(await sessionAs(JUDGE), own)).toContain('own');
});

it('who judges can do nothing else, and leaves the coordinator its session', async () => {
  await done('own', JUDGE);
  const coordinator = await host.session();
  const judge = await sessionAs(JUDGE);
  judge.send({ cancel: { ref: { run: 'run', task: 'own', attempt: 1 }, reason: 'no' } });
  expect(await judge.refused()).toMatchObject({ message: 'who judges may fetch outputs, and nothing else' });
  expect(judge.of('event')).toEqual([]);
  host.dispatch(coordinator, { task: 'next' });
  await coordinator.finished('next');
  const newer = await sessionAs(JUDGE);
  await until(() => judge.error, 'the end of the older session');
  expect([judge.error?.code, newer.error, coordinator.error]).toEqual([10, undefined, undefined]);
});

it('nobody may register as judge whom no assignment names, nor with the key of another', async () => {
  const client = await host.client();
  await expect(client.challenge(JUDGE)).rejects.toMatchObject({ code: 7 });
  await done('own', JUDGE);
  const key = keys.get(OTHER);
  if (key === undefined) throw new Error('no key');
  await expect(client.enter(JUDGE, key)).rejects.toMatchObject({ code: 16 });
  await expect(client.enter(COORDINATOR, key)).rejects.toMatchObject({ code: 16 });
});
