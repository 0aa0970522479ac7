import type { RuleId } from '@gatepost/rules/verify/rules';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { DISPUTE_CHEATS } from './dispute-cheats.js';
import { ESCROW_CHEATS } from './escrow-cheats.js';
import { type Cheat, FEE_CHEATS } from './fee-cheats.js';
import {
  AGENT_1,
  AGENT_2,
  COORDINATOR,
  type HistoryBuilder,
  INBOX_1,
  JOURNAL,
  OTHER_JOURNAL,
  OTHER_TOKEN,
  STRANGER,
  TOKEN,
} from './history-builder.js';

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

/** Another agent does the task c once more after the verdict on it, and is paid in place of the first. */
function payInstead(history: HistoryBuilder): void {
  const { at } = history.find('verdict', 'c');
  history.assign('c', 2, AGENT_2, 30).at = at + 1n;
  history.result('c', 2, AGENT_2).at = at + 2n;
  history.verdict('c', 2, true, 'agent').at = at + 3n;
  editPayment(history, 'c', { attempt: 2, to: AGENT_2 });
  history.transfers[1]?.tokenTransfers.splice(0, 1, { token: TOKEN, account: AGENT_2, amount: 30n });
}

/** A coordinator that cheats: what it writes and moves, and the rules it breaks. */
export const CHEATING: readonly Cheat[] = [
  [
    'payment without assignment',
    (h) => h.remove(h.find('assign', 'c')),
    ['assignment-missing', 'outcome-differs', 'plan-quorum', 'review-before-result'],
  ],
  [
    'assignment by another',
    (h) => {
      h.find('assign', 'c').payer = STRANGER;
    },
    ['assignment-author', 'outcome-differs', 'plan-quorum', 'review-before-result'],
  ],
  [
    'payment without result',
    (h) => h.remove(h.find('result', 'c')),
    ['outcome-differs', 'plan-quorum', 'result-missing', 'review-before-result'],
  ],
  [
    'result by another agent',
    (h) => {
      h.find('result', 'c').payer = AGENT_2;
    },
    ['outcome-differs', 'plan-quorum', 'result-author', 'review-before-result'],
  ],
  ['a result in time called late', (h) => h.edit('verdict', 'a', { gate: 'deadline' }, 1), ['in-time-rejected']],
  [
    'work called late before its deadline',
    (h) => {
      const early = h.verdict('c', 1, false, 'deadline');
      moveBefore(h, early, h.find('result', 'c'));
    },
    ['in-time-rejected'],
  ],
  [
    'payment of a second result in place of the first',
    (h) => payInstead(h),
    ['accepted-unpaid', 'review-by-worker', 'verdict-without-effect'],
  ],
  [
    'work by the agent that had rejected it in a review',
    (h) => {
      h.edit('verdict', 'c', { accepted: false }, 1);
      payInstead(h);
    },
    ['review-by-worker'],
  ],
  [
    'an assignment under the number of another task',
    (h) => {
      h.find('assign', 'c').names = { numberOf: () => 1, idOf: () => undefined };
    },
    ['assignment-missing', 'outcome-differs', 'plan-quorum', 'plan-task', 'review-before-result'],
  ],
  ['a second attempt without a first', (h) => h.remove(h.find('assign', 'a', 1)), ['attempt-out-of-turn']],
  [
    'an assignment before the agent had announced its inbox',
    (h) => moveBefore(h, h.find('assign', 'a', 1), h.find('online')),
    ['attempt-out-of-turn'],
  ],
  [
    'a payment recorded before the run is opened',
    (h) => {
      settledOf(h, '1~c').batch = undefined;
      moveBefore(h, settledOf(h, '1~c'), h.find('run_opened'));
    },
    ['accepted-unpaid', 'paid-before-open', 'transfer-unrecorded'],
  ],
  [
    'one transfer for two records of one run',
    (h) => {
      const message = settledOf(h, 'c');
      h.messages.push({ ...message, at: message.at + 5n });
    },
    ['attempt-paid-twice', 'transfer-amount'],
  ],
  [
    'a payment out of another pocket',
    (h) => {
      for (const move of h.transfers[1]?.tokenTransfers ?? []) {
        if (move.amount < 0n) Object.assign(move, { account: STRANGER });
      }
    },
    ['wrong-payer'],
  ],
  [
    'one transfer for records on two journals',
    (h) => {
      const message = settledOf(h, 'c');
      h.messages.push({ ...message, topic: OTHER_JOURNAL, at: message.at + 5n });
    },
    ['settled-elsewhere'],
  ],
  [
    'a transfer just after the end',
    (h) => {
      h.transfer(COORDINATOR, [{ to: AGENT_1, amount: 10 }], undefined);
    },
    ['transfer-outside-batch'],
  ],
  [
    'a batch with tokens just after the end',
    (h) => {
      h.now += 170_000_000_000n;
      h.transfer(COORDINATOR, [{ to: AGENT_1, amount: 10 }], h.now);
    },
    ['transfer-unrecorded'],
  ],
  [
    'payment of a failed result',
    (h) => h.edit('result', 'c', { outcome: 'failed' }),
    ['outcome-differs', 'plan-quorum', 'result-failed', 'review-before-result'],
  ],
  [
    'result before its assignment',
    (h) => moveBefore(h, h.find('result', 'c'), h.find('assign', 'c')),
    ['outcome-differs', 'plan-quorum', 'result-before-assignment'],
  ],
  [
    'result after the ledger called the deadline',
    (h) => {
      h.edit('assign', 'c', { deadline_ms: 1 });
      const told = h.say(JOURNAL, COORDINATOR, { type: 'timed_out', task: 'c', attempt: 1 });
      moveBefore(h, told, h.find('result', 'c'));
    },
    ['outcome-differs', 'plan-quorum', 'result-after-timeout'],
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
    ['outcome-differs', 'plan-order', 'plan-quorum', 'verdict-before-result'],
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
    ['plan-quorum', 'task-paid-twice', 'verdict-without-effect'],
  ],
  [
    'quorum members that differ',
    (h) => h.edit('result', 'q', { output_sha256: 'f'.repeat(64) }, 2),
    ['plan-order', 'plan-quorum', 'quorum-disagrees', 'verdict-without-effect'],
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
    'a review asked for before the work was there',
    (h) => moveBefore(h, h.find('assign', '1~c'), h.find('result', 'c')),
    ['review-before-result'],
  ],
  ['an assignment in another token', (h) => h.edit('assign', 'a', { token: OTHER_TOKEN }, 1), ['wrong-token']],
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
  ...FEE_CHEATS,
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
      h.submitKeys.set(INBOX_1, 'ED25519:another');
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
      h.creators.set(INBOX_1, COORDINATOR);
    },
    ['inbox-owner'],
  ],
  [
    'a task that is not in the plan',
    (h) => h.edit('assign', 'free', { task: 'extra' }),
    ['outcome-differs', 'plan-task'],
  ],
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

/** Cheats that need more than an edited history; their tests stand in tampering.test.ts. */
export const OTHER_CHEATS: Readonly<Partial<Record<RuleId, readonly string[]>>> = {
  'message-missing': ['a mirror that leaves a message out'],
  'message-order': ['a mirror that swaps two times'],
  'message-altered': [
    'a mirror that changes a text',
    'a mirror that changes an author',
    'a mirror that changes a time',
  ],
  'transfer-amount': ['one transfer for two runs'],
  'transfer-outside-batch': ["tokens beside a run paid in somebody else's token"],
  'plan-digest': ['a plan that is not the one of the run'],
  'plan-price': ['another price under the same digest'],
  'plan-attempts': ['fewer attempts under the same digest'],
  'plan-budget': ['a smaller budget under the same digest'],
};

/** What each rule catches: the cheats of the table that break it, and the others. */
export function cheatsOf(rule: RuleId): readonly string[] {
  const own = [...CHEATING, ...ESCROW_CHEATS, ...DISPUTE_CHEATS]
    .filter(([, , rules]) => rules.includes(rule))
    .map(([what]) => what);
  return [...own, ...(OTHER_CHEATS[rule] ?? [])];
}
