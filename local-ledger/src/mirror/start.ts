import type { RecordItem, RecordSource } from '../core/record-item.js';
import { type MirrorClock, systemClock } from './clock.js';
import { MirrorFaults } from './faults.js';
import { startGrpc } from './grpc/server.js';
import { Ingest, type MirrorLag, NO_LAG } from './ingest.js';
import type { EstimateFee, ExchangeRates, MirrorNetwork, MirrorNode } from './network.js';
import { type Listening, startRest } from './rest/server.js';
import { MirrorState } from './store/mirror-state.js';
import { TopicWaiters } from './topic-waiters.js';

/** Ports the SDK expects of a local network; 0 takes any free port. */
export const DEFAULT_MIRROR_PORTS = { grpc: 5600, rest: 5551, fees: 8084 } as const;

/** Rates of a network that has just begun: 12 cents an hbar, then 15, until the year 2100. */
const GENESIS_RATES: ExchangeRates = {
  current: { cents: 12, hbars: 1, expirationSeconds: 4_102_444_800n },
  next: { cents: 15, hbars: 1, expirationSeconds: 4_102_444_800n },
};

export interface MirrorOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Default DEFAULT_MIRROR_PORTS. `fees` serves the same as `rest`; false leaves it out. */
  readonly ports?: { readonly grpc?: number; readonly rest?: number; readonly fees?: number | false };
  /** Default: the machine's clocks. Network time must be that of consensus. */
  readonly clock?: MirrorClock;
  /** Default: none. */
  readonly lag?: MirrorLag;
  /** REST requests that an address may make in a second, on each of the REST ports; more are answered 429. Default: any number. */
  readonly restPerSecond?: number | undefined;
  /** The address book: only endpoints that answer. */
  readonly nodes: readonly MirrorNode[];
  /** Default: the rates of a new network. */
  readonly exchangeRates?: () => ExchangeRates;
  /** Without it POST network/fees answers 404. */
  readonly estimateFee?: EstimateFee;
  /** Told of faults of the mirror itself; default: a process warning. */
  readonly onError?: (error: unknown) => void;
}

/** A running mirror. */
export interface Mirror {
  readonly ports: { readonly grpc: number; readonly rest: number; readonly fees: number | undefined };
  readonly faults: MirrorFaults;
  /** What the mirror knows, for display; to be read only. */
  readonly state: MirrorState;
  lag(): MirrorLag;
  setLag(lag: MirrorLag): void;
  /** Ends all streams, frees the ports and leaves the source. */
  close(): Promise<void>;
}

/**
 * Starts the mirror side: a projection of the source's items, served over gRPC and REST. Items that the source
 * replays while being subscribed to are history and show at once; later ones after the lag. Rejects when a port is
 * taken, leaving none open.
 */
export async function startMirror(source: RecordSource, options: MirrorOptions): Promise<Mirror> {
  const clock = options.clock ?? systemClock;
  const state = new MirrorState();
  const waiters = new TopicWaiters();
  const faults = new MirrorFaults();
  const apply = (item: RecordItem): void => {
    state.apply(item);
    if (item.message !== undefined) waiters.wake(item.message.topic);
  };
  const ingest = new Ingest(clock, options.lag ?? NO_LAG, apply);
  let isHistory = true;
  const leave = source.subscribe((item) => (isHistory ? apply(item) : ingest.push(item)));
  isHistory = false;
  const network: MirrorNetwork = {
    nodes: options.nodes,
    exchangeRates: options.exchangeRates ?? (() => GENESIS_RATES),
    estimateFee: options.estimateFee,
  };
  const servers = await listenAll({ state, waiters, faults, clock, network, ingest }, options).catch((cause) => {
    leave();
    ingest.close();
    throw cause;
  });
  return {
    ports: { grpc: servers.grpc.port, rest: servers.rest.port, fees: servers.fees?.port },
    faults,
    state,
    lag: () => ingest.lag,
    setLag: (lag) => ingest.setLag(lag),
    close: async () => {
      leave();
      ingest.close();
      faults.endStreams();
      await closeAll([servers.grpc, servers.rest, servers.fees]);
    },
  };
}

interface Parts {
  readonly state: MirrorState;
  readonly waiters: TopicWaiters;
  readonly faults: MirrorFaults;
  readonly clock: MirrorClock;
  readonly network: MirrorNetwork;
  readonly ingest: Ingest;
}

interface Servers {
  readonly grpc: Listening;
  readonly rest: Listening;
  readonly fees: Listening | undefined;
}

async function listenAll(parts: Parts, options: MirrorOptions): Promise<Servers> {
  const { state, waiters, faults, clock, network, ingest } = parts;
  const host = options.host ?? '127.0.0.1';
  const ports = { ...DEFAULT_MIRROR_PORTS, ...options.ports };
  const onError = options.onError ?? warn;
  const perSecond = options.restPerSecond;
  const context = { state, network, now: () => clock.now() };
  const isCaughtUp = (): boolean => ingest.pending === 0;
  const started = await Promise.allSettled([
    startGrpc({ state, waiters, faults, clock, isCaughtUp }, network, { host, port: ports.grpc }),
    startRest(context, faults, { host, port: ports.rest, onError, perSecond }),
    ports.fees === false ? undefined : startRest(context, faults, { host, port: ports.fees, onError, perSecond }),
  ]);
  const [grpc, rest, fees] = started;
  if (grpc.status === 'fulfilled' && rest.status === 'fulfilled' && fees.status === 'fulfilled') {
    return { grpc: grpc.value, rest: rest.value, fees: fees.value };
  }
  await closeAll(started.map((one) => (one.status === 'fulfilled' ? one.value : undefined)));
  const failure = started.find((one) => one.status === 'rejected');
  throw failure?.reason;
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

async function closeAll(servers: readonly (Listening | undefined)[]): Promise<void> {
  await Promise.all(servers.map((server) => server?.close()));
}
