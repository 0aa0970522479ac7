import type { Evidence, MessageEvidence } from '@gatepost/rules/verify/evidence';
import { RULES, type RuleId } from '@gatepost/rules/verify/rules';
import { verify } from '@gatepost/rules/verify/verify';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { CustomFee } from '@gatepost/shared/vocabulary/custom-fees';
import { describe, expect, it } from 'vitest';
import { CHEATING, cheatsOf } from './dishonest.js';
import { DISPUTE_CHEATS, FINE_WITH_ARBITER } from './dispute-cheats.js';
import { ESCROW_CHEATS, FINE_WITH_ESCROW } from './escrow-cheats.js';
import { chargeFee, TENTH } from './fee-cheats.js';
import {
  AGENT_1,
  AGENT_2,
  ARBITER,
  COORDINATOR,
  ESCROW,
  GATEKEEPER,
  HistoryBuilder,
  INBOX_1,
  INBOX_3,
  JOURNAL,
  OTHER_TOKEN,
  STRANGER,
  TOKEN,
} from './history-builder.js';
import { honestRun, honestRunWithArbiter, honestRunWithEscrow, testPlan, twoHonestRuns } from './honest-run.js';

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

describe('a run with a gatekeeper and an escrow', () => {
  it('has nothing wrong with it when it is honest, and is checked by the rules for it', () => {
    const report = verify(honestRunWithEscrow().build(), { plan: testPlan() });
    expect(report.findings).toEqual([]);
    expect(report.runs).toMatchObject([{ gatekeeper: GATEKEEPER, escrow: ESCROW, accepted: 5, paid: 205n }]);
    const forEscrows = (rules: readonly RuleId[]) => rules.filter((rule) => rule.startsWith('escrow-'));
    expect(forEscrows(report.rules)).toEqual(['escrow-judge', 'escrow-key', 'escrow-token']);
    expect(forEscrows(verify(honestRun().build()).rules)).toEqual([]);
    expect(report.ignored.size).toBe(0);
  });

  it.each(FINE_WITH_ESCROW)('has nothing wrong with it: %s', (_what, change) => {
    const history = honestRunWithEscrow();
    change(history);
    expect(violated(history.build())).toEqual([]);
  });

  it.each(ESCROW_CHEATS)('%s', (_what, cheat, rules) => {
    const history = honestRunWithEscrow();
    cheat(history);
    expect(besidesFold(violated(history.build()))).toEqual([...rules].sort());
  });
});

describe('a run with an arbiter', () => {
  it('has nothing wrong with it when it is honest, and counts what was decided as paid', () => {
    const evidence = honestRunWithArbiter().build();
    for (const plan of [testPlan(), undefined]) {
      const report = verify(evidence, { plan });
      expect(report.findings).toEqual([]);
      expect(report.runs).toMatchObject([{ arbiter: ARBITER, outcome: 'complete', payments: 6, paid: 205n }]);
      expect(report.rules).toContain('dispute-unpaid');
    }
    expect(verify(honestRunWithEscrow().build()).rules).not.toContain('dispute-unpaid');
  });

  it.each(FINE_WITH_ARBITER)('has nothing wrong with it: %s', (_what, change) => {
    const history = honestRunWithArbiter();
    change(history);
    expect(violated(history.build())).toEqual([]);
  });

  it.each(DISPUTE_CHEATS)('%s', (_what, cheat, rules) => {
    const history = honestRunWithArbiter();
    cheat(history);
    expect(besidesFold(violated(history.build()))).toEqual([...rules].sort());
  });
});

describe('custom fees of the token are no fault', () => {
  it.each<[string, CustomFee, bigint]>([
    ['a part of what is sent', TENTH, 3n],
    ['a fixed amount', { kind: 'fixed', collector: STRANGER, unit: TOKEN, amount: 7n }, 7n],
    ['its minimum', { ...TENTH, minimum: 5n } as CustomFee, 5n],
    ['its maximum', { ...TENTH, maximum: 2n } as CustomFee, 2n],
  ])('%s', (_what, fee, amount) => {
    const history = honestRun();
    chargeFee(history, { to: STRANGER, amount, schedule: [fee] });
    expect(violated(history.build())).toEqual([]);
  });

  it('one that an agent collects does not count as its pay', () => {
    const history = honestRun();
    chargeFee(history, { to: AGENT_2, amount: 3n, schedule: [{ ...TENTH, collector: AGENT_2 }] });
    expect(violated(history.build())).toEqual([]);
    const hidden = honestRun();
    hidden.transfers[1]?.tokenTransfers.splice(0, 2);
    chargeFee(hidden, { to: AGENT_1, amount: 30n, schedule: [{ ...TENTH, collector: AGENT_1 }] });
    expect(violated(hidden.build())).toContain('settled-without-transfer');
  });
});

