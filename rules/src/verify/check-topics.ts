import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { FIRST_RUNNING_HASH, nextRunningHash } from '@gatepost/shared/vocabulary/running-hash';
import type { Evidence, MessageEvidence, TopicEvidence } from './evidence.js';
import type { RunHistory } from './history.js';
import type { Replay } from './replay.js';
import type { Findings } from './rules.js';

/** Whether the topics are whole, unaltered and in the right hands. */
export function checkTopics(evidence: Evidence, { runs, inboxOwners }: Replay, findings: Findings): void {
  checkChain(evidence.journal, findings);
  const coordinators = coordinatorsByInbox(runs.values());
  for (const inbox of evidence.inboxes) {
    const { topic, submitKey, creation } = inbox;
    const using = coordinators.get(topic);
    // Strangers may announce what they like; only inboxes through which work was given out matter.
    if (using === undefined) continue;
    checkChain(inbox, findings);
    if (![...using].every((account) => submitKey !== undefined && evidence.accountKeys.get(account) === submitKey)) {
      findings.add('inbox-submit-key', undefined, topic, `the submit key is ${submitKey ?? 'not set'}`);
    }
    const owner = inboxOwners.get(topic);
    if (owner !== undefined && owner.since.ofOwnInbox !== true) {
      const creator = creation === undefined ? 'nobody knows who' : creation.by;
      findings.add('inbox-owner', undefined, topic, `${owner.agent} announced it, ${creator} created it`);
    }
  }
}

function coordinatorsByInbox(runs: Iterable<RunHistory>): Map<TopicId, Set<AccountId>> {
  const found = new Map<TopicId, Set<AccountId>>();
  for (const run of runs) {
    for (const inbox of run.inboxes) found.set(inbox, (found.get(inbox) ?? new Set()).add(run.coordinator));
  }
  return found;
}

function checkChain({ topic, messages }: TopicEvidence, findings: Findings): void {
  let before: MessageEvidence | undefined;
  for (const message of messages) {
    const expected = (before?.sequence ?? 0) + 1;
    const name = `${topic} message ${message.sequence}`;
    if (message.sequence !== expected) {
      findings.add(
        'message-missing',
        undefined,
        topic,
        `message ${expected} is not there, ${message.sequence} is next`,
      );
    }
    if (before !== undefined && message.at <= before.at) {
      findings.add('message-order', undefined, name, 'not later than the message before it');
    }
    if (message.sequence === expected && breaksHash(topic, before, message)) {
      findings.add('message-altered', undefined, name, 'its running hash does not follow');
    }
    before = message;
  }
}

/** What one transaction causes happens within this time: the network keeps transactions that far apart. */
const HANDLING_NANOS = 1_000n;

function breaksHash(
  topic: TopicEvidence['topic'],
  before: MessageEvidence | undefined,
  message: MessageEvidence,
): boolean {
  const previous = before === undefined ? FIRST_RUNNING_HASH : before.runningHash;
  const since = message.at - message.handledAt;
  if (since < 0n || since >= HANDLING_NANOS) return true;
  if (previous === undefined || message.runningHash === undefined) return false;
  const hash = nextRunningHash(previous, { ...message, topic });
  return !hash.every((byte, index) => byte === message.runningHash?.[index]);
}
