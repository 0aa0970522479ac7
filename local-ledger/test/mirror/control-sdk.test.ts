import {
  Hbar,
  ScheduleCreateTransaction,
  Timestamp,
  TopicCreateTransaction,
  TopicMessageSubmitTransaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newParty, openStage, type Stage, statusOf } from '../consensus/support.js';
import { rest } from './mirror-client.js';

describe('operator controls on a whole network, as the SDK sees them', () => {
  let stage: Stage;
  let topicId: string;

  beforeEach(async () => {
    stage = await openStage({ ports: { fees: false } });
    // The SDK avoids a node for seconds once a call to it was cut off; here there is no other.
    stage.client.setNodeMinBackoff(1).setNodeMaxBackoff(1).setNodeMinReadmitPeriod(1).setNodeMaxReadmitPeriod(1);
    const created = await new TopicCreateTransaction().execute(stage.client);
    topicId = String((await created.getReceipt(stage.client)).topicId);
  });
  afterEach(() => stage.close());

  async function operate(method: string, path: string, body: unknown): Promise<Record<string, unknown>> {
    const response = await fetch(`http://127.0.0.1:${stage.ledger.ports.control}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    expect(response.status, JSON.stringify(answer)).toBe(200);
    return answer;
  }

  const submit = () => statusOf(new TopicMessageSubmitTransaction({ topicId, message: 'hello' }), stage.client);
  const count = async (): Promise<number> =>
    (await rest(stage.ledger.mirror, `/topics/${topicId}/messages`)).body.messages.length;

  it.each(['busy', 'platform-not-active'])('%s: the SDK tries again until it is over', async (kind) => {
    await operate('POST', '/faults', { kind, count: 2, method: 'submitMessage' });
    expect(await submit()).toBe('SUCCESS');
    expect(stage.ledger.faults.pending()).toEqual([]);
    expect(await count()).toBe(1);
  });

  it('unknown-receipt: the SDK asks again', async () => {
    await operate('POST', '/faults', { kind: 'unknown-receipt', count: 2 });
    expect(await submit()).toBe('SUCCESS');
    expect(stage.ledger.faults.pending()).toEqual([]);
  });

  it('lost-response: the transaction has happened, and its repetition is a duplicate', async () => {
    await operate('POST', '/faults', { kind: 'lost-response', method: 'submitMessage' });
    expect(await submit()).toBe('DUPLICATE_TRANSACTION');
    expect(await count()).toBe(1);
  });

  it('a day passes in no time, and the schedules of that day have run', async () => {
    const inner = new TransferTransaction()
      .addHbarTransfer('0.0.2', new Hbar(-1))
      .addHbarTransfer('0.0.3', new Hbar(1));
    const hours = [1, 6, 23];
    const scheduleIds: string[] = [];
    for (const hour of hours) {
      const expiry = Timestamp.fromDate(new Date(Date.now() + hour * 3_600_000));
      const create = new ScheduleCreateTransaction()
        .setScheduledTransaction(inner)
        .setScheduleMemo(`${hour} h`)
        .setExpirationTime(expiry)
        .setWaitForExpiry(true);
      const response = await create.execute(stage.client);
      scheduleIds.push(String((await response.getReceipt(stage.client)).scheduleId));
    }
    const started = performance.now();
    const clock = await operate('POST', '/clock/advance', { ms: 86_400_000 });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(clock.offset_ms).toBe(86_400_000);
    for (const id of scheduleIds) {
      const { body } = await rest(stage.ledger.mirror, `/schedules/${id}`);
      expect(body.executed_timestamp, id).toMatch(/^\d+\.\d{9}$/);
    }
    expect((await rest(stage.ledger.mirror, '/accounts/0.0.3')).body.balance.balance).toBe(300_000_000);
  });

  it('makes accounts with a balance, whose keys sign', async () => {
    const { accounts } = (await operate('POST', '/accounts', { balance_hbar: 12 })) as {
      accounts: { account_id: string; public_key: string }[];
    };
    const { body } = await rest(stage.ledger.mirror, `/accounts/${accounts[0]?.account_id}`);
    expect(body.balance.balance).toBe(1_200_000_000);
    expect(body.key.key).toBe(accounts[0]?.public_key);
  });

  it('mirror lag: the receipt is there before the mirror knows', async () => {
    await operate('PUT', '/mirror/lag', { ms: 3_600_000 });
    const bob = await newParty(stage);
    expect((await rest(stage.ledger.mirror, `/accounts/${bob.id}`)).status).toBe(404);
    await operate('PUT', '/mirror/lag', { ms: 0 });
    expect((await rest(stage.ledger.mirror, `/accounts/${bob.id}`)).status).toBe(200);
    bob.client.close();
  });
});
