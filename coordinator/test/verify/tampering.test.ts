import type { Evidence, MessageEvidence } from '@gatepost/rules/verify/evidence';
import { RULES, type RuleId } from '@gatepost/rules/verify/rules';
import { verify } from '@gatepost/rules/verify/verify';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { describe, expect, it } from 'vitest';
import {
  AGENT_1,
  AGENT_2,
  COORDINATOR,
  type HistoryBuilder,
  INBOX_1,
  INBOX_3,
  JOURNAL,
  OTHER_TOKEN,
  STRANGER,
  TOKEN,
} from './history-builder.js';
import { honestRun, testPlan } from './honest-run.js';

/** Rules violated in an evidence, sorted, each once. */
function violated(evidence: Evidence, plan = testPlan()): readonly RuleId[] {
  const { findings, holds } = verify(evidence, { plan });
  expect(holds).toBe(findings.length === 0);
  return [...new Set(findings.map(({ rule }) => rule))].sort();
}

/** The coordinator's own fold finds fault with many of these too; here it is the other rules that are looked at. */
const besidesFold = (rules: readonly RuleId[]): readonly RuleId[] =>
  rules.length === 1 ? rules : rules.filter((rule) => rule !== 'plan-state');

it('finds nothing wrong with an honest run', () => {
  const report = verify(honestRun().build(), { plan: testPlan() });
  expect(report.findings).toEqual([]);
  expect(report.holds).toBe(true);
  expect(report.runs).toMatchObject([
    { run: 'run-1', outcome: 'complete', tasks: 5, accepted: 5, attempts: 8, payments: 6, paid: 205n, violations: 0 },
  ]);
});

/** Moves a message to just before another one. */
function moveBefore(history: HistoryBuilder, moved: { at: bigint }, mark: { at: bigint }): void {
  moved.at = mark.at - 1n;
  history.build();
}

const settledOf = (history: HistoryBuilder, task: string) =>
  history.messages.find(({ records }) =>
    records.some((record) => record.type === 'settled' && record.payments.some((payment) => payment.task === task)),
  ) as ReturnType<HistoryBuilder['find']>;

function editPayment(history: HistoryBuilder, task: string, change: Record<string, unknown>): void {
  const message = settledOf(history, task);
  message.records = message.records.map((record) => {
    if (record.type !== 'settled') return record;
    const payments = record.payments.map((payment) => (payment.task === task ? { ...payment, ...change } : payment));
    return { ...record, payments } as AnyRecord;
  });
}

