import type { Plan } from '@gatepost/rules/plan/plan';
import type { RunMode } from '@gatepost/rules/run/run-mode';
import { foldRun } from '@gatepost/rules/verify/check-state';
import type {
  CustomFeesEvidence,
  Evidence,
  KeyListEvidence,
  OwnedTopicEvidence,
  TokenTransfer,
} from '@gatepost/rules/verify/evidence';
import { replay } from '@gatepost/rules/verify/replay';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { CountedNames, type TaskNames } from '@gatepost/shared/records/task-names';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TokenId, TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import { FIRST_RUNNING_HASH, nextRunningHash } from '@gatepost/shared/vocabulary/running-hash';
import { formatNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import { encodeMessage } from './encode-message.js';
import { wholeRecord } from './whole-record.js';

export const COORDINATOR = '0.0.1001' as AccountId;
export const AGENT_1 = '0.0.1002' as AccountId;
export const AGENT_2 = '0.0.1003' as AccountId;
export const AGENT_3 = '0.0.1004' as AccountId;
export const GATEKEEPER = '0.0.1007' as AccountId;
export const ESCROW = '0.0.1008' as AccountId;
export const ARBITER = '0.0.1009' as AccountId;
export const STRANGER = '0.0.6666' as AccountId;
export const TOKEN = '0.0.2001' as TokenId;
export const OTHER_TOKEN = '0.0.2002' as TokenId;
export const JOURNAL = '0.0.3001' as TopicId;
export const INBOX_1 = '0.0.3002' as TopicId;
export const INBOX_2 = '0.0.3003' as TopicId;
/** A stranger's, to which anybody may write. */
export const INBOX_3 = '0.0.3004' as TopicId;
export const INBOX_4 = '0.0.3005' as TopicId;
/** Another journal of the same coordinator, which `verify` does not read. */
export const OTHER_JOURNAL = '0.0.3009' as TopicId;
export const RUN = 'run-1';

/** The agents, each with the inbox that is its own. */
const INBOXES: ReadonlyMap<AccountId, TopicId> = new Map([
  [AGENT_1, INBOX_1],
  [AGENT_2, INBOX_2],
  [AGENT_3, INBOX_4],
]);

export const inboxOf = (agent: AccountId): TopicId => INBOXES.get(agent) ?? INBOX_3;
/** The schedule that the parties to a dispute of an attempt name. */
export const scheduleOf = (task: string, attempt: number): string =>
  `0.0.${9_000 + (Number.parseInt(sha256(`${task}#${attempt}`).slice(0, 6), 16) % 1_000_000)}`;
export const keyOf = (account: string): string => `ED25519:${sha256(account)}`;
const SECOND = 1_000_000_000n;
/** When the inboxes were made, before all else. */
const CREATED: Nanos = 1_600_000_000n * SECOND;

/** The key of an escrow with an arbiter. */
export const TWO_OF_THREE: KeyListEvidence = { keys: [COORDINATOR, GATEKEEPER, ARBITER].map(keyOf), threshold: 2 };

/** A message as its author sent it. */
export interface RawMessage {
  topic: TopicId;
  at: Nanos;
  payer: AccountId;
  run: string | undefined;
  records: AnyRecord[];
  /** Of the batch it is part of. */
  batch: Nanos | undefined;
  /** How it numbers tasks, when otherwise than the rest. */
  names?: TaskNames;
}

/** A transfer of tokens, paid for by the coordinator. */
export interface RawTransfer {
  id: TransactionId;
  at: Nanos;
  batch: Nanos | undefined;
  tokenTransfers: TokenTransfer[];
  customFees?: CustomFeesEvidence;
  scheduled?: true;
}

/** What one payment record and its transfer hold; each part can be made to differ. */
export interface Settlement {
  readonly payments: readonly { task: string; attempt: number; to: AccountId; amount: number }[];
  /** What really moves; what the record says when left out. */
  readonly moved?: readonly { to: AccountId; amount: number; token?: TokenId }[];
  readonly author?: AccountId;
  readonly token?: TokenId;
  readonly transfer?: string;
  /** Whether record and transfer stand outside any batch. */
  readonly loose?: boolean;
}

/** Writes the public history of a run, honest or not, as the ledger would show it: all chains and times are right. */
export class HistoryBuilder {
  readonly #names = new Map<string, CountedNames>();
  readonly messages: RawMessage[] = [];
  readonly transfers: RawTransfer[] = [];
  readonly submitKeys = new Map<TopicId, string | undefined>(
    [...INBOXES.values()].map((id) => [id, keyOf(COORDINATOR)]),
  );
  readonly adminKeys = new Map<TopicId, string | undefined>([
    [JOURNAL, keyOf(COORDINATOR)],
    ...[...INBOXES].map(([agent, inbox]) => [inbox, keyOf(agent)] as const),
  ]);
  /** Who created each inbox. */
  readonly creators = new Map<TopicId, AccountId>([...INBOXES].map(([agent, inbox]) => [inbox, agent]));
  /** With it run_closed gets the digest that the coordinator's own fold comes to. */
  plan: Plan | undefined;
  /** Digest for run_closed instead of the right one. */
  stateSha256: string | undefined;
  /** Run that is written about. */
  run = RUN;
  /** Who judges and what pays, when that is not the coordinator. */
  mode: RunMode = {};
  /** When the network carried out the schedules of disputes. */
  readonly disputeSchedules = new Map<string, Nanos | undefined>();
  escrowKey: KeyListEvidence | undefined = { keys: [keyOf(COORDINATOR), keyOf(GATEKEEPER)], threshold: 2 };
  tokenKeys: [allows: string, key: string][] = [];
  /** Account that holds the supply of the payment token. */
  treasury: AccountId = COORDINATOR;
  now: Nanos = 1_700_000_000n * SECOND;

  /** The next consensus timestamp. */
  tick(): Nanos {
    this.now += SECOND;
    return this.now;
  }

  say(topic: TopicId, payer: AccountId, record: AnyRecord, run: string | null = this.run): RawMessage {
    const message = { topic, at: this.tick(), payer, run: run ?? undefined, records: [record], batch: undefined };
    this.messages.push(message);
    return message;
  }

  online(agent: AccountId, inbox = inboxOf(agent)): RawMessage {
    const life = { session: `s-${agent}`, inbox, address: '127.0.0.1:1', capabilities: ['work'], slots: 1 };
    return this.say(JOURNAL, agent, { type: 'online', ...life }, null);
  }

  open(plan: string, tasks: number, author = COORDINATOR): RawMessage {
    return this.say(JOURNAL, author, {
      type: 'run_opened',
      plan_sha256: plan,
      name: 'test',
      tasks,
      token: TOKEN,
      ...this.mode,
    });
  }

  assign(task: string, attempt: number, agent: AccountId, price: number, author = COORDINATOR): RawMessage {
    const input = { input_sha256: sha256(task), input_size: 2, deadline_ms: 1_800_000_000_000 };
    const record: AnyRecord = {
      type: 'assign',
      task,
      attempt,
      task_type: task.includes('~') ? 'review' : 'work',
      ...input,
      price: `${price}`,
      token: TOKEN,
      judge: this.mode.gatekeeper,
    };
    return this.say(inboxOf(agent), author, record);
  }

  result(task: string, attempt: number, author: AccountId, output = task): RawMessage {
    const record = { type: 'result' as const, task, attempt, outcome: 'ok' as const };
    return this.say(JOURNAL, author, { ...record, output_sha256: sha256(output), output_size: 1 });
  }

  verdict(
    task: string,
    attempt: number,
    accepted = true,
    gate = 'command',
    author = this.mode.gatekeeper ?? COORDINATOR,
  ): RawMessage {
    return this.say(JOURNAL, author, { type: 'verdict', task, attempt, accepted, gate, reason: 'because' });
  }

  settle(settlement: Settlement): { message: RawMessage; transfer: RawTransfer } {
    const { payments, moved = payments, author = COORDINATOR, token = TOKEN, loose = false } = settlement;
    const batch = loose ? undefined : this.tick();
    // What is in a batch happens a few nanoseconds after it.
    const began = this.now;
    const transfer = this.transfer(this.mode.escrow ?? COORDINATOR, moved, batch, token);
    if (batch !== undefined) transfer.at = began + 10n;
    const record: AnyRecord = {
      type: 'settled',
      token,
      transfer: settlement.transfer ?? transfer.id,
      payments: payments.map((payment) => ({ ...payment, amount: `${payment.amount}` })),
    };
    const message = this.say(JOURNAL, author, record);
    message.batch = batch;
    if (batch !== undefined) message.at = began + 20n;
    return { message, transfer };
  }

  transfer(
    from: AccountId,
    moved: readonly { to: AccountId; amount: number; token?: TokenId }[],
    batch: Nanos | undefined,
    token = TOKEN,
  ): RawTransfer {
    const at = this.tick();
    const tokenTransfers = moved.flatMap((move) => [
      { token: move.token ?? token, account: move.to, amount: BigInt(move.amount) },
      { token: move.token ?? token, account: from, amount: -BigInt(move.amount) },
    ]);
    const transfer: RawTransfer = { id: `${from}@${formatNanos(at)}` as TransactionId, at, batch, tokenTransfers };
    this.transfers.push(transfer);
    return transfer;
  }

  dispute(task: string, attempt: number, by: AccountId = COORDINATOR): RawMessage {
    const schedule = scheduleOf(task, attempt);
    if (!this.disputeSchedules.has(schedule)) this.disputeSchedules.set(schedule, undefined);
    return this.say(JOURNAL, by, { type: 'dispute', task, attempt, schedule, reason: 'not judged' });
  }

  /** The arbiter's word; time has to pass before it, which is for the caller. */
  decide(task: string, attempt: number, pay: boolean, by: AccountId = this.mode.arbiter ?? STRANGER): RawMessage {
    return this.say(JOURNAL, by, { type: 'decision', task, attempt, pay, reason: 'looked at it' });
  }

  /** The arbiter signs the schedule of a dispute, and the network carries it out. */
  carryOut(task: string, attempt: number, to: AccountId, amount: number): RawTransfer {
    const sent = this.transfer(this.mode.escrow ?? COORDINATOR, [{ to, amount }], undefined);
    sent.scheduled = true;
    this.disputeSchedules.set(scheduleOf(task, attempt), sent.at);
    return sent;
  }

  close(outcome: 'complete' | 'failed' | 'cancelled' = 'complete'): RawMessage {
    return this.say(JOURNAL, COORDINATOR, { type: 'run_closed', outcome, state_sha256: '0'.repeat(64) });
  }

  /** The first message that holds a record of a type, about a task and attempt when given. */
  find(type: AnyRecord['type'], task?: string, attempt?: number): RawMessage {
    const found = this.messages.find(({ records }) =>
      records.some((record) => {
        const about = record as { type: string; task?: string; attempt?: number };
        return (
          about.type === type &&
          (task === undefined || about.task === task) &&
          (attempt === undefined || about.attempt === attempt)
        );
      }),
    );
    if (found === undefined) throw new Error(`no ${type} of ${task}#${attempt}`);
    return found;
  }

  /** Changes a record in place. */
  edit(type: AnyRecord['type'], task: string | undefined, change: Record<string, unknown>, attempt?: number): void {
    const message = this.find(type, task, attempt);
    message.records = message.records.map((record) => ({ ...record, ...change }) as AnyRecord);
  }

  /** Takes a message back, as if it had never been written. */
  remove(message: RawMessage): void {
    this.messages.splice(this.messages.indexOf(message), 1);
  }

  build(): Evidence {
    const replayed = replay(this.#evidence(), this.plan);
    for (const run of replayed.runs.values()) {
      const closed = this.messages.find(
        (message) => message.run === run.run && message.records[0]?.type === 'run_closed',
      );
      if (closed === undefined || this.plan === undefined) continue;
      const digest = this.stateSha256 ?? foldRun(run, this.plan, JOURNAL, replayed).digest;
      closed.records = closed.records.map((record) => ({ ...record, state_sha256: digest }) as AnyRecord);
    }
    return this.#evidence();
  }

  #evidence(): Evidence {
    const accounts = [COORDINATOR, GATEKEEPER, ARBITER, ...INBOXES.keys(), STRANGER, this.treasury];
    const submits = this.messages.map(({ topic, at, payer, batch }) => ({
      id: `${payer}@${formatNanos(at)}` as TransactionId,
      at,
      name: 'CONSENSUSSUBMITMESSAGE',
      entity: topic,
      batch,
      tokenTransfers: [],
    }));
    const transfers = this.transfers.map((transfer) => ({ ...transfer, name: 'CRYPTOTRANSFER', entity: undefined }));
    return {
      journal: this.#topic(JOURNAL),
      inboxes: [...INBOXES.values(), INBOX_3].map((inbox) => this.#topic(inbox)),
      accountKeys: new Map(accounts.map((account) => [account, keyOf(account)])),
      treasuries: new Map([[TOKEN, this.treasury]]),
      ...(this.mode.escrow === undefined ? {} : this.#ofEscrow(this.mode.escrow)),
      transactions: [...submits, ...transfers].sort((a, b) => Number(a.at - b.at)),
    };
  }

  #ofEscrow(escrow: AccountId): Pick<Evidence, 'escrowKeys' | 'tokenKeys' | 'disputeSchedules'> {
    const { disputeSchedules } = this;
    return {
      escrowKeys: new Map([[escrow, this.escrowKey]]),
      tokenKeys: new Map([[TOKEN, this.tokenKeys]]),
      disputeSchedules,
    };
  }

  /** How a run numbers its tasks: as the plan does, and others as they come. */
  #namesOf(run: string | undefined): TaskNames {
    const names = this.#names.get(run ?? '') ?? new CountedNames(this.plan?.tasks.map(({ id }) => id));
    this.#names.set(run ?? '', names);
    return names;
  }

  #topic(topic: TopicId): OwnedTopicEvidence {
    const own = this.messages.filter((message) => message.topic === topic).sort((a, b) => Number(a.at - b.at));
    let hash: Uint8Array = FIRST_RUNNING_HASH;
    const messages = own.map(({ at, payer, run, records, batch, names }, index) => {
      const content = Buffer.from(encodeMessage(run, records.map(wholeRecord), names ?? this.#namesOf(run)));
      const sequence = index + 1;
      const handledAt = batch ?? at;
      hash = nextRunningHash(hash, { payer, topic, handledAt, sequence, content });
      return { sequence, at, handledAt, payer, content, chunks: 1, runningHash: hash };
    });
    const by = this.creators.get(topic);
    return {
      topic,
      adminKey: this.adminKeys.get(topic),
      submitKey: this.submitKeys.get(topic),
      creation: by && { by, at: CREATED },
      messages,
    };
  }
}
