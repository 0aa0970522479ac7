import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import type { NetworkConfig } from '@gatepost/shared/config/network';
import { generateAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { createToken } from '@gatepost/shared/hedera/tokens';
import { createTopic, prepareMessage } from '@gatepost/shared/hedera/topics';
import { execute } from '@gatepost/shared/hedera/transaction';
import { packRecords, unpackMessage } from '@gatepost/shared/records/codec';
import { CountedNames, type TaskNames, withIds } from '@gatepost/shared/records/task-names';
import { accountId, type TokenId, type TopicId, topicId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import type { AnyRecord } from './records.js';
import { until } from './until.js';

/** An account with the key its process gets. */
export interface Member {
  readonly connection: Connection;
  readonly privateKey: string;
}

/** An embedded network with a coordinator that has a journal and a token, and agents' accounts. */
export interface TestNetwork {
  readonly ledger: Ledger;
  readonly env: Readonly<Record<string, string>>;
  readonly coordinator: Member;
  readonly journal: TopicId;
  readonly token: TokenId;
  member(): Promise<Member>;
  /** Writes records as the coordinator; returns the message's sequence number. */
  write(topic: string, run: string | undefined, records: readonly AnyRecord[], as?: Member): Promise<number>;
  /** Records of the journal so far with their authors. */
  journalRecords(): Promise<readonly JournalEntry[]>;
  /** Waits until the journal shows a record. */
  awaitRecord(matches: (entry: JournalEntry) => boolean): Promise<JournalEntry>;
  close(): Promise<void>;
}

export interface JournalEntry {
  readonly payer: string;
  readonly run: string | undefined;
  readonly record: AnyRecord;
}

function networkOf(ledger: Ledger): NetworkConfig {
  const { consensus, mirrorGrpc, mirrorRest } = ledger.ports;
  return {
    name: 'local',
    node: `127.0.0.1:${consensus}`,
    mirrorGrpc: `127.0.0.1:${mirrorGrpc}`,
    mirrorRest: `http://127.0.0.1:${mirrorRest}`,
  };
}

async function newMember(network: NetworkConfig, operator: Connection): Promise<Member> {
  const { key, der } = generateAccountKey();
  const account = await createAccount(operator, key.publicKey, 500);
  return { connection: connect(network, account, key), privateKey: der };
}

async function readJournal(
  connection: Connection,
  journal: TopicId,
  names: TaskNames,
): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const message of connection.mirror.messagesAfter(journal, 0)) {
    const decoded = unpackMessage(message.message);
    if ('malformed' in decoded) continue;
    for (const record of decoded.records) {
      entries.push({ payer: message.payer_account_id, run: decoded.run, record: withIds(record, names) });
    }
  }
  return entries;
}

export async function startNetwork(): Promise<TestNetwork> {
  const ledger = await startLedger({ ports: { fees: false } });
  const network = networkOf(ledger);
  const operator = connect(
    network,
    accountId(ledger.operator.accountId),
    parseAccountKey(ledger.operator.privateKey, 'operator'),
  );
  const coordinator = await newMember(network, operator);
  const journal = await createTopic(coordinator.connection, { memo: 'journal' });
  const token = await createToken(coordinator.connection, {
    name: 'Test',
    symbol: 'TST',
    decimals: 0,
    initialSupply: 1_000_000n,
  });
  const members = [coordinator];
  const names = new CountedNames();
  const journalRecords = () => readJournal(coordinator.connection, journal, names);
  return {
    ledger,
    env: {
      GATEPOST_NETWORK: 'local',
      GATEPOST_NODE: network.node ?? '',
      GATEPOST_MIRROR_GRPC: network.mirrorGrpc,
      GATEPOST_MIRROR_REST: network.mirrorRest,
    },
    coordinator,
    journal,
    token,
    member: async () => {
      const member = await newMember(network, operator);
      members.push(member);
      return member;
    },
    write: async (topic, run, records, as = coordinator) => {
      const [message = Buffer.alloc(0)] = packRecords(run, records, names);
      const sent = await execute(as.connection, await prepareMessage(as.connection, topicId(topic), message));
      const receipt = requireDone(sent);
      return receipt.topicSequenceNumber ?? 0;
    },
    journalRecords,
    awaitRecord: (matches) => until(async () => (await journalRecords()).find(matches), 'a record on the journal'),
    close: async () => {
      for (const { connection } of members) connection.close();
      operator.close();
      await ledger.close();
    },
  };
}
