import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import type { Evidence, MessageEvidence, TopicEvidence } from '@gatepost/rules/verify/evidence';
import { unpackMessage } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { CountedNames, withIds } from '@gatepost/shared/records/task-names';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { FIRST_RUNNING_HASH, nextRunningHash } from '@gatepost/shared/vocabulary/running-hash';
import type { TopicCreation } from '@gatepost/shared/vocabulary/topic-creation';
import { encodeMessage } from './encode-message.js';
import { wholeRecord } from './whole-record.js';

const HISTORIES = join(import.meta.dirname, '../fixtures/histories');

export const planFileOf = (name: string): string => join(HISTORIES, `${name}.yaml`);

/** How the recorded run numbers its tasks. */
const names = new CountedNames(loadPlan(planFileOf('mixed-gates')).tasks.map(({ id }) => id));

/** JSON has neither bigint nor bytes: `"12n"` and `{"base64": ...}` stand for them. */
function revive(_key: string, value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d+n$/.test(value)) return BigInt(value.slice(0, -1));
  if (typeof value !== 'object' || value === null || !('base64' in value)) return value;
  return Buffer.from(String(value.base64), 'base64');
}

/** Who made an inbox: `agent-daemon init`, by the account whose key administers it. The recording does not say when. */
function creationOf(
  { adminKey }: TopicEvidence,
  { accountKeys }: { accountKeys: [AccountId, string][] },
): TopicCreation {
  const owner = accountKeys.find(([, key]) => key === adminKey);
  if (owner === undefined) throw new Error(`nobody has the key ${adminKey}`);
  return { by: owner[0], at: 0n };
}

/** The public evidence of a run on an embedded network, as `verify` gathered it. */
export function recordedEvidence(name: string): Evidence {
  const raw = JSON.parse(readFileSync(join(HISTORIES, `${name}.json`), 'utf8'), revive);
  const inboxes = raw.inboxes.map((inbox: TopicEvidence) => ({ ...inbox, creation: creationOf(inbox, raw) }));
  return { ...raw, inboxes, accountKeys: new Map(raw.accountKeys), treasuries: new Map(raw.treasuries) };
}

/** A message taken apart, so that it can be changed. */
export interface OpenMessage {
  at: bigint;
  /** Of its batch; undefined when it stands alone. */
  batch: bigint | undefined;
  payer: MessageEvidence['payer'];
  run: string | undefined;
  records: AnyRecord[];
}

/**
 * Rewrites a topic as if it had always been so: times in order, sequence numbers and running hashes made anew. Messages
 * left without records vanish.
 */
export function rewrite<T extends TopicEvidence>(topic: T, change: (messages: OpenMessage[]) => void): T {
  const open = topic.messages.map(({ at, handledAt, payer, content }): OpenMessage => {
    const decoded = unpackMessage(content);
    if ('malformed' in decoded) throw new Error(decoded.malformed);
    return {
      at,
      batch: at === handledAt ? undefined : handledAt,
      payer,
      run: decoded.run,
      records: decoded.records.map((record) => withIds(record, names)),
    };
  });
  change(open);
  const kept = open.filter(({ records }) => records.length > 0).sort((a, b) => Number(a.at - b.at));
  let hash: Uint8Array = FIRST_RUNNING_HASH;
  const messages = kept.map(({ at, batch, payer, run, records }, index) => {
    const content = Buffer.from(encodeMessage(run, records.map(wholeRecord), names));
    const message = { topic: topic.topic, sequence: index + 1, at, handledAt: batch ?? at, payer, content };
    hash = nextRunningHash(hash, message);
    return { ...message, chunks: 1, runningHash: hash };
  });
  return { ...topic, messages };
}

/** The first message of a topic with a record that fits. */
export function messageWith(messages: readonly OpenMessage[], fits: (record: AnyRecord) => boolean): OpenMessage {
  const found = messages.find(({ records }) => records.some(fits));
  if (found === undefined) throw new Error('no such record in the history');
  return found;
}