describe('a coordinator that cheats is found out', () => {
  it.each(CHEATING)('%s', (_what, cheat, rules) => {
    const history = honestRun();
    cheat(history);
    expect(besidesFold(violated(history.build()))).toEqual(rules);
  });
});

describe.each([
  ['with the plan', { plan: testPlan() }],
  ['without the plan', {}],
])('%s', (_how, options) => {
  const rulesOf = (history: HistoryBuilder): readonly RuleId[] => [
    ...new Set(verify(history.build(), options).findings.map(({ rule }) => rule)),
  ];

  it('two honest runs on one journal keep every rule', () => {
    expect(rulesOf(twoHonestRuns())).toEqual([]);
  });

  it('one transfer for two runs, both of which name it, is found out', () => {
    const history = twoHonestRuns();
    const [first, second] = history.messages.filter(({ records }) =>
      records.some((record) => record.type === 'settled' && record.payments[0]?.task === 'c'),
    );
    const shared = history.transfers.find(({ batch }) => batch === second?.batch);
    if (first?.batch === undefined || second?.batch === undefined || shared === undefined)
      throw new Error('no payment');
    // The first run's record moves into the batch of the second's, and its own transfer was never made.
    history.transfers.splice(1, 1);
    Object.assign(first, { batch: second.batch, at: second.batch + 15n });
    first.records = first.records.map((record) => ({ ...record, transfer: shared.id }) as AnyRecord);
    // Both runs are open at that time.
    const closed = history.find('run_closed');
    closed.at = second.at + 1_000n;
    expect(rulesOf(history)).toContain('transfer-amount');
    const { findings } = verify(history.build(), options);
    expect(findings.filter(({ rule }) => rule === 'transfer-amount')).toMatchObject([
      { run: 'run-1', message: expect.stringMatching(/got 30, recorded 60/) },
      { run: 'run-2', message: expect.stringMatching(/got 30, recorded 60/) },
    ]);
  });

  it('tokens that leave the coordinator unrecorded are found out, whoever holds the treasury', () => {
    const history = honestRun();
    history.treasury = STRANGER;
    expect(rulesOf(history)).toEqual([]);
    history.now = history.find('run_closed').at - 500_000_000n;
    history.transfer(COORDINATOR, [{ to: AGENT_1, amount: 10 }], undefined).at = history.now;
    expect(rulesOf(history)).toEqual(['transfer-outside-batch']);
  });

  it("what a foreign token's treasury does is not the run's business", () => {
    const history = honestRun();
    history.treasury = STRANGER;
    history.now = history.find('run_closed').at - 500_000_000n;
    history.transfer(STRANGER, [{ to: AGENT_1, amount: 10 }], undefined).at = history.now;
    expect(rulesOf(history)).toEqual([]);
  });

  it('what the coordinator does long after the end is not watched', () => {
    const history = honestRun();
    history.now += 181_000_000_000n;
    history.transfer(COORDINATOR, [{ to: AGENT_1, amount: 10 }], undefined);
    expect(rulesOf(history)).toEqual([]);
  });

  it('an acceptance before the result has no effect: one after it counts', () => {
    const history = honestRun();
    const early = history.verdict('c', 1, true, 'agent');
    early.at = history.find('result', 'c').at - 1n;
    expect(rulesOf(history)).toEqual([]);
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
    ['fewer attempts, with the same digest', { attempts: 1 }, ['plan-attempts', 'plan-order', 'plan-quorum']],
    ['a named agent, with the same digest', { agent: AGENT_1 }, ['plan-task']],
  ])('%s', (_what, change, rules) => {
    const plan = { ...testPlan(change), digest: testPlan().digest };
    expect(besidesFold(violated(honestRun().build(), plan))).toEqual(rules);
  });

  it('a smaller budget, with the same digest', () => {
    expect(violated(honestRun().build(), { ...testPlan(), maxTotal: 204n })).toEqual(['plan-budget', 'plan-state']);
  });
});

