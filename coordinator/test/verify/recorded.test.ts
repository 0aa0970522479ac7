import { loadPlan } from '@gatepost/party/plan/plan-file';
import type { Evidence, TransactionEvidence } from '@gatepost/rules/verify/evidence';
import type { RuleId } from '@gatepost/rules/verify/rules';
import { verify } from '@gatepost/rules/verify/verify';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import { describe, expect, it } from 'vitest';
import { messageWith, type OpenMessage, planFileOf, recordedEvidence, rewrite } from './recorded.js';

const evidence = recordedEvidence('mixed-gates');
const plan = loadPlan(planFileOf('mixed-gates'));
const STRANGER = '0.0.6666' as AccountId;
const OTHER_TOKEN = '0.0.7777' as TokenId;

const journal = (change: (messages: OpenMessage[]) => void): Evidence => ({
  ...evidence,
  journal: rewrite(evidence.journal, change),
});

const inboxes = (change: (messages: OpenMessage[]) => void): Evidence => ({
  ...evidence,
  inboxes: evidence.inboxes.map((inbox) => rewrite(inbox, change)),
});

/** Whether a record is of a type, and about a task and attempt. */
const is = (type: AnyRecord['type'], task?: string, attempt?: number) => (record: AnyRecord) =>
  record.type === type &&
  (task === undefined || ('task' in record && record.task === task)) &&
  (attempt === undefined || ('attempt' in record && record.attempt === attempt));

const edit =
  (fits: (record: AnyRecord) => boolean, change: (record: AnyRecord) => unknown) => (messages: OpenMessage[]) => {
    for (const message of messages) {
      message.records = message.records.flatMap((record) =>
        fits(record) ? ((change(record) as AnyRecord) ?? []) : record,
      );
    }
  };

const drop = (fits: (record: AnyRecord) => boolean) => edit(fits, () => undefined);
const reauthor = (fits: (record: AnyRecord) => boolean, payer: AccountId) => (messages: OpenMessage[]) => {
  for (const message of messages) if (message.records.some(fits)) message.payer = payer;
};
const editPayment = (task: string, change: Record<string, unknown>) =>
  edit(is('settled'), (record) =>
    record.type === 'settled'
      ? { ...record, payments: record.payments.map((one) => (one.task === task ? { ...one, ...change } : one)) }
      : record,
  );
const payAlso = (payment: { task: string; attempt: number; amount: string }) =>
  edit(is('settled'), (record) =>
    record.type === 'settled'
      ? { ...record, payments: [...record.payments, { ...payment, to: agentOf('careful', 1) }] }
      : record,
  );

/** The agent an attempt was assigned to. */
function agentOf(task: string, attempt: number): AccountId {
  let found: AccountId | undefined;
  rewrite(evidence.journal, (messages) => {
    found = messages.find(({ records }) => records.some(is('result', task, attempt)))?.payer;
  });
  return found ?? STRANGER;
}

const transactions = (change: (transaction: TransactionEvidence) => TransactionEvidence | undefined): Evidence => ({
  ...evidence,
  transactions: evidence.transactions.flatMap((transaction) => change(transaction) ?? []),
});
const isTransfer = ({ tokenTransfers }: TransactionEvidence): boolean => tokenTransfers.length > 0;
const settledAt = (): bigint => {
  let at = 0n;
  rewrite(evidence.journal, (messages) => {
    at = messageWith(messages, is('settled')).at;
  });
  return at;
};

