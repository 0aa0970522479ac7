import type { MirrorKey } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { deleteSchedule, scheduleMessage } from '@gatepost/shared/hedera/schedules';
import { followTopic, readTopic } from '@gatepost/shared/hedera/topic-feed';
import { prepareMessage } from '@gatepost/shared/hedera/topics';
import { execute } from '@gatepost/shared/hedera/transaction';
import { START } from '@gatepost/shared/ledger/topic-message';
import type { Logger } from '@gatepost/shared/log';
import { unpackMessage } from '@gatepost/shared/records/codec';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { scheduleId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import type { LedgerPort } from './ledger-port.js';

export interface Topics {
  readonly inbox: TopicId;
  readonly journal: TopicId;
  readonly coordinator: AccountId;
}

/** The account's single key. @throws GatepostError NOT_FOUND when it has none that can sign alone. */
export async function accountKeyOnMirror(connection: Connection, account: AccountId): Promise<MirrorKey> {
  const { key } = await connection.mirror.account(account);
  if (key === null || key._type === 'ProtobufEncoded') {
    throw new GatepostError('NOT_FOUND', `account ${account} has no single Ed25519 or ECDSA key`, { account });
  }
  return key;
}

/** Attempts whose result the journal shows by this agent. An agent that was never assigned anything has none. */
async function reported(connection: Connection, { inbox, journal }: Topics): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const { done } = await readTopic(connection, inbox, START).next();
  if (done) return found;
  for await (const { payer, message } of readTopic(connection, journal, START)) {
    const decoded = payer === connection.account ? unpackMessage(message) : undefined;
    if (decoded === undefined || 'malformed' in decoded || decoded.run === undefined) continue;
    for (const record of decoded.records) {
      if (record.type !== 'result') continue;
      found.add(attemptKey({ run: decoded.run, task: record.task, attempt: record.attempt }));
    }
  }
  return found;
}

/** The ledger through shared's adapter of the SDK. */
export function hederaLedger(connection: Connection, topics: Topics, log: Logger): LedgerPort {
  return {
    inbox: (after, signal) => followTopic(connection, topics.inbox, after, signal, log),
    reported: () => reported(connection, topics),
    prepare: (message) => prepareMessage(connection, topics.journal, message),
    execute: async (prepared) => void requireDone(await execute(connection, prepared)),
    schedule: (message, expiresAtMs, memo) =>
      scheduleMessage(connection, { topic: topics.journal, message, expiresAt: nanosFromMs(expiresAtMs), memo }),
    pendingSchedules: async () => {
      const found = await connection.mirror.schedulesBy(connection.account);
      const waiting = found.filter((each) => !each.deleted && each.executed_timestamp === null);
      return waiting.map(({ schedule_id, memo }) => ({ id: schedule_id, memo }));
    },
    deleteSchedule: async (id) => void (await deleteSchedule(connection, scheduleId(id))),
    coordinatorKey: () => accountKeyOnMirror(connection, topics.coordinator),
    sign: (message) => connection.key.sign(message),
  };
}
