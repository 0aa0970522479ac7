import { LedgerClock } from './clock.js';
import { isLoopback } from './control/guard.js';
import type { ControlOptions } from './control/options.js';
import type { CreateAccount } from './control/ports.js';
import { type Control, startControl } from './control/start.js';
import { type ExchangeRate, exchangeRates } from './core/fees/exchange-rate.js';
import { FIRST_PREFUNDED } from './core/genesis.js';
import { Throttles } from './core/ingest/throttles.js';
import { systemAccounts } from './core/limits.js';
import { Network } from './core/network.js';
import type { RecordSource } from './core/record-item.js';
import { systemClock } from './mirror/clock.js';
import type { ExchangeRates } from './mirror/network.js';
import { type Mirror, startMirror } from './mirror/start.js';
import { accountCreator } from './node/create-account.js';
import { Faults } from './node/faults.js';
import { estimateFee } from './node/fee-estimate.js';
import { type ConsensusServer, serveConsensus } from './node/grpc-server.js';
import { NodeCrypto } from './node/node-crypto.js';
import { Platform } from './node/platform.js';
import { QueryService } from './node/query-service.js';
import { RecordHub } from './node/record-hub.js';
import { replayInput } from './node/replay.js';
import { TransactionService } from './node/transaction-service.js';
import { operatorKey, prefundedKeys, wirePublicKey } from './operator.js';
import { type Profile, type ProfileName, profiles } from './profile.js';
import { type DataDirectory, openDataDirectory } from './store/data-directory.js';
import { memoryLog } from './store/input-log.js';

const LOOPBACK = '127.0.0.1';
/** How long a receipt query is held until its transaction is final, in milliseconds. */
const RECEIPT_HOLD_MS = 5_000;

