import type { AccountId, ScheduleId, TokenId, TransactionId } from '../../vocabulary/ids.js';
import { NANOS_PER_SECOND, type Nanos } from '../../vocabulary/time.js';
import type { Action } from '../ledger.js';
import type { Entities, MemorySchedule } from './entities.js';

type ActionOf<K extends Action['kind']> = Extract<Action, { kind: K }>;

/** What one transaction did to an account's balance of a token. */
export interface MemoryTransfer {
  readonly token: TokenId;
  readonly account: AccountId;
  readonly amount: bigint;
}

/** What an action came to; what it changed can be taken back. */
export interface Handled {
  readonly status: string;
  readonly transfers?: readonly MemoryTransfer[];
  readonly sequence?: number;
  readonly schedule?: ScheduleId;
  readonly undo?: () => void;
}

/** What the network knows when it handles an action. */
export interface Handling {
  readonly entities: Entities;
  /** The transaction. */
  readonly by: TransactionId;
  readonly payer: AccountId;
  /** Consensus time. */
  readonly at: Nanos;
  readonly newScheduleId: () => ScheduleId;
  /** Whose tokens a transfer takes, and who signed it besides its payer. */
  readonly from?: AccountId;
  readonly cosigner?: AccountId | undefined;
}

const MAX_MESSAGE_BYTES = 1_024;
const MAX_TRANSFER_ENTRIES = 10;
const MAX_SCHEDULE_SECONDS = 5_356_800n;

const refuse = (status: string): Handled => ({ status });

/** What the node says of an action without looking at anything else (facts, section 2.1, row 23); undefined when it is sound. */
export function pureCheck(action: Action): string | undefined {
  if (action.kind === 'message' && action.message.length === 0) return 'INVALID_TOPIC_MESSAGE';
  if (action.kind !== 'transfer') return undefined;
  const accounts = action.payees.map(({ to }) => to);
  return new Set(accounts).size < accounts.length ? 'ACCOUNT_REPEATED_IN_ACCOUNT_AMOUNTS' : undefined;
}

/** Carries out one action, or says with the real network's status why not; then nothing was changed. */
export function handle(handling: Handling, action: Action): Handled {
  switch (action.kind) {
    case 'message':
      return submitMessage(handling, action);
    case 'transfer':
      return transfer(handling, action);
    case 'schedule':
      return schedule(handling, action);
    case 'unschedule':
      return unschedule(handling, action);
  }
}

/** Posts a message; also what a schedule does at its expiry. */
export function submitMessage(
  { entities, payer, at }: Pick<Handling, 'entities' | 'payer' | 'at'>,
  { topic: id, message }: Pick<ActionOf<'message'>, 'topic' | 'message'>,
): Handled {
  const topic = entities.topics.get(id);
  if (topic === undefined) return refuse('INVALID_TOPIC_ID');
  if (topic.submitter !== undefined && topic.submitter !== payer) return refuse('INVALID_SIGNATURE');
  if (message.length > MAX_MESSAGE_BYTES) return refuse('MESSAGE_SIZE_TOO_LARGE');
  const sequence = topic.sequence + 1;
  topic.append({
    topic: id,
    sequenceNumber: sequence,
    consensusTimestamp: at,
    payer,
    message: Buffer.from(message),
    chunk: { number: 1, total: 1 },
  });
  return { status: 'SUCCESS', sequence, undo: () => topic.takeBack() };
}

/** Whether those who signed hold an account's key. */
const mayTake = ({ entities, payer, cosigner }: Handling, from: AccountId): boolean => {
  const needed = entities.keyLists.get(from) ?? [from];
  return needed.every((party) => party === payer || party === cosigner);
};

function transfer(handling: Handling, { token: id, payees }: ActionOf<'transfer'>): Handled {
  const { entities, payer, from = payer } = handling;
  if (payees.length + 1 > MAX_TRANSFER_ENTRIES) return refuse('TOKEN_TRANSFER_LIST_SIZE_LIMIT_EXCEEDED');
  const token = entities.tokens.get(id);
  if (token === undefined) return refuse('INVALID_TOKEN_ID');
  if (!mayTake(handling, from)) return refuse('INVALID_SIGNATURE');
  const total = payees.reduce((sum, { amount }) => sum + amount, 0n);
  for (const account of [from, ...payees.map(({ to }) => to)]) {
    if (!entities.accounts.has(account)) return refuse('INVALID_ACCOUNT_ID');
    if (!token.balances.has(account) && !entities.keyLists.has(account))
      return refuse('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    if (token.frozen.has(account)) return refuse('ACCOUNT_FROZEN_FOR_TOKEN');
  }
  if ((token.balances.get(from) ?? 0n) < total) return refuse('INSUFFICIENT_TOKEN_BALANCE');
  const transfers = [
    ...payees.map(({ to, amount }) => ({ token: id, account: to, amount })),
    { token: id, account: from, amount: -total },
  ];
  const move = (sign: bigint) => {
    for (const { account, amount } of transfers) {
      token.balances.set(account, (token.balances.get(account) ?? 0n) + sign * amount);
    }
  };
  move(1n);
  return { status: 'SUCCESS', transfers, undo: () => move(-1n) };
}

const isSame = (one: MemorySchedule, creator: AccountId, action: ActionOf<'schedule'>): boolean =>
  one.creator === creator &&
  one.action.memo === action.memo &&
  one.action.topic === action.topic &&
  one.action.expiresAt / NANOS_PER_SECOND === action.expiresAt / NANOS_PER_SECOND &&
  Buffer.compare(one.action.message, action.message) === 0;

function schedule({ entities, by, payer, at, newScheduleId }: Handling, action: ActionOf<'schedule'>): Handled {
  const expirySecond = action.expiresAt / NANOS_PER_SECOND;
  if (Buffer.byteLength(action.memo) > 100) return refuse('MEMO_TOO_LONG');
  if (expirySecond <= at / NANOS_PER_SECOND) {
    return refuse('SCHEDULE_EXPIRATION_TIME_MUST_BE_HIGHER_THAN_CONSENSUS_TIME');
  }
  if (expirySecond > at / NANOS_PER_SECOND + MAX_SCHEDULE_SECONDS) {
    return refuse('SCHEDULE_EXPIRATION_TIME_TOO_FAR_IN_FUTURE');
  }
  if (!entities.topics.has(action.topic)) return refuse('INVALID_TOPIC_ID');
  for (const one of entities.schedules.values()) {
    if (isSame(one, payer, action)) return { status: 'IDENTICAL_SCHEDULE_ALREADY_CREATED', schedule: one.id };
  }
  const id = newScheduleId();
  entities.schedules.set(id, {
    id,
    creator: payer,
    action,
    createdBy: by,
    createdAt: at,
    executedAt: undefined,
    deletedAt: undefined,
  });
  return { status: 'SUCCESS', schedule: id, undo: () => void entities.schedules.delete(id) };
}

function unschedule({ entities, payer, at }: Handling, { schedule: id }: ActionOf<'unschedule'>): Handled {
  const found = entities.schedules.get(id);
  if (found === undefined) return refuse('INVALID_SCHEDULE_ID');
  if (found.creator !== payer) return refuse('INVALID_SIGNATURE');
  if (found.deletedAt !== undefined) return refuse('SCHEDULE_ALREADY_DELETED');
  if (found.executedAt !== undefined) return refuse('SCHEDULE_ALREADY_EXECUTED');
  found.deletedAt = at;
  return {
    status: 'SUCCESS',
    undo: () => {
      found.deletedAt = undefined;
    },
  };
}
