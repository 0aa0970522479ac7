import type { RuleId } from '@gatepost/rules/verify/rules';
import { verify } from '@gatepost/rules/verify/verify';
import { describe, expect, it } from 'vitest';
import { AGENT_1, AGENT_2, AGENT_3, type HistoryBuilder, type RawMessage } from './history-builder.js';
import { honestRun, testPlan } from './honest-run.js';

const plan = testPlan();

const rulesOf = (history: HistoryBuilder, options: Parameters<typeof verify>[1]): readonly RuleId[] => [
  ...new Set(verify(history.build(), options).findings.map(({ rule }) => rule)),
];

/** Moves a message to just before another one, nanoseconds. */
function before(message: RawMessage, other: RawMessage, by = 1n): void {
  message.at = other.at - by;
}

describe.each([
  ['with the plan', { plan }],
  ['without the plan', {}],
])('an assignment out of turn has no effect, %s', (_how, options) => {
  it('so no attempt after it can be given up', () => {
    const history = honestRun();
    before(history.assign('a', 4, AGENT_1, 100), history.find('result', 'a', 1));
    before(history.verdict('a', 3, false, 'unassignable'), history.find('assign', 'a', 2));
    expect(rulesOf(history, options)).toEqual([]);
  });

  it('nor can it be given up itself', () => {
    const history = honestRun();
    before(history.assign('a', 4, AGENT_1, 100), history.find('result', 'a', 1));
    before(history.verdict('a', 4, false, 'budget'), history.find('assign', 'a', 2));
    expect(rulesOf(history, options)).toEqual([]);
  });

  it('and its acceptance leaves the task open', () => {
    const history = honestRun();
    before(history.assign('a', 4, AGENT_1, 100), history.find('result', 'a', 1));
    before(history.result('a', 4, AGENT_1), history.find('assign', 'a', 2));
    before(history.verdict('a', 4), history.find('result', 'a', 2));
    expect(rulesOf(history, options)).not.toContain('verdict-without-effect');
  });

  it('and whoever got it may review the task', () => {
    const history = honestRun();
    before(history.assign('c', 3, AGENT_2, 30), history.find('assign', '1~c'));
    expect(rulesOf(history, options)).toEqual([]);
  });
});

describe.each([
  ['with the plan', { plan }],
  ['without the plan', {}],
])('work called late too early is not hidden, %s', (_how, options) => {
  it('by assigning the attempt again', () => {
    const history = honestRun();
    const next = history.find('assign', 'a', 2);
    before(history.verdict('a', 1, false, 'deadline'), history.find('result', 'a', 1));
    before(history.assign('a', 1, AGENT_2, 100), next);
    before(history.result('a', 1, AGENT_2), history.find('result', 'a', 2));
    expect(rulesOf(history, options)).toContain('in-time-rejected');
  });
});

it('who was asked first is who is late, though another who was asked as well was not', () => {
  const history = honestRun();
  const rejected = history.find('verdict', 'a', 1);
  history.edit('assign', 'a', { deadline_ms: Number(rejected.at / 1_000_000n) - 100 }, 1);
  history.edit('verdict', 'a', { gate: 'deadline' }, 1);
  before(history.assign('a', 1, AGENT_2, 100), history.find('result', 'a', 1));
  Object.assign(history.find('result', 'a', 1), { payer: AGENT_2 });
  expect(rulesOf(history, {})).toEqual([]);
  expect(rulesOf(history, { plan })).toEqual([]);
});

describe('of several assignments of one attempt the plan says which counts', () => {
  it('one before its dependencies does not', () => {
    const history = honestRun();
    const early = history.find('assign', 'b');
    before(history.assign('free', 1, AGENT_1, 0), early);
    before(history.result('free', 1, AGENT_1), history.find('verdict', 'q'));
    expect(rulesOf(history, { plan })).toEqual([]);
  });

  it('a later one does not, though its agent is paid', () => {
    const history = honestRun();
    const next = history.find('assign', 'a', 2);
    before(history.verdict('a', 1, false, 'deadline'), history.find('verdict', 'a', 1));
    before(history.assign('a', 1, AGENT_2, 100), next);
    const { message, transfer } = history.settle({ payments: [{ task: 'a', attempt: 1, to: AGENT_2, amount: 100 }] });
    const batch = history.find('run_closed').at - 100n;
    Object.assign(message, { batch, at: batch + 20n });
    Object.assign(transfer, { batch, at: batch + 10n });
    expect(rulesOf(history, { plan })).toEqual(expect.arrayContaining(['in-time-rejected', 'wrong-payee']));
  });
});

describe.each([
  ['with the plan', { plan }],
  ['without the plan', {}],
])('a review is over, %s', (_how, options) => {
  /** The review of `c` was asked for again, and both reviewers deliver. */
  const askedTwice = (): HistoryBuilder => {
    const history = honestRun();
    const result = history.find('result', '1~c');
    history.online(AGENT_3).at = history.find('run_opened').at - 1n;
    before(history.assign('1~c', 2, AGENT_3, 5), result, 9n);
    before(history.result('1~c', 2, AGENT_3), result, 3n);
    return history;
  };

  it('once what it reviews is decided and its newest attempt was rejected: an older one is accepted in vain', () => {
    const history = askedTwice();
    before(history.verdict('1~c', 2, false, 'review'), history.find('verdict', 'c'));
    history.find('verdict', '1~c', 1).at = history.find('verdict', 'c').at + 1n;
    expect(rulesOf(history, options)).toContain('verdict-without-effect');
  });

  it('once it was rejected twice', () => {
    const history = askedTwice();
    const accepted = history.find('verdict', '1~c', 1);
    before(history.verdict('1~c', 2, false, 'review'), accepted, 9n);
    before(history.assign('1~c', 3, AGENT_3, 5), accepted, 6n);
    before(history.verdict('1~c', 3, false, 'lost'), accepted, 3n);
    expect(rulesOf(history, options)).toContain('verdict-without-effect');
  });
});
