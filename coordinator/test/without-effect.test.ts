import { indexJournal, replay } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { WithoutEffect } from '@gatepost/party/ledger/without-effect';
import { emptyState } from '@gatepost/rules/run/run-state';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { send } from '@gatepost/shared/hedera/transaction';
import { TopicMessageSubmitTransaction } from '@hashgraph/sdk';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';
import { Lane, TestLedger } from './support/stage.js';

interface Line {
  readonly count: number;
  readonly author?: string;
  readonly why?: string;
}

/** A logger and what it wrote. */
function listener() {
  const lines: Line[] = [];
  const log = pino({ level: 'warn' }, { write: (text: string) => void lines.push(JSON.parse(text) as Line) });
  return { log, lines };
}

it('a message is counted once, however often it is read; each kind takes one line', () => {
  for (const messages of [5, 50_000]) {
    const { log, lines } = listener();
    const ignored = new WithoutEffect(log);
    for (let time = 0; time < 3; time += 1) {
      for (let sequence = 1; sequence <= messages; sequence += 1) ignored.note('0.0.9', sequence, '0.0.666', 'no JSON');
      ignored.tell();
    }
    expect(lines).toMatchObject([{ author: '0.0.666', why: 'no JSON', count: messages, first: 1 }]);
  }
});

it('kinds are bounded, however many strangers there are and whatever they write', () => {
  const { log, lines } = listener();
  const ignored = new WithoutEffect(log);
  for (let sequence = 1; sequence <= 10_000; sequence += 1)
    ignored.note('0.0.9', sequence, `0.0.${sequence}`, `${sequence} ${'x'.repeat(1_000)}`);
  ignored.tell();
  expect(lines).toHaveLength(21);
  expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(600);
});

it('a stranger on the open journal costs a line a command, not one for each message', async () => {
  const ledger = await TestLedger.start();
  const lane = await Lane.open(ledger, { work: { command: ['true'] } });
  const stranger = await ledger.member();
  for (let message = 0; message < 30; message += 1) {
    const spam = new TopicMessageSubmitTransaction().setTopicId(lane.journal).setMessage(`spam ${message}`);
    await send(stranger.connection, spam);
  }
  const { connection } = lane.coordinator;
  const { log, lines } = listener();
  const agents = new Set(lane.config().agents);
  const feed = new LedgerFeed(hederaLedger(connection, log), lane.journal, agents, log);
  const counted = async () => {
    Array.from(await feed.peekJournal());
    return feed.ignored.count;
  };
  await expect.poll(counted, { timeout: 10_000 }).toBe(30);
  await indexJournal(feed, connection.account);
  const context = { run: 'r', plan: planOf([taskOf('t')]), coordinator: connection.account, journal: lane.journal };
  await replay(feed, emptyState({ ...context, token: lane.token, agents }), log);
  feed.ignored.tell();
  expect(lines.at(-1)).toMatchObject({ author: stranger.connection.account, count: 30 });
  // The mirror may show them bit by bit while it is looked for all of them.
  expect(lines.length).toBeLessThan(10);
  stranger.connection.close();
  await lane.close();
  await ledger.close();
}, 60_000);
