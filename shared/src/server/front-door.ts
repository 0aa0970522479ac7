import { createServer, type Server, type Socket } from 'node:net';
import { splitAddress } from '../vocabulary/address.js';
import { GatepostError, toGatepostError } from '../vocabulary/errors.js';

/** Bounds of the daemon's port. */
export interface DoorLimits {
  /** Connections at the same time. */
  readonly connections: number;
  /** How long one that has not proven to be the coordinator's may stay without a request, milliseconds. */
  readonly idleMs: number;
}

/** Requests that a connection may make at its own pace before it has proven to be the coordinator's; it needs two. */
const PROMPT_REQUESTS = 32;
/** How long each further one waits, milliseconds. With the bound on streams this is what a stranger can ask for. */
const WAIT_MS = 1_000;

/**
 * What a connection may send at once before it has proven to be the coordinator's, which takes a twentieth of it. So frames
 * that are no requests, such as pings, cannot keep the daemon busy either.
 */
const MAX_UNPROVEN_BYTES = 65_536;
/** What it may send each second after that. */
const MAX_UNPROVEN_BYTES_PER_SECOND = 16_384;
/** How often it is looked how much came in. */
const LOOK_MS = 100;

/** A connection that has not ended. */
interface Guest {
  readonly socket: Socket;
  /** Where it comes from; see `networkOf`. */
  readonly network: string;
  readonly leave: NodeJS.Timeout;
  proven: boolean;
  requests: number;
  /** Bytes it had sent when it was last looked at. */
  sent: number;
  /** Bytes it may still send. */
  allowance: number;
}

/** host:port as `getPeer` of a call names it. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

/** Whom an address belongs to: of IPv6 whoever has one has all with the same first half. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address.replace(/^::ffff:/i, '');
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string): string[] => part.split(':').filter((group) => group !== '');
  const missing = Math.max(0, 8 - groups(head).length - groups(tail).length);
  return [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)].slice(0, 4).join(':');
}

/**
 * Takes connections and bounds them. One that makes no request in time is closed, so is one that sends more than whoever
 * has proven nothing needs to. When there are too many, one that has not proven to be the coordinator's makes room, the
 * oldest of the network that has most of them: a new one always gets its turn, those of one network cannot drive away
 * those of another, the coordinator's stays. One that asks and asks is made to wait for its answers.
 */
export class FrontDoor {
  readonly #guests = new Map<string, Guest>();
  readonly #server: Server;
  /** Runs while somebody is here who has proven nothing. */
  #looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly limits: DoorLimits,
    private readonly admit: (socket: Socket) => void,
  ) {
    this.#server = createServer({ noDelay: true }, (socket) => this.#enter(socket));
  }

  /** Connections that stand. */
  get size(): number {
    return this.#guests.size;
  }

  /** Listens at host:port; gives the port. @throws GatepostError INVALID_CONFIG */
  open(listen: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        const { message } = toGatepostError(error);
        reject(new GatepostError('INVALID_CONFIG', `cannot listen on ${listen}: ${message}`, { listen }, error));
      });
      this.#server.listen(splitAddress(listen), () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }

  /** A request came in on a connection: `go` is called at once, or after a while when a stranger asks too much. */
  heard(peer: string, go: () => void): void {
    const guest = this.#guests.get(peer);
    if (guest?.proven === false) {
      guest.leave.refresh();
      guest.requests += 1;
    }
    if (guest === undefined || guest.requests <= PROMPT_REQUESTS) go();
    else setTimeout(go, WAIT_MS).unref();
  }

  /** A connection has proven to be the coordinator's. */
  proven(peer: string): void {
    const guest = this.#guests.get(peer);
    if (guest === undefined) return;
    guest.proven = true;
    guest.requests = 0;
    clearTimeout(guest.leave);
  }

  close(): void {
    this.#stopLooking();
    this.#server.close();
    for (const { socket } of this.#guests.values()) socket.destroy();
  }

  #enter(socket: Socket): void {
    const peer = peerOf(socket);
    if (this.#guests.size >= this.limits.connections && !this.#makeRoom()) return void socket.destroy();
    const leave = setTimeout(() => socket.destroy(), this.limits.idleMs);
    leave.unref();
    const network = networkOf(socket.remoteAddress ?? '');
    const fresh = { proven: false, requests: 0, sent: 0, allowance: MAX_UNPROVEN_BYTES };
    this.#guests.set(peer, { socket, network, leave, ...fresh });
    socket.once('close', () => {
      clearTimeout(leave);
      this.#guests.delete(peer);
    });
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref();
    socket.on('error', () => undefined); // Its end follows, and that is all there is to know.
    this.admit(socket);
  }

  #stopLooking(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** Ends connections that have sent too much; looks no more once all here have proven whose they are. */
  #look(): void {
    let isWatching = false;
    for (const guest of this.#guests.values()) {
      if (guest.proven) continue;
      isWatching = true;
      const { bytesRead } = guest.socket;
      const more = guest.allowance + (MAX_UNPROVEN_BYTES_PER_SECOND * LOOK_MS) / 1_000;
      guest.allowance = Math.min(more, MAX_UNPROVEN_BYTES) - (bytesRead - guest.sent);
      guest.sent = bytesRead;
      if (guest.allowance < 0) guest.socket.destroy();
    }
    if (!isWatching) this.#stopLooking();
  }

  /** Ends a connection that has proven nothing, the oldest of the network with most of them; false when there is none. */
  #makeRoom(): boolean {
    const oldest = new Map<string, { readonly peer: string; readonly socket: Socket; count: number }>();
    for (const [peer, { socket, network, proven }] of this.#guests) {
      if (proven) continue;
      const known = oldest.get(network);
      if (known === undefined) oldest.set(network, { peer, socket, count: 1 });
      else known.count += 1;
    }
    const [first, ...others] = oldest.values();
    if (first === undefined) return false;
    const { peer, socket } = others.reduce((most, one) => (one.count > most.count ? one : most), first);
    this.#guests.delete(peer);
    socket.destroy();
    return true;
  }
}
