import type { Plan } from '@gatepost/rules/plan/plan';
import type { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import { idsOf, readMessage, withIds } from '../check/read-message.js';
import type { Parties } from './evidence.js';

/** What a record says, read without the product's code. */
interface Said {
  readonly at: Nanos;
  /** Position among the records of its message. */
  readonly index: number;
  readonly author: AccountId;
  readonly topic: TopicId;
  readonly type: string;
  readonly task: string;
  readonly attempt: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Paid {
  readonly at: Nanos;
  readonly task: string;
  readonly attempt: number;
  readonly to: AccountId;
  readonly amount: bigint;
}

function readTopic(
  network: MemoryNetwork,
  topic: TopicId,
  run: string,
  ids: (task: string) => string = (task) => task,
): Said[] {
  const found: Said[] = [];
  for (const { consensusTimestamp: at, payer: author, message } of network.entities.topics.get(topic)?.messages ?? []) {
    let body: ReturnType<typeof readMessage>;
    try {
      body = readMessage(message.toString('utf8'));
    } catch {
      // Whoever wrote that said nothing.
      continue;
    }
    if (body.run !== undefined && body.run !== run) continue;
    for (const [index, record] of body.records.entries()) {
      const fields: Record<string, unknown> = withIds(record, ids);
      const [task, attempt] = [String(fields.task), Number(fields.attempt)];
      found.push({ at, index, author, topic, type: String(fields.type), task, attempt, fields });
    }
  }
  return found;
}

const isBefore = (one: Said, other: Pick<Said, 'at' | 'index'>): boolean =>
  one.at < other.at || (one.at === other.at && one.index < other.index);

/** Looks at what is on the ledger after a run, sharing no rule with the product: was the one sentence kept? */
class Checker {
  readonly violations: string[] = [];
  readonly #journal: readonly Said[];
  readonly #assignments: readonly (Said & { readonly agent: AccountId })[];
  readonly #paid: Paid[] = [];

  constructor(
    readonly network: MemoryNetwork,
    readonly parties: Parties,
    readonly plan: Plan,
    readonly run: string,
  ) {
    this.#assignments = [...parties.inboxes].flatMap(([agent, inbox]) =>
      readTopic(network, inbox, run)
        .filter(({ type, author }) => type === 'assign' && author === parties.coordinator)
        .map((said) => ({ ...said, agent })),
    );
    this.#journal = readTopic(network, parties.journal, run, idsOf(this.#assignments.map(({ fields }) => fields)));
  }

  /** When its payments were recorded. */
  get settledAt(): readonly Nanos[] {
    return this.#own('settled').map(({ at }) => at);
  }

  /** What each account was paid for the run. */
  get received(): readonly Pick<Paid, 'to' | 'amount'>[] {
    return this.#paid;
  }

  /** @param others when payments of other runs were recorded. */
  check(others: ReadonlySet<Nanos>): readonly string[] {
    this.#readPayments(others);
    for (const paid of this.#paid) this.#checkPayment(paid);
    this.#checkOnce();
    this.#checkDeadlines();
    this.#checkEnd();
    return this.violations;
  }

  #fail(rule: string, about: string): void {
    this.violations.push(`${rule}: ${about}`);
  }

  /** Every batch that moved tokens must say what for, and the other way round. */
  #readPayments(others: ReadonlySet<Nanos>): void {
    const { payer, token, journal } = this.parties;
    const moved = this.network.history.all.filter(
      ({ result, transfers }) => result === 'SUCCESS' && transfers.length > 0,
    );
    const settled = this.#own('settled');
    for (const { at, batch, transfers } of moved) {
      const inBatch = this.network.history.all.filter((other) => other.batch !== undefined && other.batch === batch);
      if (inBatch.some((one) => others.has(one.at))) continue;
      const said = settled.filter(({ at: when, topic }) => topic === journal && inBatch.some((one) => one.at === when));
      if (batch === undefined || said.length === 0) {
        this.#fail('a transfer without a record in its batch', `${at}`);
        continue;
      }
      const sums = new Map<AccountId, bigint>();
      for (const { fields, at: when } of said) {
        for (const each of fields.payments as { task: string; attempt: number; to: AccountId; amount: string }[]) {
          this.#paid.push({
            at: when,
            task: each.task,
            attempt: each.attempt,
            to: each.to,
            amount: BigInt(each.amount),
          });
          sums.set(each.to, (sums.get(each.to) ?? 0n) + BigInt(each.amount));
        }
      }
      for (const { account, amount, token: which } of transfers) {
        if (which !== token) this.#fail('a payment in another token', `${at}`);
        if (account !== payer && amount !== sums.get(account)) this.#fail('a record of another amount', `${at}`);
      }
    }
    const recorded = settled.filter(({ at }) => !this.#paid.some((paid) => paid.at === at));
    for (const { at } of recorded) this.#fail('a payment record without a transfer', `${at}`);
  }

  #own(type: string): readonly Said[] {
    return this.#journal.filter((said) => said.type === type && said.author === this.parties.coordinator);
  }

  #of(type: string, { task, attempt }: Pick<Paid, 'task' | 'attempt'>): readonly Said[] {
    return this.#journal.filter((said) => said.type === type && said.task === task && said.attempt === attempt);
  }

  #priceOf(task: string): bigint | undefined {
    const spec = this.plan.tasks.find(({ id }) => id === task);
    if (spec !== undefined) return spec.price;
    const [, reviewed] = /^\d+~(.+)$/.exec(task) ?? [];
    const gate = this.plan.tasks.find(({ id }) => id === reviewed)?.gates.find(({ kind }) => kind === 'agent');
    return gate?.kind === 'agent' ? gate.price : undefined;
  }

  #checkPayment(paid: Paid): void {
    const name = `${paid.task}#${paid.attempt}`;
    const assigned = this.#assignments.filter((one) => one.task === paid.task && one.attempt === paid.attempt);
    if (!assigned.some(({ agent }) => agent === paid.to)) this.#fail('paid without an assignment', name);
    if (paid.amount !== this.#priceOf(paid.task)) this.#fail('paid another amount than the price', name);
    const verdict = this.#of('verdict', paid).find(({ author }) => author === this.parties.judge);
    if (verdict === undefined || verdict.fields.accepted !== true) {
      this.#fail('paid without acceptance', name);
      return;
    }
    if (!isBefore(verdict, { at: paid.at, index: 0 })) this.#fail('paid before it was accepted', name);
    const results = this.#of('result', paid).filter(
      ({ author, fields }) => author === paid.to && fields.outcome === 'ok',
    );
    if (!results.some((result) => isBefore(result, verdict))) this.#fail('accepted without a result before', name);
  }

  #checkOnce(): void {
    const attempts = new Map<string, number>();
    const tasks = new Map<string, number>();
    for (const { task, attempt } of this.#paid) {
      attempts.set(`${task}#${attempt}`, (attempts.get(`${task}#${attempt}`) ?? 0) + 1);
      tasks.set(task, (tasks.get(task) ?? 0) + 1);
    }
    for (const [name, times] of attempts) if (times > 1) this.#fail('an attempt paid more than once', name);
    for (const [task, times] of tasks) {
      const quorum = this.plan.tasks.find(({ id }) => id === task)?.gates.find(({ kind }) => kind === 'quorum');
      const most = quorum?.kind === 'quorum' ? quorum.of : 1;
      if (times > most) this.#fail('a task paid more than once', task);
    }
    const total = this.#paid.reduce((sum, { amount }) => sum + amount, 0n);
    if (this.plan.maxTotal !== undefined && total > this.plan.maxTotal)
      this.#fail('paid more than the plan allows', `${total}`);
  }

  /** What came in time must not be turned down as late. */
  #checkDeadlines(): void {
    for (const verdict of this.#own('verdict')) {
      if (verdict.fields.accepted === true || verdict.fields.gate !== 'deadline') continue;
      const [first] = this.#of('verdict', verdict).filter(({ author }) => author === verdict.author);
      if (first !== verdict) continue;
      const name = `${verdict.task}#${verdict.attempt}`;
      const assigned = this.#assignments.filter((one) => one.task === verdict.task && one.attempt === verdict.attempt);
      const [only] = assigned;
      // Of an attempt that two processes gave to two agents only one has effect; which one is the fold's business.
      if (assigned.length !== 1 || only === undefined) continue;
      const deadlineMs = Number(only.fields.deadline_ms);
      const results = this.#of('result', verdict).filter(
        ({ author, fields }) =>
          author === only.agent && (fields.outcome !== 'ok' || fields.output_sha256 !== undefined),
      );
      const inTime = results.find(({ at }) => at > only.at && msFromNanos(at) <= deadlineMs);
      if (inTime !== undefined && isBefore(inTime, verdict)) this.#fail('in time, rejected as late', name);
    }
  }

  /** The run is closed, and what was accepted in a complete one is paid. */
  #checkEnd(): void {
    const [closed] = this.#own('run_closed');
    if (closed === undefined) this.#fail('the run did not end', this.run);
    if (closed?.fields.outcome !== 'complete') return;
    for (const { id, price } of this.plan.tasks) {
      if (price > 0n && !this.#paid.some(({ task }) => task === id)) this.#fail('complete, and not all are paid', id);
    }
    for (const { at } of this.#paid) if (at > closed.at) this.#fail('paid after the end', `${at}`);
  }
}

/** Looks at all runs of a coordinator, each by itself, and at what they come to together. */
export function checkRuns(
  network: MemoryNetwork,
  parties: Parties,
  runs: readonly { readonly plan: Plan; readonly run: string }[],
  supply: bigint,
): readonly string[] {
  const checkers = runs.map(({ plan, run }) => new Checker(network, parties, plan, run));
  const found = checkers.flatMap((checker) => {
    const others = checkers.filter((other) => other !== checker).flatMap(({ settledAt }) => settledAt);
    return checker.check(new Set(others));
  });
  const balances = network.entities.tokens.get(parties.token)?.balances ?? new Map<AccountId, bigint>();
  const sum = [...balances.values()].reduce((total, each) => total + each, 0n);
  if (sum !== supply) found.push(`the supply changed: ${sum} instead of ${supply}`);
  const paid = checkers.flatMap(({ received }) => received);
  for (const [account, amount] of balances) {
    const received = paid.filter(({ to }) => to === account).reduce((total, each) => total + each.amount, 0n);
    if (account !== parties.payer && received !== amount) found.push(`a balance that nobody paid: ${account}`);
  }
  return found;
}
