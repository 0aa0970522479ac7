import { WATCH_NANOS } from '@gatepost/rules/verify/check-transfers';
import { decodeMessage, recordsOn } from '@gatepost/rules/verify/decode';
import type {
  Evidence,
  KeyListEvidence,
  MessageEvidence,
  OwnedTopicEvidence,
  TopicEvidence,
  TransactionEvidence,
} from '@gatepost/rules/verify/evidence';
import type { AnyEntry, Entry } from '@gatepost/rules/verify/history';
import { treasuryOf } from '@gatepost/rules/verify/ledger-view';
import { isOwnJournal } from '@gatepost/rules/verify/replay';
import type { MirrorKey } from '@gatepost/shared/hedera/account-key';
import { keyListFromMirror, keysEnoughAlone } from '@gatepost/shared/hedera/key-list';
import type {
  MirrorMessage,
  MirrorRest,
  MirrorToken,
  MirrorTopic,
  MirrorTransaction,
} from '@gatepost/shared/hedera/mirror-rest';
import { shownCreation } from '@gatepost/shared/hedera/topic-creation';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import {
  type AccountId,
  accountId,
  isEntityId,
  scheduleId,
  type TokenId,
  type TopicId,
  transactionIdFromMirror,
} from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_SECOND, type Nanos, parseNanos } from '@gatepost/shared/vocabulary/time';
import type { TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';
import { withCustomFees } from './custom-fee-evidence.js';
import { HandlingTimes } from './handling-times.js';

/** Longest range of time asked for at once; the public mirrors refuse more than 60 days. */
const RANGE: Nanos = 30n * 86_400n * NANOS_PER_SECOND;

const keyText = (key: MirrorKey | null): string | undefined =>
  key === null || key._type === 'ProtobufEncoded' ? undefined : `${key._type}:${key.key}`;

function messageEvidence(entry: MirrorMessage): MessageEvidence {
  return {
    handledAt: entry.consensus_timestamp,
    sequence: entry.sequence_number,
    at: entry.consensus_timestamp,
    payer: accountId(entry.payer_account_id),
    content: entry.message,
    chunks: entry.chunk_info?.total ?? 1,
    // Earlier versions covered less; nothing of ours was written under them.
    runningHash: entry.running_hash_version === 3 ? entry.running_hash : undefined,
  };
}

/** A topic with all its messages, from the first, each as if sent by itself. @throws GatepostError MIRROR_UNREACHABLE */
async function topicEvidence(mirror: MirrorRest, topic: TopicId, shown: MirrorTopic): Promise<TopicEvidence> {
  const { admin_key, submit_key } = shown;
  const messages: MessageEvidence[] = [];
  for await (const entry of mirror.messagesAfter(topic, 0)) messages.push(messageEvidence(entry));
  return { topic, adminKey: keyText(admin_key), submitKey: keyText(submit_key), messages };
}

function transactionEvidence(entry: MirrorTransaction): TransactionEvidence {
  return {
    id: transactionIdFromMirror(entry.transaction_id),
    at: entry.consensus_timestamp,
    name: entry.name,
    entity: entry.entity_id ?? undefined,
    batch: entry.parent_consensus_timestamp === null ? undefined : parseNanos(entry.parent_consensus_timestamp),
    ...(entry.scheduled ? { scheduled: true as const } : {}),
    tokenTransfers: entry.token_transfers.map(({ token_id, account, amount }) => ({
      token: token_id as TokenId,
      account: accountId(account),
      amount,
    })),
  };
}

/** An account's transactions within a range of time, asked for in pieces the mirror accepts. */
export async function* transactionsBetween(
  mirror: MirrorRest,
  account: AccountId,
  from: Nanos,
  to: Nanos,
): AsyncGenerator<MirrorTransaction> {
  for (let start = from; start <= to; start += RANGE) {
    const end = start + RANGE - 1n;
    const last = end < to;
    yield* mirror.transactionsOf(account, start, last ? end : to);
  }
}

/** Asks for each thing once and skips what the mirror does not know: anybody can name things that are not there. */
async function known<K, V>(ids: Iterable<K>, ask: (id: K) => Promise<V>): Promise<Map<K, V>> {
  const found = new Map<K, V>();
  for (const id of new Set(ids)) {
    try {
      found.set(id, await ask(id));
    } catch (error) {
      if (toGatepostError(error).code !== 'NOT_FOUND') throw error;
    }
  }
  return found;
}

/**
 * The inboxes that matter: those that only a coordinator of these runs may write to, also when their agent died at work
 * and reported nothing, and those of agents it paid. Strangers may announce what they like; that is not read.
 */
async function inboxesThatMatter(
  mirror: MirrorRest,
  journal: TopicEvidence,
  coordinators: ReadonlyMap<AccountId, string | undefined>,
): Promise<readonly OwnedTopicEvidence[]> {
  const paid = new Set<string>();
  for (const { author, record } of recordsOn(journal, ['settled'])) {
    if (coordinators.has(author)) for (const { to } of record.payments) paid.add(to);
  }
  const online = [...recordsOn(journal, ['online'])];
  const inboxOf = ({ record }: { readonly record: { readonly inbox: string } }) => record.inbox as TopicId;
  const ofPaid = new Set(online.filter(({ author }) => paid.has(author)).map(inboxOf));
  const topics = await known(online.map(inboxOf), (topic) => mirror.topic(topic));
  const keys = new Set(coordinators.values());
  const wanted = [...topics].filter(
    ([topic, { submit_key }]) => ofPaid.has(topic) || isOneOf(keyText(submit_key), keys),
  );
  const shown = new Map(wanted);
  const creationOf = async (topic: TopicId): Promise<TopicCreation | undefined> => {
    const announcers = online.filter((entry) => inboxOf(entry) === topic).map(({ author }) => author);
    return inboxCreation(mirror, shown.get(topic), new Set(announcers));
  };
  const found = await known(wanted, async ([topic, asShown]) => ({
    ...(await topicEvidence(mirror, topic, asShown)),
    creation: await creationOf(topic),
  }));
  return [...found.values()];
}

/**
 * Who made an inbox. A mirror that does not keep the transaction, or what was kept of its answers, leaves its admin key to
 * go by: the inbox is that of the announcer who has this key.
 */
async function inboxCreation(
  mirror: MirrorRest,
  topic: MirrorTopic | undefined,
  announcers: ReadonlySet<AccountId>,
): Promise<TopicCreation | undefined> {
  const at = topic?.created_timestamp ?? undefined;
  if (topic === undefined || at === undefined) return undefined;
  const shown = await shownCreation(mirror, at);
  if (shown !== undefined) return shown;
  const adminKey = keyText(topic.admin_key);
  const keys = await known(announcers, async (account) => keyText((await mirror.account(account)).key));
  const [by] = [...announcers].filter((account) => adminKey !== undefined && keys.get(account) === adminKey);
  return by === undefined ? undefined : { by, at };
}

const isOneOf = (key: string | undefined, keys: ReadonlySet<string | undefined>): boolean =>
  key !== undefined && keys.has(key);

/** Gathers everything that is public about the runs of a journal. Takes no key and writes nothing. */
export async function gatherEvidence(mirror: MirrorRest, journalId: TopicId): Promise<Evidence> {
  const ofJournal = await mirror.topic(journalId);
  const { created_timestamp: at } = ofJournal;
  const creation = at === null ? undefined : await shownCreation(mirror, at);
  const journal = { ...(await topicEvidence(mirror, journalId, ofJournal)), creation };
  const keysOf = (accounts: readonly AccountId[]) =>
    known(accounts, async (account) => keyText((await mirror.account(account)).key));
  const openings = [...recordsOn(journal, ['run_opened'])];
  const openers = await keysOf(openings.map(({ author }) => author));
  const owned = openings.filter(({ author }) => isOwnJournal(journal, author, openers.get(author)));
  const coordinators = new Map(owned.map(({ author }) => [author, openers.get(author)]));
  const inboxes = await inboxesThatMatter(mirror, journal, coordinators);
  const tokens = owned.map(({ record }) => record.token).filter(isEntityId) as TokenId[];
  const shown = await known(tokens, (token) => mirror.token(token));
  const treasuries = new Map([...shown].map(([id, token]) => [id, accountId(token.treasury_account_id)]));
  const holders = await keysOf([...treasuries.values()]);
  const others = await keysOf([...partiesOf(owned, 'gatekeeper'), ...partiesOf(owned, 'arbiter')]);
  const accountKeys = new Map([...openers, ...holders, ...others]);
  const escrows = partiesOf(owned, 'escrow');
  const escrowKeys = await known(escrows, async (account) => listOf((await mirror.account(account)).key));
  const tokenKeys =
    escrows.length === 0 ? new Map() : new Map([...shown].map(([id, token]) => [id, keysOfToken(token)]));
  const ownTreasuries = owned.flatMap(({ author, record }) =>
    treasuryOf({ treasuries, accountKeys }, author, record.token as TokenId),
  );
  const payers = new Set([...coordinators.keys(), ...ownTreasuries, ...escrows]);
  const disputeSchedules = await disputeSchedulesOf(mirror, owned, journal);
  const range = timeOf(owned, journal, await mirror.now(), [...disputeSchedules.values()]);
  const transactions = await withCustomFees(mirror, shown, await transactionsOf(mirror, payers, range));
  const handling = new HandlingTimes(mirror, transactions);
  return {
    journal: { ...journal, ...(await handling.of(journal)) },
    inboxes: await Promise.all(inboxes.map(async (inbox) => ({ ...inbox, ...(await handling.of(inbox)) }))),
    accountKeys,
    treasuries,
    transactions,
    ...(escrows.length === 0 ? {} : { escrowKeys, tokenKeys, disputeSchedules }),
  };
}

/** The gatekeepers, the arbiters, or the escrows, that runs were opened with. */
const partiesOf = (openings: readonly Entry<'run_opened'>[], which: 'gatekeeper' | 'escrow' | 'arbiter') =>
  openings.flatMap(({ record }) => (record[which] === undefined ? [] : [accountId(record[which])]));

/** When the network carried out the schedules that parties of these runs named in disputes. */
async function disputeSchedulesOf(
  mirror: MirrorRest,
  openings: readonly Entry<'run_opened'>[],
  journal: TopicEvidence,
): Promise<Map<string, Nanos | undefined>> {
  const parties = new Set<string>(
    openings.flatMap(({ author, record }) =>
      record.arbiter === undefined ? [] : [author, record.gatekeeper ?? author],
    ),
  );
  const named = [...recordsOn(journal, ['dispute'])].filter(({ author }) => parties.has(author));
  return known(
    named.map(({ record }) => record.schedule),
    async (id) => {
      const { executed_timestamp: at } = await mirror.schedule(scheduleId(id));
      return at === null ? undefined : parseNanos(at);
    },
  );
}

function listOf(key: MirrorKey | null): KeyListEvidence | undefined {
  const list = key === null ? undefined : keyListFromMirror(key);
  return list && { keys: list.keys.map((one) => keyText(one) ?? ''), threshold: list.threshold };
}

const TOKEN_KEYS = ['admin', 'supply', 'wipe', 'freeze', 'pause', 'kyc', 'fee_schedule'] as const;

/** What each single key of a token allows. */
const keysOfToken = (token: MirrorToken): [allows: string, key: string][] =>
  TOKEN_KEYS.flatMap((allows) => {
    const key = token[`${allows}_key`] ?? null;
    const alone = key === null ? [] : keysEnoughAlone(key);
    return alone.flatMap((one): [string, string][] => [[allows, keyText(one) ?? '']]);
  });

interface Range {
  readonly from: Nanos;
  readonly to: Nanos;
}

/** From the first opening until a while after the last closing, or until now while a run is open; with these times in it. */
function timeOf(
  openings: readonly AnyEntry[],
  journal: TopicEvidence,
  now: Nanos,
  more: readonly (Nanos | undefined)[],
): Range | undefined {
  const from = openings[0]?.at;
  if (from === undefined) return undefined;
  const last = new Map<string | undefined, Nanos>();
  for (const { run } of openings) last.set(run, now);
  const openers = new Map(openings.toReversed().map(({ run, author }) => [run, author]));
  for (const { run, at, author } of recordsOn(journal, ['run_closed'])) {
    if (openers.get(run) === author) last.set(run, at + WATCH_NANOS);
  }
  // A payment after the end must be seen too, so the last record of the journal counts as well.
  const newest = journal.messages.findLast((message) => decodeMessage(journal.topic, message, 0) !== undefined);
  let to = newest?.at ?? from;
  for (const end of [...last.values(), ...more]) if (end !== undefined && end > to) to = end;
  return { from, to };
}

/** What moved no tokens, was part of no batch and came of no schedule is looked at by nobody: most messages. */
const matters = ({ token_transfers, parent_consensus_timestamp: parent, scheduled }: MirrorTransaction): boolean =>
  token_transfers.length > 0 || parent !== null || scheduled;

async function transactionsOf(
  mirror: MirrorRest,
  accounts: Iterable<AccountId>,
  range: Range | undefined,
): Promise<readonly TransactionEvidence[]> {
  if (range === undefined) return [];
  const found = new Map<Nanos, TransactionEvidence>();
  for (const account of accounts) {
    for await (const entry of transactionsBetween(mirror, account, range.from, range.to)) {
      if (entry.result === 'SUCCESS' && matters(entry))
        found.set(entry.consensus_timestamp, transactionEvidence(entry));
    }
  }
  return [...found.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
}
