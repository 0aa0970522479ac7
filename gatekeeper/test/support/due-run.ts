import type { AskedBatch, AskedPayment } from '@gatepost/gatekeeper/core/cosigning';
import { reduce } from '@gatepost/rules/fold/reduce';
import type { Attempt } from '@gatepost/rules/run/attempt';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { accountId, type TransactionId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { formatNanos, NANOS_PER_SECOND, type Nanos } from '@gatepost/shared/vocabulary/time';
import { planOf, taskOf } from '../../../coordinator/test/core/plans.js';

export const COORDINATOR = accountId('0.0.10');
export const GATEKEEPER = accountId('0.0.11');
export const ARBITER = accountId('0.0.14');
export const ESCROW = accountId('0.0.12');
export const STRANGER = accountId('0.0.13');
export const AGENTS = [accountId('0.0.20'), accountId('0.0.21')] as const;
const INBOXES = [topicId('0.0.30'), topicId('0.0.31')] as const;
export const JOURNAL = topicId('0.0.40');
export const TOKEN = tokenId('0.0.50');
export const RUN = 'run-1';
const SECOND = NANOS_PER_SECOND;
export const START_AT: Nanos = 1_800_000_000n * SECOND;

/** A run of tasks `t0`, `t1`, ... at 10 each, folded as far as a test takes it; one second passes with every record. */
export class DueRun {
  readonly state: RunState;
  now: Nanos = START_AT;
  #sequence = 0;

  /** @param arbiter whether the run has one. */
  constructor(tasks: number, { arbiter = false, attempts = 1 } = {}) {
    const plan = planOf(Array.from({ length: tasks }, (_, index) => taskOf(`t${index}`, { attempts })));
    const mode = { gatekeeper: GATEKEEPER, escrow: ESCROW, arbiter: arbiter ? ARBITER : undefined };
    this.state = emptyState({
      run: RUN,
      plan,
      coordinator: COORDINATOR,
      journal: JOURNAL,
      token: TOKEN,
      agents: new Set(AGENTS),
      ...mode,
    });
    const opened = { plan_sha256: plan.digest, name: plan.name, tasks, token: TOKEN, ...mode };
    this.fold(COORDINATOR, { type: 'run_opened', ...opened });
    for (const [index, agent] of AGENTS.entries()) {
      const inbox = INBOXES[index] ?? '';
      const about = { inbox, address: '127.0.0.1:1', capabilities: ['work'], slots: 9, session: `s${index}` };
      this.fold(agent, { type: 'online', ...about }, { ofOwnInbox: true });
    }
  }

  fold(author: string, record: AnyRecord, more: object = {}, topic: string = JOURNAL): void {
    this.now += SECOND;
    this.#sequence += 1;
    const entry = {
      at: this.now,
      author: accountId(author),
      topic: topicId(topic),
      sequence: this.#sequence,
      run: RUN,
    };
    reduce(this.state, { ...entry, record, ...more });
  }

  assign(task: number, agent = 0, attempt = 1): void {
    const inbox = INBOXES[agent] ?? '';
    const input = { input_sha256: sha256('in'), input_size: 2, task_type: 'work' };
    const terms = {
      deadline_ms: Number(this.now / 1_000_000n) + 3_600_000,
      price: '10',
      token: TOKEN,
      judge: GATEKEEPER,
    };
    this.fold(COORDINATOR, { type: 'assign', task: `t${task}`, attempt, ...input, ...terms }, {}, inbox);
  }

  deliver(task: number, agent = 0, attempt = 1): void {
    const output = { outcome: 'ok' as const, output_sha256: sha256(`out ${task}`), output_size: 5 };
    this.fold(AGENTS[agent] ?? '', { type: 'result', task: `t${task}`, attempt, ...output });
  }

  judge(task: number, accepted = true, author: string = GATEKEEPER, attempt = 1): void {
    this.fold(author, { type: 'verdict', task: `t${task}`, attempt, accepted, gate: 'command', reason: 'x' });
  }

  /** All of it up to an acceptance. */
  accept(task: number, agent = 0): void {
    this.assign(task, agent);
    this.deliver(task, agent);
    this.judge(task);
  }

  dispute(task: number, author: string = COORDINATOR, attempt = 1): void {
    const schedule = `0.0.${900 + task * 10 + attempt}`;
    this.fold(author, { type: 'dispute', task: `t${task}`, attempt, schedule, reason: 'not paid' });
  }

  /** @param after seconds that pass before. */
  decide(task: number, pay: boolean, after = 200, attempt = 1): void {
    this.now += BigInt(after) * SECOND;
    this.fold(ARBITER, { type: 'decision', task: `t${task}`, attempt, pay, reason: 'looked at it' });
  }

  attempt(task: number, number = 1): Attempt {
    const found = this.state.tasks.get(`t${task}`)?.attempts[number - 1];
    if (found === undefined) throw new Error(`t${task}#${number} was not assigned`);
    return found;
  }

  get ignored(): readonly string[] {
    return [...this.state.ignored.keys()];
  }

  settle(task: number, agent = 0): void {
    const payments = [{ task: `t${task}`, attempt: 1, to: AGENTS[agent] ?? '', amount: '10' }];
    this.fold(COORDINATOR, { type: 'settled', token: TOKEN, payments });
  }
}

export const paymentOf = (task: number, agent = 0, amount = 10n): AskedPayment => ({
  task: `t${task}`,
  attempt: 1,
  to: AGENTS[agent] ?? STRANGER,
  amount,
});

/** An honest batch that pays these; `change` makes it another. */
export function batchOf(
  payments: readonly AskedPayment[],
  validStart: Nanos,
  change: Partial<AskedBatch> = {},
): AskedBatch {
  const transfer = `${COORDINATOR}@${formatNanos(validStart)}` as TransactionId;
  const totals = new Map<string, bigint>();
  for (const { to, amount } of payments) totals.set(to, (totals.get(to) ?? 0n) + amount);
  return {
    digest: sha256(JSON.stringify([payments.map((one) => ({ ...one, amount: `${one.amount}` })), `${validStart}`])),
    id: `${COORDINATOR}@${formatNanos(validStart + 1n)}` as TransactionId,
    payer: COORDINATOR,
    validStart,
    validSeconds: 120,
    from: ESCROW,
    token: TOKEN,
    payees: [...totals].map(([to, amount]) => ({ to: accountId(to), amount })),
    records: [{ topic: JOURNAL, run: RUN, token: TOKEN, transfer, payments }],
    transfer,
    ...change,
  };
}