/** A coordinator that cheats: what it writes and moves, and the rules it breaks. */
const CHEATING: readonly (readonly [
  what: string,
  cheat: (history: HistoryBuilder) => void,
  rules: readonly RuleId[],
])[] = [
  ['payment without assignment', (h) => h.remove(h.find('assign', 'c')), ['assignment-missing']],
  [
    'assignment by another',
    (h) => {
      h.find('assign', 'c').payer = STRANGER;
    },
    ['assignment-author'],
  ],
  ['payment without result', (h) => h.remove(h.find('result', 'c')), ['result-missing']],
  [
    'result by another agent',
    (h) => {
      h.find('result', 'c').payer = AGENT_2;
    },
    ['result-author'],
  ],
  ['payment of a failed result', (h) => h.edit('result', 'c', { outcome: 'failed' }), ['result-failed']],
  [
    'result before its assignment',
    (h) => moveBefore(h, h.find('result', 'c'), h.find('assign', 'c')),
    ['result-before-assignment'],
  ],
  [
    'result after the ledger called the deadline',
    (h) => {
      h.edit('assign', 'c', { deadline_ms: 1 });
      const told = h.say(JOURNAL, COORDINATOR, { type: 'timed_out', task: 'c', attempt: 1 });
      moveBefore(h, told, h.find('result', 'c'));
    },
    ['result-after-timeout'],
  ],
  [
    'payment without verdict',
    (h) => h.remove(h.find('verdict', 'b')),
    ['outcome-differs', 'plan-order', 'plan-quorum', 'verdict-missing'],
  ],
  [
    'verdict by another',
    (h) => {
      h.find('verdict', 'b').payer = STRANGER;
    },
    ['outcome-differs', 'plan-order', 'plan-quorum', 'verdict-author'],
  ],
  [
    'verdict before the result',
    (h) => moveBefore(h, h.find('verdict', 'b'), h.find('result', 'b')),
    ['verdict-before-result'],
  ],
  [
    'verdict after the payment',
    (h) => {
      h.find('verdict', 'b').at = settledOf(h, 'b').at + 1n;
    },
    ['paid-before-verdict'],
  ],
  [
    'payment of a rejected attempt',
    (h) => {
      h.settle({ payments: [{ task: 'a', attempt: 1, to: AGENT_1, amount: 100 }] });
      h.close('complete').at = h.now;
      h.remove(h.find('run_closed'));
    },
    ['plan-quorum', 'rejected-paid', 'task-paid-twice'],
  ],
  [
    'an attempt paid twice',
    (h) => {
      const at = h.find('run_closed').at;
      h.now = at - 900_000_000n;
      h.settle({ payments: [{ task: 'b', attempt: 1, to: AGENT_1, amount: 50 }] });
      h.find('run_closed').at = h.tick();
    },
    ['attempt-paid-twice'],
  ],
  [
    'a task paid for two attempts',
    (h) => {
      h.remove(h.find('run_closed'));
      h.assign('b', 2, AGENT_2, 50);
      h.result('b', 2, AGENT_2);
      h.verdict('b', 2);
      h.settle({ payments: [{ task: 'b', attempt: 2, to: AGENT_2, amount: 50 }] });
      h.close();
    },
    ['plan-quorum', 'task-paid-twice'],
  ],
  [
    'quorum members that differ',
    (h) => h.edit('result', 'q', { output_sha256: 'f'.repeat(64) }, 2),
    ['quorum-disagrees'],
  ],
  [
    'a review by the worker',
    (h) => {
      h.find('assign', '1~c').topic = INBOX_1;
      h.find('result', '1~c').payer = AGENT_1;
      editPayment(h, '1~c', { to: AGENT_1 });
      h.transfers.at(-1)?.tokenTransfers.splice(0, 1, {
        token: TOKEN,
        account: AGENT_1,
        amount: 5n,
      });
    },
    ['review-by-worker'],
  ],
  [
    'payment to another agent',
    (h) => {
      editPayment(h, 'c', { to: AGENT_2 });
      h.transfers[1]?.tokenTransfers.splice(0, 1, {
        token: TOKEN,
        account: AGENT_2,
        amount: 30n,
      });
    },
    ['wrong-payee'],
  ],
  [
    'a record of a payee that got nothing',
    (h) => editPayment(h, 'c', { to: AGENT_2 }),
    ['settled-without-transfer', 'transfer-unrecorded', 'wrong-payee'],
  ],
  [
    'payment of more than the price',
    (h) => {
      editPayment(h, 'c', { amount: '31' });
      h.transfers[1]?.tokenTransfers.splice(0, 1, {
        token: TOKEN,
        account: AGENT_1,
        amount: 31n,
      });
    },
    ['wrong-amount'],
  ],
  [
    'payment in another token',
    (h) => {
      const message = settledOf(h, 'c');
      message.records = message.records.map((record) => ({ ...record, token: OTHER_TOKEN }) as AnyRecord);
      for (const move of h.transfers[1]?.tokenTransfers ?? []) Object.assign(move, { token: OTHER_TOKEN });
    },
    ['wrong-token'],
  ],
  [
    'payment recorded by another',
    (h) => {
      settledOf(h, 'c').payer = STRANGER;
    },
    ['accepted-unpaid', 'settled-author'],
  ],
  [
    'a record outside a batch',
    (h) => {
      settledOf(h, 'c').batch = undefined;
    },
    ['settled-outside-batch', 'transfer-unrecorded'],
  ],
  [
    'a record without a transfer',
    (h) => {
      h.transfers.splice(1, 1);
    },
    ['settled-without-transfer', 'transfer-id'],
  ],
  [
    'less moved than recorded',
    (h) => {
      h.transfers[1]?.tokenTransfers.splice(0, 1, {
        token: TOKEN,
        account: AGENT_1,
        amount: 29n,
      });
    },
    ['transfer-amount'],
  ],
  [
    'a transfer outside a batch',
    (h) => {
      for (const move of h.transfers.slice(1, 2)) move.batch = undefined;
    },
    ['settled-without-transfer', 'transfer-id', 'transfer-outside-batch'],
  ],
  [
    'a transfer to somebody in a batch without a record',
    (h) => {
      const at = h.find('run_closed').at;
      h.now = at - 900_000_000n;
      h.transfer(h.find('run_opened').payer, [{ to: STRANGER, amount: 1 }], h.tick());
      h.find('run_closed').at = h.tick();
    },
    ['transfer-unrecorded'],
  ],
  [
    'a transfer to somebody beside a payment',
    (h) => {
      h.transfers[1]?.tokenTransfers.push({
        token: TOKEN,
        account: STRANGER,
        amount: 1n,
      });
    },
    ['transfer-unrecorded'],
  ],
  [
    'a record that names another transfer',
    (h) => {
      const message = settledOf(h, 'c');
      message.records = message.records.map((record) => ({ ...record, transfer: '0.0.1001@1.000000001' }) as AnyRecord);
    },
    ['transfer-id'],
  ],
  [
    'a payment after the end',
    (h) => {
      const closed = h.find('run_closed');
      closed.at = settledOf(h, '1~c').at - 1n;
    },
    ['paid-after-close'],
  ],
  [
    'an accepted task left unpaid',
    (h) => {
      h.remove(settledOf(h, 'c'));
      h.transfers.splice(1, 1);
    },
    ['accepted-unpaid'],
  ],
  ['an unfinished run closed as complete', (h) => h.remove(h.find('verdict', 'free')), ['outcome-differs']],
  ['more tasks than the run was opened with', (h) => h.edit('run_opened', undefined, { tasks: 4 }), ['task-count']],
  [
    'a run opened twice with different plans',
    (h) => {
      const { records } = h.find('run_opened');
      const closed = h.find('run_closed');
      h.now = closed.at - 900_000_000n;
      h.say(JOURNAL, closed.payer, { ...records[0], tasks: 6 } as AnyRecord);
      closed.at = h.tick();
    },
    ['run-reopened'],
  ],
  [
    'a wrong state digest',
    (h) => {
      h.stateSha256 = 'f'.repeat(64);
    },
    ['plan-state'],
  ],
  [
    "an inbox under another's submit key",
    (h) => {
      h.submitKeys.set(INBOX_1, h.adminKeys.get(INBOX_1));
    },
    ['inbox-submit-key'],
  ],
  [
    'an inbox without a submit key',
    (h) => {
      h.submitKeys.set(INBOX_1, undefined);
    },
    ['inbox-submit-key'],
  ],
  [
    "an inbox that is not the agent's",
    (h) => {
      h.adminKeys.set(INBOX_1, h.adminKeys.get(JOURNAL));
    },
    ['inbox-owner'],
  ],
  ['a task that is not in the plan', (h) => h.edit('assign', 'free', { task: 'extra' }), ['plan-task']],
  ['a task of another type', (h) => h.edit('assign', 'c', { task_type: 'play' }), ['plan-task']],
  [
    'a task assigned before its dependency was accepted',
    (h) => moveBefore(h, h.find('assign', 'b'), h.find('verdict', 'a', 2)),
    ['plan-order'],
  ],
  [
    'a sequence begun before the one it waits for',
    (h) => moveBefore(h, h.find('assign', 'c'), h.find('verdict', 'b')),
    ['plan-order'],
  ],
];

