import { lookup } from 'node:dns/promises';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Exit, ExitCounts, exitName, isOwnAddress, parseExit } from '../../core/exits.js';

/** Runs inside the confinement and leads to the socket. */
export const FORWARDER = fileURLToPath(new URL('../../../bin/exit-forwarder.mjs', import.meta.url));
/** Of the loopback that a confined program has for itself. */
export const EXIT_PORT = 3_128;
const MAX_CONNECTIONS = 64;
const CONNECT_MS = 30_000;

/** Variables by which programs find the way out. */
export const EXIT_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].map((name) => [name, `http://127.0.0.1:${EXIT_PORT}`]),
);

/**
 * The ways out of one attempt: a proxy for HTTP CONNECT on a socket of its own, that leads to the named places and nowhere
 * else. Names are looked up here; one that means this host or its link is refused, an address must have been named itself.
 */
export class Exits {
  readonly #counts = new ExitCounts();
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly directory: string,
    private readonly server: Server,
    private readonly allowed: ReadonlySet<string>,
    private readonly log: (line: string) => void,
  ) {
    server.maxConnections = MAX_CONNECTIONS;
    server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      this.#keep(socket);
      void this.#lead(request.url ?? '', socket, head);
    });
    // Whoever asks for a page without CONNECT gets no way out.
    server.on('request', (request, response) => {
      this.#count('refused', request.url?.slice(0, 200) ?? '');
      response.writeHead(403, { connection: 'close' }).end('only CONNECT leads out of here\n');
    });
    server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** @throws Error of the file system. */
  static async open(exits: readonly Exit[], log: (line: string) => void): Promise<Exits> {
    const directory = mkdtempSync(join(tmpdir(), 'gatepost-exits-'));
    const server = createServer();
    const opened = new Exits(directory, server, new Set(exits.map(exitName)), log);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(opened.socket, resolve);
    });
    // The program may be another user's than the daemon.
    chmodSync(directory, 0o755);
    chmodSync(opened.socket, 0o666);
    return opened;
  }

  get socket(): string {
    return join(this.directory, 'out');
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    rmSync(this.directory, { recursive: true, force: true });
    const { summary } = this.#counts;
    if (summary !== undefined) this.log(summary);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  #count(what: 'reached' | 'refused', name: string): void {
    if (this.#counts.count(what, name)) this.log(`network: ${what} ${name}`);
  }

  async #lead(target: string, inner: Socket, head: Buffer): Promise<void> {
    const exit = parseExit(target);
    const name = exit === undefined ? target.slice(0, 200) : exitName(exit);
    const refuse = (status: string, why: string) => {
      this.#count('refused', name);
      inner.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n${why}\n`);
    };
    if (exit === undefined || !this.allowed.has(name)) return refuse('403 Forbidden', `${name} is no named exit`);
    const address = await addressOf(exit.host).catch(() => undefined);
    if (address === undefined) return refuse('502 Bad Gateway', `${exit.host} cannot be looked up`);
    if (address === 'own') return refuse('403 Forbidden', `${exit.host} means this host`);
    if (inner.destroyed) return;
    const outer = connect({ host: address, port: exit.port, timeout: CONNECT_MS });
    this.#keep(outer);
    outer.once('timeout', () => outer.destroy(new Error('timeout')));
    outer.once('connect', () => {
      outer.setTimeout(0);
      this.#count('reached', name);
      inner.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      outer.write(head);
      inner.pipe(outer).pipe(inner);
    });
    outer.once('close', () => inner.destroy());
    inner.once('close', () => outer.destroy());
  }
}

/** Where a host is reached; `own` for a name that means this host. */
async function addressOf(host: string): Promise<string> {
  const literal = host.replace(/^\[(.*)\]$/, '$1');
  // An address was written by the owner of this host, who knows what it is.
  if (isIP(literal) !== 0) return literal;
  const found = await lookup(host, { all: true });
  return found.some(({ address }) => isOwnAddress(address)) ? 'own' : (found[0]?.address ?? 'own');
}
