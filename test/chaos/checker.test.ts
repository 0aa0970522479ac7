import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkEvidence } from '../src/check/check-run.js';
import type { Assignment, Evidence } from '../src/check/evidence.js';
import { expectationOf } from '../src/check/expectation.js';
import type { SeenRecord, TransactionEntry } from '../src/check/mirror-truth.js';
import { RULES, type RuleId } from '../src/check/rules.js';

const PARTIES = { journal: '0.0.9', token: '0.0.8', coordinator: '0.0.1', agents: ['0.0.2', '0.0.3'] };
const [ONE, TWO] = ['0.0.2', '0.0.3'] as const;
const RUN = 'run-1';
const SUPPLY = 1_000n;
const PLAN = JSON.stringify({
  name: 'checked',
  sequences: [
    {
      id: 's',
      tasks: [
        { id: 'a', type: 't', price: 10, gate: { command: ['true'] } },
        { id: 'b', type: 't', price: 20, input: { of: { $output: 'a' } }, gate: { quorum: { of: 2, agree: 2 } } },
      ],
    },
  ],
});

/** What a tampering may change before it is checked. */
interface Draft {
  journal: SeenRecord[];
  assignments: Assignment[];
  transactions: TransactionEntry[];
  total: bigint;
  held: Map<string, bigint>;
}

/** A run of both tasks as it should be. */
function honest(): Draft {
  let at = 0n;
  const draft: Draft = { journal: [], assignments: [], transactions: [], total: SUPPLY, held: new Map() };
  const record = (author: string, type: string, fields: object): SeenRecord => {
    at += 1n;
    const seen = { ...fields, type, author, at, sequence: Number(at), run: RUN };
    draft.journal.push(seen);
    return seen;
  };
  const assign = (agent: string, task: string, attempt: number, price: bigint) => {
    at += 1n;
    draft.assignments.push({ agent, task, attempt, price, token: PARTIES.token, deadlineMs: 1, at });
  };
  const work = (agent: string, task: string, attempt: number) =>
    record(agent, 'result', { task, attempt, outcome: 'ok', output_sha256: `of ${task}` });
  const accept = (task: string, attempt: number) =>
    record(PARTIES.coordinator, 'verdict', { task, attempt, accepted: true, gate: 'command', reason: '' });
  const pay = (...payments: readonly { task: string; attempt: number; to: string; amount: string }[]) => {
    const settled = record(PARTIES.coordinator, 'settled', { token: PARTIES.token, payments });
    const batch = `0.${at}00`;
    const sum = payments.reduce((total, { amount }) => total + Number(amount), 0);
    const moves = payments.map(({ to, amount }) => ({ account: to, amount: Number(amount) }));
    draft.transactions.push(
      transaction('CRYPTOTRANSFER', `0.${at}01`, batch, [...moves, { account: PARTIES.coordinator, amount: -sum }]),
      transaction('CONSENSUSSUBMITMESSAGE', `0.${settled.at}`, batch, []),
    );
  };
  record(PARTIES.coordinator, 'run_opened', { name: 'checked' });
  assign(ONE, 'a', 1, 10n);
  work(ONE, 'a', 1);
  accept('a', 1);
  assign(ONE, 'b', 1, 20n);
  assign(TWO, 'b', 2, 20n);
  work(ONE, 'b', 1);
  work(TWO, 'b', 2);
  accept('b', 1);
  accept('b', 2);
  pay({ task: 'a', attempt: 1, to: ONE, amount: '10' });
  pay({ task: 'b', attempt: 1, to: ONE, amount: '20' }, { task: 'b', attempt: 2, to: TWO, amount: '20' });
  record(PARTIES.coordinator, 'run_closed', { outcome: 'complete' });
  for (const [account, balance] of [
    [PARTIES.coordinator, SUPPLY - 50n] as const,
    [ONE, 30n] as const,
    [TWO, 20n] as const,
  ]) {
    draft.held.set(account, balance);
  }
  return draft;
}

const transaction = (
  name: string,
  at: string,
  batch: string,
  moves: readonly { account: string; amount: number }[],
): TransactionEntry => ({
  transaction_id: `0.0.1-${at}`,
  name,
  result: 'SUCCESS',
  consensus_timestamp: at,
  parent_consensus_timestamp: batch,
  token_transfers: moves.map((move) => ({ token_id: PARTIES.token, ...move })),
});

function check(tamper: (draft: Draft) => void) {
  const draft = honest();
  tamper(draft);
  const { journal, assignments, transactions, total, held } = draft;
  const evidence: Evidence = {
    parties: PARTIES,
    run: RUN,
    journal,
    records: journal.filter(({ run }) => run === RUN),
    assignments,
    transactions,
    supply: { total, initial: SUPPLY, held },
  };
  return checkEvidence(evidence, expectationOf(PLAN).tasks);
}

const found = (draft: Draft, type: string, at = 0): SeenRecord => {
  const record = draft.journal.filter((one) => one.type === type)[at];
  if (record === undefined) throw new Error(`no ${type} ${at}`);
  return record;
};