describe('a coordinator that cheats is found out', () => {
  it.each(CHEATING)('%s', (_what, cheat, rules) => {
    const history = honestRun();
    cheat(history);
    expect(besidesFold(violated(history.build()))).toEqual(rules);
  });
});

function editMessages(
  evidence: Evidence,
  change: (messages: readonly MessageEvidence[]) => readonly MessageEvidence[],
): Evidence {
  return { ...evidence, journal: { ...evidence.journal, messages: change(evidence.journal.messages) } };
}

describe('a mirror that lies is found out', () => {
  const evidence = honestRun().build();

  it('leaves a message out', () => {
    const without = editMessages(evidence, (messages) => messages.filter(({ sequence }) => sequence !== 5));
    expect(violated(without)).toContain('message-missing');
  });

  it('leaves the first message out', () => {
    expect(violated(editMessages(evidence, (messages) => messages.slice(1)))).toContain('message-missing');
  });

  it.each([
    [
      'changes a text',
      (message: MessageEvidence) => ({
        ...message,
        content: Buffer.from(Buffer.from(message.content).toString().replace('because', 'becouse')),
      }),
    ],
    ['changes an author', (message: MessageEvidence) => ({ ...message, payer: STRANGER })],
    ['changes a time', (message: MessageEvidence) => ({ ...message, at: message.at + 1_000n })],
  ])('%s', (_what, change) => {
    const changed = editMessages(evidence, (messages) =>
      messages.map((message) => (message.sequence === 5 ? change(message) : message)),
    );
    expect(violated(changed)).toContain('message-altered');
  });

  it('swaps two times', () => {
    const swapped = editMessages(evidence, (messages) =>
      messages.map((message) => (message.sequence === 5 ? { ...message, at: message.at - 60_000_000_000n } : message)),
    );
    expect(violated(swapped)).toContain('message-order');
  });
});

