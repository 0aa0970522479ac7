import { FeeMeter } from '@gatepost/coordinator/shell/ledger/fee-meter';
import { systemClock } from '@gatepost/shared/clock';
import { connect } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { createTopic } from '@gatepost/shared/hedera/topics';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { createLogger } from '@gatepost/shared/log';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Member, TestLedger } from './support/stage.js';

const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'fatal' });

let test: TestLedger;
let payer: Member;
let topic: TopicId;
let own: Ledger;

beforeAll(async () => {
  test = await TestLedger.start();
  payer = await test.member();
  topic = await createTopic(payer.connection, { memo: 'fees' });
  own = hederaLedger(payer.connection, log);
}, 60_000);

afterAll(async () => {
  payer?.connection.close();
  await test?.close();
});

async function write(ledger: Ledger): Promise<void> {
  const prepared = await ledger.prepare([{ kind: 'message', topic, message: Buffer.from('what is charged') }]);
  expect(await ledger.execute(prepared)).toMatchObject({ kind: 'done' });
}

it('tells what runs are charged apart, and counts what it does not know for each of them', async () => {
  const meter = new FeeMeter(payer.connection, systemClock, log);
  const [one, other] = [meter.of('one'), meter.of('other')];
  const openedAt = await payer.connection.mirror.now();
  for (const fees of [one, other]) fees.follow(openedAt + 1n);
  await write(meter.ledgerOf('one', own));
  await write(meter.ledgerOf('one', own));
  await write(meter.ledgerOf('other', own));
  await write(own);
  const read = () => {
    for (const fees of [one, other]) fees.follow(openedAt + 1n);
    return Math.round((one.usd / other.usd) * 100);
  };
  await expect.poll(read, { timeout: 20_000 }).toBe(150);
});

it('remembers nothing of what nobody reads, nor of what can never be charged', async () => {
  const meter = new FeeMeter(payer.connection, systemClock, log);
  const [one] = [meter.of('one'), meter.of('other')];
  await write(meter.ledgerOf('other', own));
  expect(meter.remembered).toBe(0);
  const openedAt = await payer.connection.mirror.now();
  one.follow(openedAt);
  await meter.ledgerOf('other', own).prepare([{ kind: 'message', topic, message: Buffer.from('never sent') }]);
  expect(meter.remembered).toBe(1);
  await test.ledger.clock.advance(600n * NANOS_PER_SECOND);
  const { account, key } = payer.connection;
  const later = connect(test.network, account, key, () => systemClock.nowMs() + 600_000);
  onTestFinished(() => later.close());
  await write(hederaLedger(later, log));
  const read = () => {
    one.follow(openedAt);
    return meter.remembered;
  };
  await expect.poll(read, { timeout: 20_000 }).toBe(0);
});
