import { createServer, type Server, type Socket } from 'node:net';
import { splitAddress } from '@gatepost/shared/vocabulary/address';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';

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

/** A connection that has not ended. */
interface Guest {
  readonly socket: Socket;
  readonly leave: NodeJS.Timeout;
  proven: boolean;
  requests: number;
}

/** host:port as `getPeer` of a call names it. */
const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

/**
 * Takes connections and bounds them. One that makes no request in time is closed. When there are too many, the oldest that
 * has not proven to be the coordinator's makes room, so that a new one always gets its turn; the coordinator's stays.
 * One that asks and asks is made to wait for its answers, so that it cannot keep the daemon busy.
 */
export class FrontDoor {
  readonly #guests = new Map<string, Guest>();
  readonly #server: Server;

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
    this.#server.close();
    for (const { socket } of this.#guests.values()) socket.destroy();
  }

  #enter(socket: Socket): void {
    const peer = peerOf(socket);
    if (this.#guests.size >= this.limits.connections && !this.#makeRoom()) return void socket.destroy();
    const leave = setTimeout(() => socket.destroy(), this.limits.idleMs);
    leave.unref();
    this.#guests.set(peer, { socket, leave, proven: false, requests: 0 });
    socket.once('close', () => {
      clearTimeout(leave);
      this.#guests.delete(peer);
    });
    socket.on('error', () => undefined); // Its end follows, and that is all there is to know.
    this.admit(socket);
  }

  /** Ends the oldest connection that has proven nothing; false when there is none. */
  #makeRoom(): boolean {
    for (const [peer, { socket, proven }] of this.#guests) {
      if (proven) continue;
      this.#guests.delete(peer);
      socket.destroy();
      return true;
    }
    return false;
  }
}
