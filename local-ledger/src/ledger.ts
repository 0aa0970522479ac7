import { LedgerClock } from './clock.js';
import type { CreateAccount } from './control/ports.js';
import { FIRST_PREFUNDED } from './core/genesis.js';
import { systemAccounts } from './core/limits.js';
import { Network } from './core/network.js';
import type { RecordSource } from './core/record-item.js';
import { systemClock } from './mirror/clock.js';
import { type Mirror, startMirror } from './mirror/start.js';
import { accountCreator } from './node/create-account.js';
import { Faults } from './node/faults.js';
import { type ConsensusServer, serveConsensus } from './node/grpc-server.js';
import { NodeCrypto } from './node/node-crypto.js';
import { Platform } from './node/platform.js';
import { QueryService } from './node/query-service.js';
import { RecordHub } from './node/record-hub.js';
import { TransactionService } from './node/transaction-service.js';
import { operatorKey, prefundedKeys, wirePublicKey } from './operator.js';
import { type ProfileName, profiles } from './profile.js';
import { memoryLog } from './store/input-log.js';

/** How long a receipt query is held until its transaction is final, in milliseconds. */
const RECEIPT_HOLD_MS = 5_000;

/** Options of startLedger; all have defaults. */
export interface LedgerOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Ports; 0, the default, picks free ones. `fees: false` leaves the third REST port out. */
  readonly ports?: {
    readonly consensus?: number;
    readonly mirrorGrpc?: number;
    readonly mirrorRest?: number;
    readonly fees?: number | false;
  };
  /** Default `instant`. */
  readonly profile?: ProfileName;
  /** Accounts that exist from the start, from 0.0.1002 on, with 10,000 hbar each; default 0. */
  readonly accounts?: number;
}

/** An account and the key that signs for it. */
export interface LedgerAccount {
  /** `0.0.n`. */
  readonly accountId: string;
  /** Hex DER. */
  readonly privateKey: string;
}

/** A running network. */
export interface Ledger {
  readonly host: string;
  readonly ports: {
    readonly consensus: number;
    readonly mirrorGrpc: number;
    readonly mirrorRest: number;
    readonly fees: number | undefined;
  };
  readonly operator: LedgerAccount;
  readonly accounts: readonly LedgerAccount[];
  readonly clock: LedgerClock;
  /** Faults of the consensus node. */
  readonly faults: Faults;
  readonly mirror: Mirror;
  /** Record items from now on. */
  readonly records: RecordSource;
  readonly createAccount: CreateAccount;
  /** Frees the ports. What has a receipt is durable when there is a data directory. */
  close(): Promise<void>;
}

/** Starts an embedded network: the consensus node and the mirror. Rejects when a port is taken, leaving none open. */
export async function startLedger(options: LedgerOptions = {}): Promise<Ledger> {
  const host = options.host ?? '127.0.0.1';
  const profile = profiles[options.profile ?? 'instant'];
  const keys = prefundedKeys(options.accounts ?? 0);
  const clock = new LedgerClock();
  const network = new Network(new NodeCrypto(), {
    time: clock.now() - 60_000_000_000n,
    operatorKey: wirePublicKey(operatorKey),
    accountKeys: keys.map(wirePublicKey),
  });
  const hub = new RecordHub((emit) => network.genesisItems.forEach(emit));
  const faults = new Faults();
  const platform = new Platform({ network, clock, log: memoryLog, hub, consensusDelayMs: profile.consensusDelayMs });
  const queries = new QueryService({ network, clock, platform, faults, receiptHoldMs: RECEIPT_HOLD_MS });
  const transactions = new TransactionService(platform, faults);
  const consensus = await serveConsensus({ host, port: options.ports?.consensus ?? 0 }, transactions, queries);
  const mirror = await startMirrorFor({ hub, clock, consensus, host, options });
  return {
    host,
    ports: {
      consensus: consensus.port,
      mirrorGrpc: mirror.ports.grpc,
      mirrorRest: mirror.ports.rest,
      fees: mirror.ports.fees,
    },
    operator: { accountId: `0.0.${systemAccounts.treasury}`, privateKey: operatorKey.privateKeyDer },
    accounts: keys.map(({ privateKeyDer }, index) => {
      return { accountId: `0.0.${FIRST_PREFUNDED + index}`, privateKey: privateKeyDer };
    }),
    clock,
    faults,
    mirror,
    records: hub,
    createAccount: accountCreator(network, platform, clock),
    close: async () => {
      await consensus.close();
      await platform.close();
      await mirror.close();
    },
  };
}

interface MirrorParts {
  readonly hub: RecordHub;
  readonly clock: LedgerClock;
  readonly consensus: ConsensusServer;
  readonly host: string;
  readonly options: LedgerOptions;
}

async function startMirrorFor({ hub, clock, consensus, host, options }: MirrorParts): Promise<Mirror> {
  const { mirrorGrpc = 0, mirrorRest = 0, fees = 0 } = options.ports ?? {};
  const node = { nodeId: 0, account: systemAccounts.node, description: 'embedded node', host, port: consensus.port };
  try {
    return await startMirror(hub, {
      host,
      ports: { grpc: mirrorGrpc, rest: mirrorRest, fees },
      clock: { ...systemClock, now: () => clock.now() },
      lag: profiles[options.profile ?? 'instant'].mirrorLag,
      nodes: [node],
    });
  } catch (error) {
    await consensus.close();
    throw error;
  }
}
