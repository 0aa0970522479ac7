import type { AssignCommand, Command } from '@gatepost/coordinator/core/decide/command';
import {
  assignKey,
  BEACON_KEY,
  cancelKey,
  paymentKey,
  verdictKey,
} from '@gatepost/coordinator/core/effects/effect-key';
import { type Became, InFlight } from '@gatepost/coordinator/core/effects/in-flight';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { accountId, topicId } from '@gatepost/shared/vocabulary/ids';
import { beforeEach, describe, expect, it } from 'vitest';

const AGENT = accountId('0.0.20');
const INBOX = topicId('0.0.30');
const JOURNAL = topicId('0.0.31');

const payment = (task: string) => ({ task, attempt: 1, to: AGENT, amount: 10n });
const never: Became = { kind: 'never', why: 'no answer' };
const assign: AssignCommand = {
  kind: 'assign',
  key: assignKey('a', 1),
  task: 'a',
  attempt: 1,
  agent: AGENT,
  inbox: INBOX,
  price: 10n,
  deadlineMs: 1_000,
};
const verdict = {
  kind: 'verdict',
  key: verdictKey('a', 1),
  task: 'a',
  attempt: 1,
  accepted: true,
  gate: 'none',
  reason: '',
} as const satisfies Command;

const settled = (...tasks: string[]): AnyRecord => ({
  type: 'settled',
  token: '0.0.40',
  transfer: '0.0.10@1.1',
  payments: tasks.map((task) => ({ task, attempt: 1, to: AGENT, amount: '10' })),
});

let inFlight: InFlight;
let nowMs: number;

beforeEach(() => {
  inFlight = new InFlight();
  nowMs = 1_000_000;
});

const fold = (record: AnyRecord, topic = JOURNAL) => inFlight.folded({ record, topic }, nowMs);
const later = (ms: number) => {
  nowMs += ms;
  inFlight.tick(nowMs);
};

describe('payments of one settlement', () => {
  const [one, two, three, four] = ['one', 'two', 'three', 'four'].map(payment) as [
    ReturnType<typeof payment>,
    ReturnType<typeof payment>,
    ReturnType<typeof payment>,
    ReturnType<typeof payment>,
  ];

  beforeEach(() => {
    inFlight.launched({ kind: 'settle', payments: [one, two, three, four] }, nowMs);
    inFlight.paid(
      [
        { payment: one, became: { kind: 'done' } },
        { payment: two, became: never },
        { payment: three, became: { kind: 'refused', why: 'TOKEN_NOT_ASSOCIATED_TO_ACCOUNT' } },
        { payment: four, became: { kind: 'unknown', why: 'no answer' } },
      ],
      nowMs,
    );
  });

  it('have an outcome each: only what never happened is asked for again, after a rest', () => {
    expect([one, two, three, four].map((each) => inFlight.has(paymentKey(each)))).toEqual([true, true, false, true]);
    later(1_000);
    expect([one, two, three, four].map((each) => inFlight.has(paymentKey(each)))).toEqual([true, false, false, true]);
    later(86_400_000);
    expect([one, four].map((each) => inFlight.has(paymentKey(each)))).toEqual([true, true]);
  });

  it('are over when their record is folded, each on its own', () => {
    fold(settled('one'));
    expect([one, four].map((each) => inFlight.has(paymentKey(each)))).toEqual([false, true]);
  });

  it('say why they are refused', () => {
    expect([...inFlight.unpayable]).toEqual([['three#1', 'TOKEN_NOT_ASSOCIATED_TO_ACCOUNT']]);
  });

  it('are not brought back by a late word, once they were folded', () => {
    fold(settled('one', 'two', 'four'));
    inFlight.paid([{ payment: four, became: never }], nowMs);
    expect(inFlight.has(paymentKey(four))).toBe(false);
    later(1_000);
    expect(inFlight.size).toBe(0);
  });
});

describe('an assignment', () => {
  beforeEach(() => {
    inFlight.launched(assign, nowMs);
    inFlight.writing(assign);
  });

  it('counts as load and has its inbox read until it was folded, whatever became of it', () => {
    for (const became of [{ kind: 'done' }, { kind: 'unknown', why: '' }] as const) {
      inFlight.became(assign, became, nowMs);
      expect([...inFlight.assignments.keys()]).toEqual([assign.key]);
      expect([...inFlight.unseen]).toEqual([INBOX]);
      expect(inFlight.awaits('a', 1)).toBe(true);
    }
    fold(
      {
        type: 'assign',
        task: 'a',
        attempt: 1,
        task_type: 'work',
        input_sha256: 'f'.repeat(64),
        input_size: 1,
        deadline_ms: 1,
        price: '10',
        token: '0.0.40',
      },
      INBOX,
    );
    expect([inFlight.size, inFlight.assignments.size, [...inFlight.unseen].length]).toEqual([0, 0, 0]);
    expect(inFlight.awaits('a', 1)).toBe(false);
  });

  it('that never happened is no load, and is asked for again after a rest', () => {
    inFlight.became(assign, never, nowMs);
    expect([inFlight.assignments.size, [...inFlight.unseen].length]).toEqual([0, 0]);
    expect(inFlight.has(assign.key)).toBe(true);
    later(1_000);
    expect(inFlight.has(assign.key)).toBe(false);
  });

  it('that the inbox refuses tells against the agent, not against the run', () => {
    inFlight.became(assign, { kind: 'refused', why: 'INVALID_TOPIC_ID' }, nowMs);
    expect(inFlight.refusing.get(AGENT)).toContain('INVALID_TOPIC_ID');
    expect(inFlight.has(assign.key)).toBe(false);
    expect(inFlight.failure).toBeUndefined();
  });
});

describe('other effects', () => {
  it('a cancellation that is refused is not tried again', () => {
    const key = cancelKey(INBOX, 'a', 1);
    const cancel = { kind: 'cancel', key, task: 'a', attempt: 1, agent: AGENT, inbox: INBOX, reason: '' } as const;
    inFlight.launched(cancel, nowMs);
    inFlight.writing(cancel);
    inFlight.became(cancel, { kind: 'refused', why: 'INVALID_TOPIC_ID' }, nowMs);
    later(86_400_000);
    expect(inFlight.has(key)).toBe(true);
    expect([...inFlight.unseen]).toEqual([]);
  });

  it('a verdict that the ledger refuses ends the run of this process', () => {
    inFlight.launched(verdict, nowMs);
    inFlight.became(verdict, { kind: 'refused', why: 'INSUFFICIENT_PAYER_BALANCE' }, nowMs);
    expect(inFlight.failure).toContain('INSUFFICIENT_PAYER_BALANCE');
  });

  it('beacons keep a distance, however soon they are folded', () => {
    const beacon = { kind: 'beacon', key: BEACON_KEY } as const;
    inFlight.launched(beacon, nowMs);
    fold({ type: 'epoch', epoch: 1, instance: 'i', host: 'h', pid: 1, state: 'begun' });
    expect(inFlight.has(BEACON_KEY)).toBe(true);
    later(1_999);
    expect(inFlight.has(BEACON_KEY)).toBe(true);
    later(1);
    expect(inFlight.has(BEACON_KEY)).toBe(false);
  });
});