it('an agent that announces the inbox of another before it does gets nothing by it', () => {
  const history = honestRun();
  const [first] = history.messages;
  history.online(AGENT_2, INBOX_1).at = (first?.at ?? 0n) - 1n;
  expect(violated(history.build())).toEqual([]);
});

describe('an attempt beyond those that the plan allows', () => {
  const rejectedTwice = (): HistoryBuilder => {
    const history = new HistoryBuilder();
    history.plan = testPlan();
    history.online(AGENT_1);
    history.online(AGENT_2);
    history.open(history.plan.digest, 5);
    for (const attempt of [1, 2]) {
      history.assign('a', attempt, AGENT_1, 100);
      history.result('a', attempt, AGENT_1, 'wrong');
      history.verdict('a', attempt, false);
    }
    return history;
  };

  it('has no effect when its assignment crossed the last verdict, and is no fault', () => {
    const history = rejectedTwice();
    history.assign('a', 3, AGENT_2, 100);
    history.close('failed');
    expect(violated(history.build())).toEqual([]);
  });

  it('is a fault once something is decided about it', () => {
    const history = rejectedTwice();
    history.assign('a', 3, AGENT_2, 100);
    history.result('a', 3, AGENT_2);
    history.verdict('a', 3, false);
    history.close('failed');
    expect(violated(history.build())).toEqual(['plan-attempts']);
  });

  /** The agent of the second attempt was lost and delivers after all, while the verdict on the third is under way. */
  const replaced = (): HistoryBuilder => {
    const history = new HistoryBuilder();
    history.plan = testPlan();
    history.online(AGENT_1);
    history.online(AGENT_2);
    history.open(history.plan.digest, 5);
    history.assign('a', 1, AGENT_1, 100);
    history.result('a', 1, AGENT_1, 'wrong');
    history.verdict('a', 1, false);
    history.assign('a', 2, AGENT_1, 100);
    history.assign('a', 3, AGENT_2, 100);
    history.result('a', 3, AGENT_2, 'wrong');
    history.result('a', 2, AGENT_1);
    history.verdict('a', 3, false);
    history.verdict('a', 2, true);
    return history;
  };

  it('may be accepted by a verdict that crossed the last failure, without effect and without fault', () => {
    const history = replaced();
    history.verdict('a', 2, false);
    history.close('failed');
    expect(violated(history.build())).toEqual([]);
  });

  it('is a fault once it is paid', () => {
    const history = replaced();
    history.settle({ payments: [{ task: 'a', attempt: 2, to: AGENT_1, amount: 100 }] });
    history.close('failed');
    expect(violated(history.build())).toContain('plan-attempts');
  });

  it('accepts nothing for the tasks that wait for it', () => {
    const history = replaced();
    history.assign('b', 1, AGENT_2, 100);
    history.close('failed');
    expect(violated(history.build())).toContain('plan-order');
  });
});

describe('of two assignments of one attempt', () => {
  it('one to an agent that sits in the quorum already does not count', () => {
    const history = new HistoryBuilder();
    history.plan = testPlan();
    history.online(AGENT_1);
    history.online(AGENT_2);
    history.open(history.plan.digest, 5);
    history.assign('a', 1, AGENT_1, 100);
    // Two processes that did not know of each other.
    history.assign('a', 2, AGENT_1, 100);
    history.assign('a', 2, AGENT_2, 100);
    history.result('a', 2, AGENT_1);
    history.result('a', 1, AGENT_1, 'another');
    history.now = 1_800_000_001_000_000_000n;
    history.verdict('a', 2, false, 'deadline');
    history.verdict('a', 1, false, 'quorum');
    history.close('failed');
    expect(verify(history.build(), {}).findings).toEqual([]);
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
  expect((Object.keys(RULES) as RuleId[]).filter((rule) => cheatsOf(rule).length === 0)).toEqual([]);
});