describe('a plan that is not the one of the run is found out', () => {
  it.each([
    ['another price', { price: 101 }],
    ['another gate', { gate: 'none' }],
    ['another input', { input: 1 }],
  ])('%s', (_what, change) => {
    expect(violated(honestRun().build(), testPlan(change))).toEqual(['plan-digest']);
  });

  it.each([
    ['another price, with the same digest', { price: 101 }, ['plan-price']],
    ['fewer attempts, with the same digest', { attempts: 1 }, ['plan-attempts']],
    ['a named agent, with the same digest', { agent: AGENT_1 }, ['plan-task']],
  ])('%s', (_what, change, rules) => {
    const plan = { ...testPlan(change), digest: testPlan().digest };
    expect(besidesFold(violated(honestRun().build(), plan))).toEqual(rules);
  });

  it('a smaller budget, with the same digest', () => {
    expect(violated(honestRun().build(), { ...testPlan(), maxTotal: 204n })).toEqual(['plan-budget', 'plan-state']);
  });
});

describe('what strangers write is no fault of the run', () => {
  it('ignores their records and reports them', () => {
    const history = honestRun();
    const closed = history.find('run_closed');
    history.now = closed.at - 990_000_000n;
    for (const message of [
      history.open('f'.repeat(64), 1, STRANGER),
      history.say(
        JOURNAL,
        STRANGER,
        { type: 'run_opened', plan_sha256: 'f'.repeat(64), name: 'x', tasks: 1, token: OTHER_TOKEN },
        'run-2',
      ),
      history.verdict('a', 1, true, 'command', STRANGER),
      history.result('a', 1, STRANGER),
      history.say(JOURNAL, STRANGER, { type: 'run_closed', outcome: 'failed', state_sha256: 'f'.repeat(64) }),
      history.say(JOURNAL, STRANGER, {
        type: 'settled',
        token: OTHER_TOKEN,
        payments: [{ task: 'a', attempt: 1, to: STRANGER, amount: '1' }],
      }),
      history.say(JOURNAL, STRANGER, { type: 'nonsense' } as unknown as AnyRecord),
      history.say(JOURNAL, STRANGER, { type: 'verdict' } as unknown as AnyRecord),
      history.online(STRANGER, INBOX_1),
      history.online(STRANGER, INBOX_3),
    ])
      message.at = history.now;
    closed.at = history.tick() + 1_000_000_000n;
    for (const [index, message] of history.messages.filter(({ payer }) => payer === STRANGER).entries())
      message.at += BigInt(index);
    const report = verify(history.build(), { plan: testPlan() });
    expect(report.findings).toEqual([]);
    expect(report.holds).toBe(true);
    expect(Object.fromEntries(report.ignored)).toEqual({
      'malformed message on the journal': 1,
      'payment recorded by another than the coordinator': 1,
      'run closed by another than the coordinator': 1,
      "run opened by another than the journal's owner": 2,
      'verdict by another than the coordinator': 1,
    });
  });

  it('does not hold when there is no run at all', () => {
    const history = honestRun();
    history.find('run_opened').payer = STRANGER;
    expect(verify(history.build())).toMatchObject({ runs: [], findings: [], holds: false });
  });
});

it('has a tampering for every rule', () => {
  const shown = new Set<string>([
    ...CHEATING.flatMap(([, , rules]) => rules),
    ...[
      'message-missing',
      'message-order',
      'message-altered',
      'plan-digest',
      'plan-price',
      'plan-attempts',
      'plan-budget',
    ],
  ]);
  expect(Object.keys(RULES).filter((rule) => !shown.has(rule))).toEqual([]);
});
