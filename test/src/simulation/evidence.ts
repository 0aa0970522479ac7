import type { Evidence, OwnedTopicEvidence } from '@gatepost/rules/verify/evidence';
import type { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';

/** Whose topics an audit looks at. */
export interface Parties {
  readonly coordinator: AccountId;
  readonly journal: TopicId;
  readonly token: TokenId;
  /** Who judges, and whose tokens pay: the coordinator, or a gatekeeper and the escrow. */
  readonly judge: AccountId;
  readonly payer: AccountId;
  /** The inbox of each agent. */
  readonly inboxes: ReadonlyMap<AccountId, TopicId>;
}

const NAMES = {
  message: 'CONSENSUSSUBMITMESSAGE',
  transfer: 'CRYPTOTRANSFER',
  schedule: 'SCHEDULECREATE',
  unschedule: 'SCHEDULEDELETE',
  batch: 'ATOMICBATCH',
  nothing: 'CRYPTOTRANSFER',
} as const;

const keyOf = (account: AccountId): string => `ED25519:${account}`;

/** An escrow's key is a list of its parties'; tokens of a network in memory have none. */
function keysOfEscrow(network: MemoryNetwork, escrow: AccountId, token: TokenId): Partial<Evidence> {
  const keys = network.entities.keyLists.get(escrow)?.map(keyOf) ?? [];
  return { escrowKeys: new Map([[escrow, { keys, threshold: keys.length }]]), tokenKeys: new Map([[token, []]]) };
}

/** What the mirror of a network in memory would show an auditor. */
export function evidenceOf(network: MemoryNetwork, parties: Parties): Evidence {
  const { coordinator, journal, token, judge, payer: holder, inboxes } = parties;
  const topicOf = (topic: TopicId, owner: AccountId): OwnedTopicEvidence => {
    const found = network.entities.topics.get(topic);
    const { submitter, creation, messages = [] } = found ?? {};
    return {
      topic,
      adminKey: keyOf(owner),
      submitKey: submitter && keyOf(submitter),
      creation,
      messages: messages.map(({ sequenceNumber, consensusTimestamp, payer, message, chunk }) => ({
        sequence: sequenceNumber,
        at: consensusTimestamp,
        handledAt: consensusTimestamp,
        payer,
        content: message,
        chunks: chunk.total,
        runningHash: undefined,
      })),
    };
  };
  const transactions = network.history.all.filter(
    ({ result, payer, kind }) =>
      result === 'SUCCESS' && payer === coordinator && (kind === 'message' || kind === 'transfer'),
  );
  const topicAt = new Map(
    [...network.entities.topics].flatMap(([topic, { messages }]) =>
      messages.map(({ consensusTimestamp }) => [consensusTimestamp, topic]),
    ),
  );
  return {
    journal: topicOf(journal, coordinator),
    inboxes: [...inboxes].map(([agent, inbox]) => topicOf(inbox, agent)),
    accountKeys: new Map([coordinator, judge].map((party) => [party, keyOf(party)])),
    ...(holder === coordinator ? {} : keysOfEscrow(network, holder, token)),
    treasuries: new Map([[token, coordinator]]),
    transactions: transactions.map(({ id, at, kind, batch, transfers }) => ({
      id,
      at,
      name: NAMES[kind],
      entity: topicAt.get(at),
      batch,
      tokenTransfers: transfers,
    })),
  };
}
