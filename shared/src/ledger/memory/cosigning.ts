import { sha256 } from '../../vocabulary/digest.js';
import { type AccountId, accountId, type ScheduleId } from '../../vocabulary/ids.js';
import type { BatchReading, Cosignature, EscrowBatch, Signer, UnsignedBatch } from '../cosigner.js';
import { type Envelope, open, outerBody, type Part, partBody, seal, signatureOf, validStart } from './envelope.js';

/** The node that a network in memory has. */
const NODE = accountId('0.0.3');

/** Signs as an account; the public key of a network in memory is the account's id. */
export const memorySigner = (account: AccountId): Signer => ({
  publicKey: account,
  sign: (message) => Buffer.from(signatureOf(account, Buffer.from(message).toString('utf8'))),
});

/** A batch as its cosigner gets it: its parts one by one, and of the outer transaction what is beside them. */
export const unsignedBatch = ({ id, payer, validSeconds, parts }: Envelope): UnsignedBatch => ({
  inner: parts.map((part) => seal({ id: part.id, payer, validSeconds, parts: [part] })),
  outer: { id, validSeconds, node: NODE, maxFeeTinybar: 0n },
});

/** A batch with its cosigner's signatures. */
export function cosigned({ parts, ...envelope }: Envelope, { transfer, outer }: Cosignature): Envelope {
  const text = (signature: Uint8Array) => Buffer.from(signature).toString('utf8');
  return { ...envelope, parts: withTransferSigned(parts, text(transfer)), cosigned: text(outer) };
}

const withTransferSigned = (parts: readonly Part[], signature: string): Part[] =>
  parts.map((part, index) => (index === 0 ? { ...part, cosigned: signature } : part));

/** Reads a batch that pays out of an escrow, as the reader of real ones does (hedera/cosigned/batch.ts). */
export function readMemoryBatch({ inner, outer }: UnsignedBatch, cosigner: AccountId): BatchReading {
  const opened = inner.map((bytes) => open(bytes));
  const payer = accountId(outer.id.split('@')[0] ?? '');
  const { validSeconds } = outer;
  const parts = opened.flatMap((envelope) => envelope.parts);
  const isSound = opened.every(
    (one) => one.payer === payer && one.validSeconds === validSeconds && one.parts.length === 1,
  );
  if (!isSound || parts.some(({ batchKey }) => batchKey !== cosigner))
    return { objection: 'it is not as it has to be' };
  const [first, ...others] = parts;
  if (first?.action.kind !== 'transfer' || first.from === undefined)
    return { objection: 'its first part is no transfer' };
  const messages: EscrowBatch['messages'][number][] = [];
  const unscheduled: ScheduleId[] = [];
  for (const { action } of others) {
    if (action.kind === 'message') messages.push(action);
    else if (action.kind === 'unschedule') unscheduled.push(action.schedule);
    else return { objection: `it has a ${action.kind} besides` };
  }
  const envelope: Envelope = { id: outer.id, payer, validSeconds, parts };
  return {
    digest: sha256(outerBody(envelope)),
    id: outer.id,
    payer,
    validStart: validStart(outer.id),
    validSeconds,
    from: first.from,
    token: first.action.token,
    payees: first.action.payees,
    transfer: first.id,
    messages,
    unscheduled,
    sign: (signer) => {
      const transfer = signer.sign(Buffer.from(partBody(payer, validSeconds, first)));
      const sealed = withTransferSigned(parts, Buffer.from(transfer).toString('utf8'));
      return { transfer, outer: signer.sign(Buffer.from(outerBody({ ...envelope, parts: sealed }))) };
    },
  };
}
