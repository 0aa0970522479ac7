import { randomInt } from 'node:crypto';
import type { Escrow, Signer, UnsignedBatch } from '../../ledger/cosigner.js';
import type { Action, PrepareActions, PreparedTransaction } from '../../ledger/ledger.js';
import { GatepostError } from '../../vocabulary/errors.js';
import { accountId } from '../../vocabulary/ids.js';
import type { AccountKey } from '../account-key.js';
import type { Connection } from '../connection.js';
import { DEFAULT_VALID_SECONDS, freshlyPrepared, nodesOf } from '../transaction.js';
import { innerTransaction, sealedBatch } from './batch.js';

/** Most that the outer transaction may cost its payer: 2 hbar, as the SDK has it. */
const OUTER_MAX_FEE_TINYBAR = 200_000_000n;

/** An account's key as what is signed together takes it. */
export const signerOf = (key: AccountKey): Signer => ({
  publicKey: key.publicKey.toStringDer(),
  sign: (message) => key.sign(message),
});

function innerActions(actions: readonly Action[], { account }: Escrow): Parameters<typeof innerTransaction>[2][] {
  return actions.map((action, index) => {
    if (action.kind === 'transfer' && index === 0) return { ...action, from: account };
    if (index > 0 && (action.kind === 'message' || action.kind === 'unschedule')) return action;
    throw new GatepostError('INTERNAL', `a ${action.kind} in the place ${index + 1} of a batch out of an escrow`);
  });
}

/**
 * Fixes a batch whose transfer goes out of an escrow, has the cosigner sign it and signs it; sends nothing. It is for one
 * node, since the node is part of what is signed.
 * @throws GatepostError MIRROR_UNREACHABLE, or as the cosigner does.
 */
export async function prepareFromEscrow(
  connection: Connection,
  actions: readonly Action[],
  escrow: Escrow,
  { firstId, validSeconds = DEFAULT_VALID_SECONDS }: PrepareActions,
): Promise<PreparedTransaction> {
  const { cosigner } = escrow;
  const payer = signerOf(connection.key);
  const inner = innerActions(actions, escrow).map((action, index) => {
    const id = index === 0 && firstId !== undefined ? firstId : connection.nextTransactionId();
    return innerTransaction(id, { validSeconds, batchKey: cosigner.publicKey }, action, payer);
  });
  const nodes = nodesOf(connection);
  const node = nodes[randomInt(nodes.length)];
  if (node === undefined) throw new GatepostError('INTERNAL', 'a network without nodes');
  const id = connection.nextTransactionId(await connection.mirror.now());
  const outer = { id, validSeconds, node: accountId(node.toString()), maxFeeTinybar: OUTER_MAX_FEE_TINYBAR };
  const batch: UnsignedBatch = { inner, outer };
  const signature = await cosigner.cosign(batch);
  return freshlyPrepared(id, sealedBatch(batch, { publicKey: cosigner.publicKey, signature }, payer), validSeconds);
}