/** Replaces a record by one that differs. */
function alter(draft: Draft, type: string, at: number, change: object): void {
  const record = found(draft, type, at);
  draft.journal[draft.journal.indexOf(record)] = { ...record, ...change };
}

function remove(draft: Draft, type: string, at = 0): void {
  draft.journal.splice(draft.journal.indexOf(found(draft, type, at)), 1);
}

function again(draft: Draft, type: string, at: number, change: object = {}): void {
  draft.journal.push({ ...found(draft, type, at), at: 1_000n, ...change });
}

const LATE = 500n;
const pays = (task: string, attempt: number, to: string, amount: string) => ({
  payments: [{ task, attempt, to, amount }],
});

describe('the checker', () => {
  it('finds nothing in an honest run', () => {
    expect(check(() => undefined)).toEqual({
      violations: [],
      outcome: 'complete',
      attempts: 3,
      payments: 3,
      done: 2,
      tasks: 2,
      unpaid: [],
    });
  });

  const tamperings: readonly (readonly [rule: RuleId, tamper: (draft: Draft) => void])[] = [
    ['assigned-unknown', ({ assignments: [first] }) => Object.assign(first ?? {}, { task: 'z' })],
    ['assigned-price', ({ assignments: [first] }) => Object.assign(first ?? {}, { price: 11n })],
    ['assigned-early', ({ assignments: [, second] }) => Object.assign(second ?? {}, { at: 0n })],
    ['paid-unassigned', (draft) => draft.assignments.splice(0, 1)],
    ['paid-price', (draft) => alter(draft, 'settled', 0, pays('a', 1, ONE, '11'))],
    ['paid-without-result', (draft) => remove(draft, 'result')],
    ['paid-without-result', (draft) => alter(draft, 'result', 0, { outcome: 'failed' })],
    ['paid-without-result', (draft) => alter(draft, 'result', 0, { author: TWO })],
    ['result-before-assignment', (draft) => alter(draft, 'result', 0, { at: 0n })],
    ['paid-without-verdict', (draft) => remove(draft, 'verdict')],
    ['paid-without-verdict', (draft) => alter(draft, 'verdict', 0, { accepted: false })],
    ['paid-without-verdict', (draft) => alter(draft, 'verdict', 0, { author: ONE })],
    ['paid-before-verdict', (draft) => alter(draft, 'verdict', 0, { at: LATE })],
    ['verdict-before-result', (draft) => alter(draft, 'verdict', 0, { at: 1n })],
    ['paid-twice', (draft) => again(draft, 'settled', 0)],
    ['paid-too-often', (draft) => again(draft, 'settled', 0)],
    ['paid-different-outputs', (draft) => alter(draft, 'result', 1, { output_sha256: 'other' })],
    ['paid-without-quorum', (draft) => alter(draft, 'verdict', 1, { accepted: false })],
    ['reported-twice', (draft) => again(draft, 'result', 0)],
    ['in-time-called-late', (draft) => alter(draft, 'verdict', 0, { accepted: false, gate: 'deadline' })],
    ['opened-again', (draft) => again(draft, 'run_opened', 0, { tasks: 3 })],
    ['not-closed', (draft) => remove(draft, 'run_closed')],
    ['closed-again', (draft) => again(draft, 'run_closed', 0)],
    ['after-close', (draft) => again(draft, 'settled', 0)],
    ['accepted-unpaid', (draft) => remove(draft, 'settled')],
    ['outcome-differs', (draft) => alter(draft, 'run_closed', 0, { outcome: 'failed' })],
    ['unexplained', (draft) => remove(draft, 'verdict')],
    ['settled-outside-batch', (draft) => draft.transactions.splice(1, 1)],
    ['moved-differently', (draft) => draft.transactions.splice(0, 1)],
    ['moved-unrecorded', (draft) => remove(draft, 'settled')],
    ['paid-stranger', (draft) => alter(draft, 'settled', 0, pays('a', 1, '0.0.77', '10'))],
    ['supply-changed', (draft) => Object.assign(draft, { total: SUPPLY + 1n })],
    ['supply-held', (draft) => draft.held.set(PARTIES.coordinator, SUPPLY)],
    ['balance-differs', (draft) => draft.held.set(ONE, 31n)],
  ];

  it('is shown to find every violation of a run that was opened', () => {
    const shown = new Set(tamperings.map(([rule]) => rule));
    expect(Object.keys(RULES).filter((rule) => !shown.has(rule as RuleId))).toEqual(['never-opened']);
  });

  it('has its rules in docs/reliability.md', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/reliability.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(([, rule, holds]) => [rule, holds]);
    expect(rows).toEqual(Object.entries(RULES));
  });

  it.each(tamperings)('finds %s', (rule, tamper) => {
    expect(check(tamper).violations.map((violation) => violation.rule)).toContain(rule);
  });
});