/** Options of startLedger; all have defaults. */
export interface LedgerOptions {
  /** Address to listen on; default 127.0.0.1. At any other, whoever reaches it owns the network. */
  readonly host?: string;
  /** Ports; 0, the default, picks free ones. `fees: false` leaves the third REST port out. */
  readonly ports?: {
    readonly consensus?: number;
    readonly mirrorGrpc?: number;
    readonly mirrorRest?: number;
    readonly fees?: number | false;
    /** Operator controls over HTTP; `false` leaves them out. */
    readonly control?: number | false;
  };
  /** Default `instant`. */
  readonly profile?: ProfileName;
  /** Accounts that exist from the start, from 0.0.1002 on, with 10,000 hbar each; default 0. */
  readonly accounts?: number;
  /** Directory that keeps the ledger across restarts; without it, the ledger lives as long as the process. */
  readonly data?: string;
  /** Called when the data directory cannot be written any more; the default throws. */
  readonly onFailure?: (error: unknown) => void;
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
  /** Address of the operator controls: on loopback, whatever `host` is. */
  readonly controlHost: string;
  readonly ports: {
    readonly consensus: number;
    readonly mirrorGrpc: number;
    readonly mirrorRest: number;
    readonly fees: number | undefined;
    readonly control: number | undefined;
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
  /** SHA-384 of the whole state, hex: equal after a restart. */
  stateHash(): string;
  /** Frees the ports. What has a receipt is durable when there is a data directory. */
  close(): Promise<void>;
}

/**
 * Starts an embedded network: the consensus node and the mirror. Rejects when a port is taken or the data directory
 * cannot be used, leaving nothing open.
 */
export async function startLedger(options: LedgerOptions = {}): Promise<Ledger> {
  const host = options.host ?? LOOPBACK;
  const clock = new LedgerClock();
  const data = await openData(options, clock);
  const profile = profiles[options.profile ?? 'instant'];
  const { network, hub, accounts } = found(data, clock, profile);
  const faults = new Faults();
  const platform = new Platform({
    network,
    clock,
    log: data.log,
    hub,
    consensusDelayMs: profile.consensusDelayMs,
    onFailure: options.onFailure ?? raise,
  });
  const servers = await serve({ network, clock, hub, faults, platform, host, options }).catch(async (error) => {
    await data.log.close();
    throw error;
  });
  platform.start();
  const createAccount = accountCreator(network, platform, clock);
  const { consensus, mirror } = servers;
  const controlHost = isLoopback(host) ? host : LOOPBACK;
  const control = await serveControl({ clock, faults, mirror, createAccount }, controlHost, options).catch(
    async (error) => {
      await closeAll(servers, platform);
      throw error;
    },
  );
  return {
    host,
    controlHost,
    ports: {
      consensus: consensus.port,
      mirrorGrpc: mirror.ports.grpc,
      mirrorRest: mirror.ports.rest,
      fees: mirror.ports.fees,
      control: control?.port,
    },
    operator: { accountId: `0.0.${systemAccounts.treasury}`, privateKey: operatorKey.privateKeyDer },
    accounts,
    clock,
    faults,
    mirror,
    records: hub,
    createAccount,
    stateHash: () => network.digest(),
    close: async () => {
      await control?.close();
      await closeAll(servers, platform);
    },
  };
}

async function closeAll({ consensus, mirror }: Servers, platform: Platform): Promise<void> {
  await consensus.close();
  await platform.close();
  await mirror.close();
}

function raise(error: unknown): never {
  throw error;
}

/** How long before its start the network began, so that the first valid starts lie after genesis: one minute. */
const GENESIS_LEAD = 60_000_000_000n;

async function openData({ data, accounts }: LedgerOptions, clock: LedgerClock): Promise<DataDirectory> {
  const fresh = { time: clock.now() - GENESIS_LEAD, accounts: accounts ?? 0 };
  if (data === undefined) {
    return { genesis: fresh, log: memoryLog, replay: () => {} };
  }
  const directory = await openDataDirectory(data, () => fresh);
  const stored = directory.genesis.accounts;
  if (accounts !== undefined && accounts !== stored) {
    await directory.log.close();
    throw new Error(`the ledger in ${data} began with ${stored} accounts, not with ${accounts}`);
  }
  return directory;
}

/** Makes the network of a data directory; its stored history runs when the mirror subscribes. */
function found(data: DataDirectory, clock: LedgerClock, { isThrottled }: Profile) {
  const crypto = new NodeCrypto();
  const keys = prefundedKeys(data.genesis.accounts);
  const genesis = {
    time: data.genesis.time,
    operatorKey: wirePublicKey(operatorKey),
    accountKeys: keys.map(wirePublicKey),
  };
  const network = new Network(crypto, genesis, isThrottled ? new Throttles() : undefined);
  clock.notBefore(() => network.lastTimestamp);
  const hub = new RecordHub((emit) => {
    network.genesisItems.forEach(emit);
    data.replay((input) => {
      for (const { item } of replayInput({ network, clock, crypto }, input)) {
        emit(item);
      }
    });
  });
  const accounts = keys.map(({ privateKeyDer }, index) => {
    return { accountId: `0.0.${FIRST_PREFUNDED + index}`, privateKey: privateKeyDer };
  });
  return { network, hub, accounts };
}

interface Parts {
  readonly network: Network;
  readonly clock: LedgerClock;
  readonly hub: RecordHub;
  readonly faults: Faults;
  readonly platform: Platform;
  readonly host: string;
  readonly options: LedgerOptions;
}

interface Servers {
  readonly consensus: ConsensusServer;
  readonly mirror: Mirror;
}

/** Starts the operator controls unless they are left out. */
function serveControl(
  parts: ControlOptions,
  host: string,
  { ports }: LedgerOptions,
): Promise<Control> | Promise<undefined> {
  const port = ports?.control ?? 0;
  return port === false ? Promise.resolve(undefined) : startControl({ ...parts, host, port });
}

async function serve(parts: Parts): Promise<Servers> {
  const { platform, faults, host, options } = parts;
  const queries = new QueryService({ ...parts, receiptHoldMs: RECEIPT_HOLD_MS });
  const transactions = new TransactionService(platform, faults);
  const consensus = await serveConsensus({ host, port: options.ports?.consensus ?? 0 }, transactions, queries);
  try {
    return { consensus, mirror: await serveMirror(parts, consensus.port) };
  } catch (error) {
    await consensus.close();
    throw error;
  }
}

/** The rates that consensus charges by, as the mirror shows them. */
function ratesInForce(): ExchangeRates {
  const view = ({ hbarEquiv, centEquiv }: ExchangeRate) => {
    return { hbars: hbarEquiv, cents: centEquiv, expirationSeconds: exchangeRates.expirySeconds };
  };
  return { current: view(exchangeRates.current), next: view(exchangeRates.next) };
}

/** Starts the mirror, to which everything that has happened so far is replayed. */
function serveMirror({ network, hub, clock, host, options }: Parts, port: number): Promise<Mirror> {
  const { mirrorGrpc = 0, mirrorRest = 0, fees = 0 } = options.ports ?? {};
  const { mirrorLag, restPerSecond } = profiles[options.profile ?? 'instant'];
  return startMirror(hub, {
    host,
    ports: { grpc: mirrorGrpc, rest: mirrorRest, fees },
    clock: { ...systemClock, now: () => clock.now() },
    lag: mirrorLag,
    restPerSecond,
    nodes: [{ nodeId: 0, account: systemAccounts.node, description: 'embedded node', host, port }],
    exchangeRates: ratesInForce,
    estimateFee: (bytes, { mode }) => estimateFee(bytes, mode === 'STATE' ? network.state : undefined),
  });
}
