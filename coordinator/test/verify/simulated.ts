import { reduce } from '@gatepost/rules/fold/reduce';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { emptyState } from '@gatepost/rules/run/run-state';
import { stateDigest } from '@gatepost/rules/run/state-digest';
import type { Evidence, OwnedTopicEvidence, TransactionEvidence } from '@gatepost/rules/verify/evidence';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { TaskNames } from '@gatepost/shared/records/task-names';
import type { AccountId, TopicId, TransactionId } from '@gatepost/shared/vocabulary/ids';
import { FIRST_RUNNING_HASH, nextRunningHash } from '@gatepost/shared/vocabulary/running-hash';
import { COORDINATOR, JOURNAL, type Simulation, TOKEN } from '../core/simulation.js';
import { encodeMessage } from './encode-message.js';

const keyOf = (account: string): string => `ED25519:${account}`;

/** What the simulation leaves out of records, or simplifies, because its own core does not look at it. */
function complete({ context }: Simulation, { record }: LedgerRecord): AnyRecord {
  const { plan } = context;
  if (record.type === 'run_opened') return { ...record, tasks: plan.tasks.length };
  if (record.type !== 'verdict') return record;
  const spec = plan.tasks.find(({ id }) => id === record.task);
  const isQuorum = spec?.gates.some(({ kind }) => kind === 'quorum') === true;
  return record.accepted && isQuorum ? { ...record, gate: 'quorum' } : record;
}

/** Puts the digest of the coordinator's own fold into run_closed. */
function closed(simulation: Simulation, entries: readonly LedgerRecord[]): readonly LedgerRecord[] {
  const state = emptyState(simulation.context);
  return entries.map((entry) => {
    const { record } = entry;
    if (record.type === 'run_closed') return { ...entry, record: { ...record, state_sha256: stateDigest(state) } };
    reduce(state, entry);
    return entry;
  });
}

function topicOf(
  topic: TopicId,
  owner: AccountId,
  entries: readonly LedgerRecord[],
  names: TaskNames,
): OwnedTopicEvidence {
  let hash: Uint8Array = FIRST_RUNNING_HASH;
  const messages = entries.map(({ at, author, sequence, run, record }) => {
    const handledAt = record.type === 'settled' ? at - 2n : at;
    const content = Buffer.from(encodeMessage(run, [record], names));
    hash = nextRunningHash(hash, { topic, sequence, handledAt, payer: author, content });
    return { sequence, at, handledAt, payer: author, content, chunks: 1, runningHash: hash };
  });
  const creation = { by: owner, at: 0n };
  return { topic, adminKey: keyOf(owner), submitKey: keyOf(COORDINATOR), creation, messages };
}

/** The batch of a payment record: the transfer, and the message itself. Inner times only have to differ. */
function batchOf({ at, record }: LedgerRecord): readonly TransactionEvidence[] {
  if (record.type !== 'settled') return [];
  const tokenTransfers = record.payments.flatMap(({ to, amount }) => [
    { token: TOKEN, account: to as AccountId, amount: BigInt(amount) },
    { token: TOKEN, account: COORDINATOR, amount: -BigInt(amount) },
  ]);
  const inner = { id: (record.transfer ?? '') as TransactionId, batch: at - 2n };
  return [
    { ...inner, at: at - 1n, name: 'CRYPTOTRANSFER', entity: undefined, tokenTransfers },
    { ...inner, at, name: 'CONSENSUSSUBMITMESSAGE', entity: JOURNAL, tokenTransfers: [] },
  ];
}

/** What a mirror would show of a simulated run. */
export function simulatedEvidence(simulation: Simulation): Evidence {
  // Consensus times are spread so that the inner transactions of a batch have theirs.
  const spread = simulation.records.map((entry) => ({
    ...entry,
    at: entry.at * 4n,
    record: complete(simulation, entry),
  }));
  const entries = closed(simulation, spread);
  const topic = (id: TopicId, owner: AccountId): OwnedTopicEvidence =>
    topicOf(
      id,
      owner,
      entries.filter((entry) => entry.topic === id),
      taskNamesOf(simulation.context.plan),
    );
  const agents = [...simulation.context.agents];
  return {
    journal: topic(JOURNAL, COORDINATOR),
    inboxes: agents.map((agent, index) => topic(`0.0.${2_000 + index}` as TopicId, agent)),
    accountKeys: new Map([COORDINATOR, ...agents].map((account) => [account, keyOf(account)])),
    treasuries: new Map([[TOKEN, COORDINATOR]]),
    transactions: entries.flatMap(batchOf),
  };
}
