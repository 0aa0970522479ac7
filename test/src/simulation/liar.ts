import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { namesOf } from '@gatepost/shared/records/task-names';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Random } from '../chaos/random.js';

/** What a liar knows. */
interface LiarParts {
  readonly ledger: Ledger;
  readonly random: Random;
  readonly run: string;
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly tasks: readonly string[];
  /** Somebody else's. */
  readonly inboxes: readonly TopicId[];
  readonly others: readonly AccountId[];
}

const announcementOf = (inbox: TopicId): AnyRecord => ({
  type: 'online',
  session: 'lie',
  inbox,
  address: '127.0.0.1:1',
  capabilities: ['work'],
  slots: 5,
});

async function post(ledger: Ledger, journal: TopicId, message: Uint8Array): Promise<void> {
  await ledger.execute(await ledger.prepare([{ kind: 'message', topic: journal, message }], { validSeconds: 30 }));
}

/** Says that somebody else's inbox is one's own. */
export async function announceAsOwn(ledger: Ledger, journal: TopicId, inbox: TopicId): Promise<void> {
  for (const message of packRecords(undefined, [announcementOf(inbox)])) await post(ledger, journal, message);
}

/** Something that is not true, on the journal: by an agent of the run, or by anybody. */
export async function lie(parts: LiarParts): Promise<string> {
  const { ledger, run, journal } = parts;
  const record = untruth(parts);
  const message =
    record === undefined
      ? Buffer.from('{"gatepost":2,"result":[[')
      : packRecords(run, [record], namesOf(parts.tasks))[0];
  if (message === undefined) return 'nothing';
  await post(ledger, journal, message);
  return record?.type ?? 'malformed';
}

function untruth({ ledger, random, token, tasks, inboxes, others }: LiarParts): AnyRecord | undefined {
  const task = random.pick(tasks);
  const attempt = random.whole(1, 3);
  const output = random.pick(['right "lie"', 'wrong', '"right"']);
  const digest = { output_sha256: sha256(output), output_size: output.length };
  switch (random.whole(0, 9)) {
    case 0:
      return undefined;
    case 1:
      return { type: 'result', task, attempt, outcome: 'ok', ...digest, output_size: 1 };
    case 2:
      return { type: 'result', task, attempt, outcome: 'failed', reason: 'a lie' };
    case 3:
    case 4:
      return { type: 'result', task, attempt, outcome: 'ok', ...digest, output };
    case 5:
      return { type: 'verdict', task, attempt, accepted: true, gate: 'schema', reason: 'a lie' };
    case 6: {
      const payments = [{ task, attempt, to: ledger.account, amount: '10' }];
      return { type: 'settled', token, transfer: `${ledger.account}@1.000000001`, payments };
    }
    case 7:
      return announcementOf(random.pick(inboxes));
    case 8:
      return { type: 'lapsed', session: `session-${random.pick(others)}-1`, lease: 1 };
    default:
      return random.chance(0.5)
        ? { type: 'run_closed', outcome: 'complete', state_sha256: sha256('') }
        : { type: 'started', task, attempt };
  }
}
