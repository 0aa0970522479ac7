import { publicKeyFromMirror } from '../hedera/account-key.js';
import type { Connection } from '../hedera/connection.js';
import { unpackMessage } from '../records/codec.js';
import type { AnyRecord } from '../records/schema.js';
import type { AccountId, TopicId } from '../vocabulary/ids.js';
import { type Finding, fine, trouble } from './finding.js';
import { known } from './token-looks.js';

/** Messages at the beginning of a topic by which it is told what it is; one page of the mirror. */
const FIRST_MESSAGES = 100;

interface Beginning {
  readonly messages: number;
  readonly records: readonly { readonly author: string; readonly type: AnyRecord['type'] }[];
}

async function beginningOf({ mirror }: Connection, topic: TopicId): Promise<Beginning> {
  const records: { author: string; type: AnyRecord['type'] }[] = [];
  let messages = 0;
  for await (const { message, payer_account_id: author } of mirror.messagesAfter(topic, 0)) {
    const unpacked = unpackMessage(message);
    if (!('malformed' in unpacked)) records.push(...unpacked.records.map(({ type }) => ({ author, type })));
    messages += 1;
    if (messages === FIRST_MESSAGES) break;
  }
  return { messages, records };
}

/**
 * Whether a topic is the journal of a coordinator and takes what this connection's account has to say.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function lookAtJournal(
  connection: Connection,
  journal: TopicId,
  coordinator: AccountId,
): Promise<Finding> {
  const topic = await known(connection.mirror.topic(journal));
  if (topic === undefined || topic.deleted === true) {
    const why = topic === undefined ? `${connection.network.name} has no topic ${journal}` : `${journal} is deleted`;
    return trouble('journal.unknown', `journal: ${why}`);
  }
  const [owner, { messages, records }] = await Promise.all([
    known(connection.mirror.account(coordinator)),
    beginningOf(connection, journal),
  ]);
  const { submit_key: submit, admin_key: admin, memo } = topic;
  const single = submit === null ? undefined : publicKeyFromMirror(submit)?.toStringRaw();
  const isInbox =
    (single !== undefined && single === owner?.key?.key) ||
    memo?.startsWith('gatepost inbox') === true ||
    records.some(({ type }) => type === 'assign');
  if (isInbox) return trouble('journal.inbox', `journal: topic ${journal} is an inbox of an agent`);
  if (single !== undefined && single !== connection.key.publicKey.toStringRaw()) {
    return trouble('journal.closed', `journal: topic ${journal} takes messages of another key alone`);
  }
  const isOwn = admin !== null && admin.key === owner?.key?.key;
  const begun = new Set(records.filter(({ type }) => type === 'epoch').map(({ author }) => author));
  if (isOwn || begun.has(coordinator)) return fine('journal', `${journal} of ${coordinator}`);
  const [other] = begun;
  // Anybody may write to an open topic; only one that is not the coordinator's own can be another's.
  if (other !== undefined) return trouble('journal.foreign', `journal: topic ${journal} is the journal of ${other}`);
  const detail =
    messages > 0 && records.length === 0 ? 'holds messages of something else' : 'was made by somebody else';
  return trouble('journal.strange', `journal: topic ${journal} ${detail}`);
}
