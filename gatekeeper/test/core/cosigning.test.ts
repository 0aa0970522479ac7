import { type AskedBatch, Cosigning, MAX_VALID_SECONDS } from '@gatepost/gatekeeper/core/cosigning';
import { Sessions } from '@gatepost/gatekeeper/core/sessions';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';
import { beforeEach, describe, expect, it } from 'vitest';
import { AGENTS, batchOf, DueRun, GATEKEEPER, paymentOf, START_AT, STRANGER } from '../support/due-run.js';

const WINDOW = BigInt(MAX_VALID_SECONDS) * NANOS_PER_SECOND;
const seconds = (count: number): Nanos => BigInt(count) * NANOS_PER_SECOND;

let run: DueRun;
let sessions: Sessions;
let cosigning: Cosigning;

beforeEach(() => {
  run = new DueRun(4);
  sessions = new Sessions(GATEKEEPER, 'own', WINDOW);
  sessions.note({ author: GATEKEEPER, at: START_AT, session: 'own', said: 'online' });
  cosigning = new Cosigning(sessions);
});

/** What becomes of a batch when the journal was read up to now. */
const ask = (batch: AskedBatch, readUntil = run.now) => cosigning.ask(run.state, batch, readUntil).kind;

describe('what is due', () => {
  it('is signed: several payments to several agents, each for an acceptance of the gatekeeper', () => {
    run.accept(0);
    run.accept(1, 1);
    run.accept(2);
    expect(ask(batchOf([paymentOf(0), paymentOf(1, 1), paymentOf(2)], run.now))).toBe('sign');
  });

  it('and only that: not what was only assigned, delivered, rejected, or accepted by the coordinator', () => {
    run.assign(0);
    run.assign(1);
    run.deliver(1);
    run.assign(2);
    run.deliver(2);
    run.judge(2, true, '0.0.10');
    run.assign(3);
    run.deliver(3);
    run.judge(3, false);
    for (const task of [0, 1, 2, 3]) expect(ask(batchOf([paymentOf(task)], run.now)), `t${task}`).toBe('wait');
    expect(ask(batchOf([{ ...paymentOf(0), task: 'none' }], run.now))).toBe('wait');
  });

  it('at its price, to its agent, once', () => {
    run.accept(0);
    expect(ask(batchOf([paymentOf(0, 0, 11n)], run.now)), 'more').toBe('refuse');
    expect(ask(batchOf([paymentOf(0, 0, 9n)], run.now)), 'less').toBe('refuse');
    expect(ask(batchOf([paymentOf(0, 1)], run.now)), 'to another').toBe('refuse');
    expect(ask(batchOf([paymentOf(0), paymentOf(0)], run.now)), 'twice in one').toBe('refuse');
    expect(ask(batchOf([paymentOf(0)], run.now))).toBe('sign');
    run.settle(0);
    expect(ask(batchOf([paymentOf(0)], run.now)), 'paid already').toBe('refuse');
  });
});

describe('a batch that says one thing and does another is not signed', () => {
  const [paid] = AGENTS;
  it.each<[string, Partial<AskedBatch>]>([
    ['its transfer pays more than its record', { payees: [{ to: paid, amount: 11n }] }],
    ['its transfer pays somebody else', { payees: [{ to: STRANGER, amount: 10n }] }],
    [
      'its transfer pays somebody besides',
      {
        payees: [
          { to: paid, amount: 10n },
          { to: STRANGER, amount: 1n },
        ],
      },
    ],
    ['it takes from another account', { from: STRANGER }],
    ['another account pays for it', { payer: STRANGER }],
    ['it moves another token', { token: tokenId('0.0.51') }],
    ['it has no record', { records: [] }],
    ['it would live too long', { validSeconds: 181 }],
  ])('%s', (_what, change) => {
    run.accept(0);
    expect(ask(batchOf([paymentOf(0)], run.now, change))).toBe('refuse');
  });

  it.each([
    ['on another topic', { topic: topicId('0.0.41') }],
    ['of another run', { run: 'run-2' }],
    ['of no run', { run: undefined }],
    ['in another token', { token: '0.0.51' }],
    ['of another transfer', { transfer: '0.0.10@1.000000000' }],
  ])('its record is %s', (_what, change) => {
    run.accept(0);
    const honest = batchOf([paymentOf(0)], run.now);
    const records = honest.records.map((record) => ({ ...record, ...change }));
    expect(ask({ ...honest, records })).toBe('refuse');
  });
});

