import type { Transaction } from '@hashgraph/sdk';
import type { Action, Ledger } from '../ledger/ledger.js';
import type { Logger } from '../log.js';
import { GatepostError } from '../vocabulary/errors.js';
import { scheduleId } from '../vocabulary/ids.js';
import { prepareBatch } from './batch.js';
import type { Connection } from './connection.js';
import { prepareFromEscrow } from './cosigned/prepare.js';
import { messagesBy } from './messages-by.js';
import { isOfOwnSchedule } from './own-schedule.js';
import { scheduleCreation, scheduleDeletion } from './schedules.js';
import { tokenTransfer } from './tokens.js';
import { topicCreation, topicsMadeBy } from './topic-creation.js';
import { followTopic, readTopic } from './topic-feed.js';
import { messageTransaction } from './topics.js';
import { execute, prepare } from './transaction.js';

function transactionOf(connection: Connection, action: Action): Transaction {
  switch (action.kind) {
    case 'message':
      return messageTransaction(action.topic, action.message);
    case 'transfer':
      return tokenTransfer(connection, action.token, action.payees);
    case 'schedule':
      return scheduleCreation(connection, action);
    case 'unschedule':
      return scheduleDeletion(action.schedule);
  }
}

/** A network of Hedera through the SDK and its mirror, as one account sees it. */
export function hederaLedger(connection: Connection, log: Logger): Ledger {
  const { mirror } = connection;
  return {
    account: connection.account,
    nextTransactionId: () => connection.nextTransactionId(),
    prepare: (actions, options = {}) => {
      const { firstId, validSeconds, escrow } = options;
      if (escrow !== undefined) return prepareFromEscrow(connection, actions, escrow, options);
      const transactions = actions.map((action) => transactionOf(connection, action));
      const [only] = transactions;
      if (only === undefined) throw new GatepostError('INTERNAL', 'nothing to prepare');
      const window = validSeconds === undefined ? {} : { validSeconds };
      if (transactions.length > 1) {
        return prepareBatch(connection, transactions, { ...window, innerIds: firstId === undefined ? [] : [firstId] });
      }
      return prepare(connection, only, { ...window, ...(firstId === undefined ? {} : { id: firstId }) });
    },
    execute: (prepared, options) => execute(connection, prepared, options),
    follow: (topic, after, signal) => followTopic(connection, topic, after, signal, log),
    read: (topic, after) => readTopic(mirror, topic, after),
    resultOf: async (id) => (await mirror.transaction(id)).find(({ scheduled }) => !scheduled)?.result,
    messagesBy: (author, after) => messagesBy(mirror, author, after),
    isOfOwnSchedule: (author, at) => isOfOwnSchedule(mirror, author, at),
    topicCreation: (topic) => topicCreation(mirror, topic),
    topicsMadeBy: (makers) => topicsMadeBy(mirror, makers),
    waitingSchedules: async () => {
      const found = await mirror.schedulesBy(connection.account);
      const waiting = found.filter(({ deleted, executed_timestamp }) => !deleted && executed_timestamp === null);
      return waiting.map(({ schedule_id, memo }) => ({ id: scheduleId(schedule_id), memo }));
    },
    mirrorTime: () => mirror.now(),
  };
}
