import { randomInt } from 'node:crypto';
import type { Client } from '@hashgraph/sdk';
import { reachDirectly } from '../config/environment.js';
import type { NetworkConfig } from '../config/network.js';
import { EarlyStarts } from '../ledger/early-starts.js';
import { type AccountId, type TransactionId, transactionId } from '../vocabulary/ids.js';
import { NANOS_PER_MS, NANOS_PER_SECOND, type Nanos, nanosFromMs } from '../vocabulary/time.js';
import type { AccountKey } from './account-key.js';
import { MirrorRest } from './mirror-rest.js';
import { sdk } from './sdk.js';
import { ShownMessages } from './shown-messages.js';

/** The embedded network's only node. */
const LOCAL_NODE = '0.0.3';
/** Valid starts lie this far in the past, so that a clock a little ahead of the network's does no harm. */
const VALID_START_AGE: Nanos = 2n * NANOS_PER_SECOND;

/** Within one millisecond ids move on by a random step of at most so many nanoseconds. */
const MAX_STEP = 1_000;

/** One account's access to a network. */
export interface Connection {
  readonly network: NetworkConfig;
  readonly account: AccountId;
  readonly key: AccountKey;
  /** The SDK client; used only inside this folder. */
  readonly client: Client;
  readonly mirror: MirrorRest;
  /** What subscriptions of this connection show of its own messages. */
  readonly shown: ShownMessages;
  /** The network's time as this host knows it, milliseconds since the epoch. */
  readonly nowMs: () => number;
  /**
   * A transaction id of this account that was not handed out before.
   * @param by its valid start is not later than this consensus time.
   */
  nextTransactionId(by?: Nanos): TransactionId;
  close(): void;
}

function clientFor(network: NetworkConfig): Client {
  if (network.name !== 'local') {
    const client = sdk.Client.forName(network.name);
    client.setMirrorNetwork([network.mirrorGrpc]);
    return client;
  }
  const client = new sdk.Client({
    network: { [network.node ?? '127.0.0.1:50211']: sdk.AccountId.fromString(LOCAL_NODE) },
    scheduleNetworkUpdate: false,
  });
  client.setMirrorNetwork([network.mirrorGrpc]);
  // One node: execute() keeps asking, so the SDK need not; its default is 1,000 attempts.
  client.setMaxAttempts(10).setMinBackoff(50).setMaxBackoff(500);
  client.setNodeMinBackoff(50).setNodeMaxBackoff(500).setNodeMinReadmitPeriod(50).setNodeMaxReadmitPeriod(500);
  return client;
}

/**
 * Transaction ids of one process: strictly increasing, so never the same twice (the SDK's own remember every id). What
 * lies below the millisecond is random, so that two processes of one account do not make the same.
 */
function transactionIds(account: AccountId, nowMs: () => number): (by?: Nanos) => TransactionId {
  let last: Nanos = 0n;
  const early = new EarlyStarts((below) => randomInt(below));
  return (by) => {
    const candidate = nanosFromMs(nowMs()) - VALID_START_AGE + BigInt(randomInt(Number(NANOS_PER_MS)));
    if (by === undefined) last = candidate > last ? candidate : last + 1n + BigInt(randomInt(MAX_STEP));
    const at = by === undefined ? last : early.next(by < candidate ? by : candidate);
    return transactionId(account, at);
  };
}

/**
 * Connects an account to a network. Nothing is sent; `close` frees the channels.
 * @param nowMs the network's time as this host knows it, milliseconds since the epoch.
 */
export function connect(
  network: NetworkConfig,
  account: AccountId,
  key: AccountKey,
  nowMs: () => number = Date.now,
): Connection {
  for (const address of [network.node, network.mirrorGrpc]) if (address !== undefined) reachDirectly(address);
  const client = clientFor(network);
  // Never a new id: the same bytes are submitted until their outcome is known (transaction.ts).
  client.setDefaultRegenerateTransactionId(false);
  client.setOperatorWith(account, key.publicKey, async (message) => key.sign(message));
  return {
    network,
    account,
    key,
    client,
    mirror: new MirrorRest(network),
    shown: new ShownMessages(),
    nowMs,
    nextTransactionId: transactionIds(account, nowMs),
    close: () => client.close(),
  };
}