describe('never two living transactions for one payment', () => {
  it('the same bytes are signed again, other bytes not before the first can no longer happen', () => {
    run.accept(0);
    const first = batchOf([paymentOf(0)], run.now);
    expect(ask(first)).toBe('sign');
    expect(ask(first)).toBe('sign');
    const until = run.now + seconds(120);
    run.now += seconds(5);
    expect(ask(batchOf([paymentOf(0)], run.now))).toBe('wait');
    expect(ask(batchOf([paymentOf(0)], until), until), 'at its last moment').toBe('wait');
    expect(ask(batchOf([paymentOf(0)], until + 1n), until + 1n)).toBe('sign');
  });

  it.each(['INVALID_PAYER_SIGNATURE', 'INVALID_NODE_ACCOUNT', 'SUCCESS', 'INSUFFICIENT_PAYER_BALANCE'])(
    'one whose id came to %s may still happen: that result need not have used the id up',
    (result) => {
      run.accept(0);
      const first = batchOf([paymentOf(0)], run.now);
      ask(first);
      run.now += seconds(5);
      cosigning.cameTo(first.id, result);
      expect(ask(batchOf([paymentOf(0)], run.now))).toBe('wait');
    },
  );

  it('one that failed as a whole makes room at once', () => {
    run.accept(0);
    const first = batchOf([paymentOf(0)], run.now);
    ask(first);
    run.now += seconds(5);
    cosigning.cameTo(first.id, 'INNER_TRANSACTION_FAILED');
    expect(ask(batchOf([paymentOf(0)], run.now))).toBe('sign');
  });

  it('nothing that starts later than the journal was read, nor that is over', () => {
    run.accept(0);
    expect(ask(batchOf([paymentOf(0)], run.now + 1n))).toBe('wait');
    expect(ask(batchOf([paymentOf(0)], run.now - seconds(121)))).toBe('refuse');
  });
});

describe('after a start', () => {
  const begin = (own: Nanos) => {
    cosigning = new Cosigning(sessions);
    sessions.note({ author: GATEKEEPER, at: own, session: 'own', said: 'online' });
  };
  const due = () => {
    run.accept(0);
    return batchOf([paymentOf(0)], run.now);
  };

  beforeEach(() => {
    sessions = new Sessions(GATEKEEPER, 'own', WINDOW);
  });

  it('nothing is signed before the own record was read', () => {
    cosigning = new Cosigning(sessions);
    expect(ask(due())).toBe('wait');
    begin(run.now + seconds(10));
    expect(ask(batchOf([paymentOf(0)], run.now))).toBe('wait');
  });

  it('one that fell silent is waited for as long as what it signed may live', () => {
    sessions.note({ author: GATEKEEPER, at: START_AT - seconds(9_000), session: 'before', said: 'online' });
    begin(START_AT);
    due();
    const over = START_AT + WINDOW;
    expect(ask(batchOf([paymentOf(0)], over), over)).toBe('wait');
    expect(ask(batchOf([paymentOf(0)], over + 1n), over + 1n)).toBe('sign');
  });

  it('one that said goodbye is waited for from its goodbye on', () => {
    sessions.note({ author: GATEKEEPER, at: START_AT - seconds(9_000), session: 'before', said: 'online' });
    sessions.note({ author: GATEKEEPER, at: START_AT - WINDOW, session: 'before', said: 'offline' });
    begin(START_AT);
    expect(ask(due())).toBe('sign');
  });

  it('the goodbye of another than the newest does not end the wait', () => {
    sessions.note({ author: GATEKEEPER, at: START_AT - seconds(9_002), session: 'one', said: 'online' });
    sessions.note({ author: GATEKEEPER, at: START_AT - seconds(9_001), session: 'two', said: 'online' });
    sessions.note({ author: GATEKEEPER, at: START_AT - seconds(9_000), session: 'one', said: 'offline' });
    begin(START_AT);
    expect(ask(due())).toBe('wait');
  });

  it('one that says goodbye signs nothing any more: a successor counts from that word on', () => {
    begin(run.now);
    const batch = due();
    expect(ask(batch)).toBe('sign');
    sessions.end();
    expect(ask(batch)).toBe('wait');
  });

  it('an older process signs nothing once it reads of a newer one', () => {
    begin(START_AT);
    const batch = due();
    sessions.note({ author: GATEKEEPER, at: run.now, session: 'next', said: 'online' });
    expect(ask(batch)).toBe('refuse');
    expect(sessions.isReplaced).toBe(true);
  });

  it('nobody else can replace it or end a wait', () => {
    const stranger = accountId('0.0.666');
    sessions.note({ author: GATEKEEPER, at: START_AT - seconds(9), session: 'before', said: 'online' });
    sessions.note({ author: stranger, at: START_AT - seconds(8), session: 'before', said: 'offline' });
    begin(START_AT);
    sessions.note({ author: stranger, at: START_AT + 1n, session: 'next', said: 'online' });
    expect(sessions.isReplaced).toBe(false);
    expect(ask(due())).toBe('wait');
  });
});
