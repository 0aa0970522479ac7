import { isLoopback, splitAddress } from '../vocabulary/address.js';
import { transactionIdFromMirror } from '../vocabulary/ids.js';
import { msFromNanos } from '../vocabulary/time.js';
import type { Connection } from './connection.js';
import type { MirrorTransaction } from './mirror-rest.js';
import { connects } from './reachability.js';
import { sdk } from './sdk.js';

/** Addresses, host:port, of the consensus nodes that transactions are sent to. */
export const nodeAddresses = ({ client }: Connection): readonly string[] => Object.keys(client.network);

/** Whether the mirror shows the network that transactions are sent to; `unproven` when that cannot be told now. */
export type Sameness = 'same' | 'other' | 'unproven';

/** A node keeps a receipt for three minutes; this is well within, for mirrors that lag. */
const RECENT_MS = 120_000;
/** Transactions that a node is asked about. */
const ASKED = 3;
const ASK_TIMEOUT_MS = 2_000;

const ANY = ['0.0.0.0', '::'];

/**
 * Compares the mirror's address book with the nodes that transactions are sent to. Where a local node has another
 * address than the mirror says (a proxy, a tunnel), the node is asked for what the mirror showed last. Free of charge.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function compareNetworks(connection: Connection): Promise<Sameness> {
  const endpoints = await connection.mirror.nodeEndpoints();
  const own = nodeAddresses(connection).map(splitAddress);
  if (connection.network.name !== 'local') {
    return endpoints.some(({ host }) => own.some((node) => node.host === host)) ? 'same' : 'other';
  }
  const isOwn = ({ host, port }: { readonly host: string; readonly port: number }) =>
    own.some((node) => {
      const sameHost = node.host === host || ANY.includes(host) || (isLoopback(node.host) && isLoopback(host));
      return sameHost && node.port === port;
    });
  return endpoints.some(isOwn) ? 'same' : compareRecent(connection);
}

async function compareRecent(connection: Connection): Promise<Sameness> {
  const answers = await Promise.all(nodeAddresses(connection).map(connects));
  if (!answers.includes(true)) return 'unproven';
  const after = connection.nowMs() - RECENT_MS;
  const newest = await connection.mirror.newest(ASKED);
  const recent = newest.filter(({ consensus_timestamp: at }) => msFromNanos(at) > after);
  const known = await Promise.all(recent.map((transaction) => isKnown(connection, transaction)));
  if (known.includes(true)) return 'same';
  return known.includes(false) ? 'other' : 'unproven';
}

/** Whether a node knows a transaction; undefined when it does not say. */
async function isKnown(connection: Connection, { transaction_id }: MirrorTransaction): Promise<boolean | undefined> {
  const query = new sdk.TransactionReceiptQuery()
    .setTransactionId(transactionIdFromMirror(transaction_id))
    .setValidateStatus(false)
    .setMaxAttempts(1);
  try {
    const { status } = await query.execute(connection.client, ASK_TIMEOUT_MS);
    return status !== sdk.Status.ReceiptNotFound;
  } catch (error) {
    // The SDK would go on asking for a receipt that is not found; its last word is nowhere but in the text.
    const unknown = error instanceof Error && error.message.endsWith(sdk.Status.ReceiptNotFound.toString());
    return unknown ? false : undefined;
  }
}