/** Ways to tamper with the recorded run, each with the rule that finds it; others may find it too. */
const TAMPERINGS: readonly (readonly [what: string, tampered: () => Evidence, rule: RuleId])[] = [
  ['payment without assignment', () => inboxes(drop(is('assign', 'careful', 2))), 'assignment-missing'],
  [
    'forged author of an assignment',
    () => inboxes(reauthor(is('assign', 'careful', 2), STRANGER)),
    'assignment-author',
  ],
  ['payment without result', () => journal(drop(is('result', 'careful', 2))), 'result-missing'],
  [
    'result by another agent',
    () => journal(reauthor(is('result', 'careful', 2), agentOf('careful', 1))),
    'result-author',
  ],
  [
    'payment of a failure',
    () => journal(edit(is('result', 'careful', 2), (r) => ({ ...r, outcome: 'failed' }))),
    'result-failed',
  ],
  ['payment without verdict', () => journal(drop(is('verdict', 'careful', 2))), 'verdict-missing'],
  ['forged author of a verdict', () => journal(reauthor(is('verdict', 'careful', 2), STRANGER)), 'verdict-author'],
  [
    'payment of a rejected result',
    () => journal(edit(is('verdict', 'careful', 2), (r) => ({ ...r, accepted: false }))),
    'rejected-paid',
  ],
  [
    'verdict after the payment',
    () =>
      journal((messages) => {
        messageWith(messages, is('verdict', 'careful', 2)).at = settledAt() + 1n;
      }),
    'paid-before-verdict',
  ],
  [
    'verdict before the result',
    () =>
      journal((messages) => {
        messageWith(messages, is('verdict', 'careful', 2)).at =
          messageWith(messages, is('result', 'careful', 2)).at - 1n;
      }),
    'verdict-before-result',
  ],
  [
    'payment of the first attempt too',
    () => journal(payAlso({ task: 'careful', attempt: 1, amount: '100' })),
    'task-paid-twice',
  ],
  ['double payment', () => journal(payAlso({ task: 'careful', attempt: 2, amount: '100' })), 'attempt-paid-twice'],
  ['wrong amount', () => journal(editPayment('careful', { amount: '101' })), 'wrong-amount'],
  ['payment to another', () => journal(editPayment('careful', { to: STRANGER })), 'wrong-payee'],
  ['wrong token', () => journal(edit(is('settled'), (r) => ({ ...r, token: OTHER_TOKEN }))), 'wrong-token'],
  ['forged author of a payment', () => journal(reauthor(is('settled'), STRANGER)), 'settled-author'],
  [
    'record without a transfer',
    () => transactions((one) => (isTransfer(one) ? undefined : one)),
    'settled-without-transfer',
  ],
  [
    'transfer of another amount',
    () =>
      transactions((one) => ({
        ...one,
        tokenTransfers: one.tokenTransfers.map((move) => ({ ...move, amount: move.amount * 2n })),
      })),
    'transfer-amount',
  ],
  [
    'transfer outside a batch',
    () => transactions((one) => (isTransfer(one) ? { ...one, batch: undefined } : one)),
    'transfer-outside-batch',
  ],
  [
    'record outside a batch',
    () => transactions((one) => (one.at === settledAt() ? { ...one, batch: undefined } : one)),
    'settled-outside-batch',
  ],
  ['transfer without a record', () => journal(drop(is('settled'))), 'transfer-unrecorded'],
  [
    'record of another transfer',
    () => journal(edit(is('settled'), (r) => ({ ...r, transfer: '0.0.1003@1.000000001' }))),
    'transfer-id',
  ],
  ['more tasks than announced', () => journal(edit(is('run_opened'), (r) => ({ ...r, tasks: 3 }))), 'task-count'],
  ['edited plan', () => journal(edit(is('run_opened'), (r) => ({ ...r, plan_sha256: 'f'.repeat(64) }))), 'plan-digest'],
  [
    'other end than it came to',
    () => journal(edit(is('run_closed'), (r) => ({ ...r, state_sha256: 'f'.repeat(64) }))),
    'plan-state',
  ],
  ['complete without a task', () => journal(drop(is('verdict', 'free'))), 'outcome-differs'],
  [
    'unpaid work',
    () => journal(edit(is('settled'), (r) => (r.type === 'settled' ? { ...r, payments: r.payments.slice(1) } : r))),
    'accepted-unpaid',
  ],
  [
    'quorum without agreement',
    () => journal(edit(is('result', 'counted', 2), (r) => ({ ...r, output_sha256: 'f'.repeat(64) }))),
    'quorum-disagrees',
  ],
  [
    'inbox anybody may write to',
    () => ({ ...evidence, inboxes: evidence.inboxes.map((inbox) => ({ ...inbox, submitKey: undefined })) }),
    'inbox-submit-key',
  ],
  [
    'price that is not the plan’s',
    () => inboxes(edit(is('assign', 'careful', 2), (r) => ({ ...r, price: '99' }))),
    'plan-price',
  ],
  [
    'missing message',
    () => ({
      ...evidence,
      journal: { ...evidence.journal, messages: evidence.journal.messages.filter(({ sequence }) => sequence !== 9) },
    }),
    'message-missing',
  ],
  [
    'altered message',
    () => ({
      ...evidence,
      journal: {
        ...evidence.journal,
        messages: evidence.journal.messages.map((one) => (one.sequence === 9 ? { ...one, payer: STRANGER } : one)),
      },
    }),
    'message-altered',
  ],
];

describe('a run recorded on an embedded network', () => {
  it('keeps every rule', () => {
    const report = verify(evidence, { plan });
    expect(report.findings).toEqual([]);
    expect(report.runs).toMatchObject([
      { name: 'mixed-gates', outcome: 'complete', tasks: 4, accepted: 4, attempts: 7, payments: 5, paid: 155n },
    ]);
  });

  it('still keeps every rule when its messages are packed anew', () => {
    expect(
      verify(
        journal(() => undefined),
        { plan },
      ).findings,
    ).toEqual([]);
  });

  it.each(TAMPERINGS)('tampering is found: %s', (_what, tampered, rule) => {
    const report = verify(tampered(), { plan });
    expect(report.holds).toBe(false);
    expect(report.findings.map((finding) => finding.rule)).toContain(rule);
  });

  it('finds each tampering by a rule of its own', () => {
    const rules = TAMPERINGS.map(([, , rule]) => rule);
    expect(new Set(rules).size).toBe(rules.length);
    expect(rules.length).toBeGreaterThanOrEqual(20);
  });
});
