import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from '@hashgraph/sdk';
import { proto } from '@hiero-ledger/proto';
import type { AccountId } from '../vocabulary/ids.js';
import { classifyPrecheck, classifySubmission, type SubmissionError } from './classify.js';
import type { Connection } from './connection.js';

/** What came of a submission, and whether one of its attempts may have been taken although it had no answer. */
export type Submission = (SubmissionError | { readonly kind: 'taken' }) & { readonly hadNoAnswer: boolean };

/** Attempts at nodes that do not answer, before the mirror is asked. */
const ATTEMPTS = 10;
/** Pause before a node that did not answer is called again. */
const CALL_AGAIN_MS = 250;

/** One attempt at a node. */
type Attempt = () => Promise<SubmissionError | { readonly kind: 'taken' }>;

/** The SDK's way. Its own attempts would not tell an answer from silence in the end. */
export function bySdk({ client }: Connection, transaction: Transaction): Attempt {
  transaction.setMaxAttempts(1);
  return async () => {
    try {
      await transaction.execute(client);
      return { kind: 'taken' };
    } catch (error) {
      return classifySubmission(error);
    }
  };
}

/** Where nodes are, by their account. */
function addressesOf({ client }: Connection): Map<string, string[]> {
  const addresses = new Map<string, string[]>();
  for (const [address, node] of Object.entries(client.network)) {
    addresses.set(node.toString(), [...(addresses.get(node.toString()) ?? []), address]);
  }
  return addresses;
}

/**
 * A message, of which there are many, is handed to nodes without the SDK, which waits for another turn of the event loop for each
 * and is slower in other ways too; it begins at any of them. Undefined when no node is known that the bytes are for.
 * @param nodes those that it was signed for, in the order of the bytes.
 */
export function byCalls(connection: Connection, nodes: readonly AccountId[], bytes: Uint8Array): Attempt | undefined {
  const { transactionList } = proto.TransactionList.decode(bytes);
  const addresses = addressesOf(connection);
  const targets = nodes.flatMap((node, index) => {
    const transaction = transactionList[index];
    if (transaction == null) return [];
    const signed = proto.Transaction.encode(transaction).finish();
    return (addresses.get(node) ?? []).map((address) => ({ address, signed }));
  });
  if (targets.length === 0) return undefined;
  const first = targets.length === 1 ? 0 : randomInt(targets.length);
  let attempts = 0;
  return async () => {
    if (attempts >= targets.length) await sleep(CALL_AGAIN_MS);
    const { address, signed } = targets[(first + attempts) % targets.length] as (typeof targets)[number];
    attempts += 1;
    const answer = await connection.nodes.submitMessage(address, signed);
    if ('silence' in answer) return { kind: 'unanswered', why: answer.silence };
    return answer.status === 'OK' ? { kind: 'taken' } : classifyPrecheck(answer.status);
  };
}

/** Asks node after node until one answers. */
export async function submit(attempt: Attempt): Promise<Submission> {
  let hadNoAnswer = false;
  for (let attempts = 1; ; attempts += 1) {
    const submission = await attempt();
    hadNoAnswer ||= submission.kind === 'unanswered';
    if (submission.kind !== 'unanswered' || attempts === ATTEMPTS) return { ...submission, hadNoAnswer };
  }
}
