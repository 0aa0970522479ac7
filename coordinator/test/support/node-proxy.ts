import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** Where the process behind the proxy is cut off: at its n-th transaction, before or after the ledger has taken it. */
export interface CutPoint {
  readonly transaction: number;
  readonly phase: 'before' | 'after';
}

/**
 * Stands between one coordinator and the consensus node. From its cut on nothing of that coordinator reaches the
 * ledger any more and nothing comes back, which to the ledger is what a SIGKILL at that moment is.
 */
export class NodeProxy {
  /** Transactions seen so far. */
  transactions = 0;
  readonly #server: Http2Server = createServer();
  readonly #upstream: ClientHttp2Session;
  readonly #cutDone: (() => void)[] = [];
  /** Transactions that are held back. */
  held = 0;
  isCut = false;
  address = '';
  #heldFrom = Number.POSITIVE_INFINITY;
  #release: () => void = () => undefined;
  #released: Promise<void> = Promise.resolve();

  private constructor(
    target: string,
    readonly cutAt: CutPoint | undefined,
  ) {
    this.#upstream = connect(`http://${target}`);
    this.#upstream.on('error', () => undefined);
    this.#server.on('stream', (stream, headers) => void this.#forward(stream, headers[':path'] ?? ''));
    this.#server.on('session', (session) => session.on('error', () => undefined));
  }

  static async open(target: string, cutAt?: CutPoint): Promise<NodeProxy> {
    const proxy = new NodeProxy(target, cutAt);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.address = `127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Resolves when the cut has happened. */
  cut(): Promise<void> {
    return this.isCut ? Promise.resolve() : new Promise((done) => this.#cutDone.push(done));
  }

  /** Holds back what comes from a transaction on, counted from 1, until `release`. */
  hold(fromTransaction: number): void {
    this.#heldFrom = fromTransaction;
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#heldFrom = Number.POSITIVE_INFINITY;
    this.#release();
  }

  #sever(): void {
    this.isCut = true;
    for (const done of this.#cutDone) done();
  }

  async #forward(stream: ServerHttp2Stream, path: string): Promise<void> {
    stream.on('error', () => undefined);
    const isTransaction = !/\/get[A-Z]/.test(path);
    if (isTransaction && !this.isCut) this.transactions += 1;
    const here = isTransaction && this.transactions === this.cutAt?.transaction;
    if (here && this.cutAt?.phase === 'before') this.#sever();
    if (isTransaction && this.transactions >= this.#heldFrom) {
      this.held += 1;
      await this.#released;
      this.held -= 1;
    }
    if (this.isCut) return stream.close(2);
    const request = await buffer(stream);
    const upstream = this.#upstream.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    upstream.on('error', () => undefined);
    upstream.end(request);
    const [[headers], body, trailers] = await Promise.all([
      once(upstream, 'response') as Promise<[Record<string, string>]>,
      buffer(upstream),
      new Promise<Record<string, string>>((resolve) => {
        upstream.once('trailers', (found) => resolve(found as Record<string, string>));
        upstream.once('close', () => resolve({}));
      }),
    ]);
    if (here) this.#sever();
    if (this.isCut || stream.destroyed) return stream.destroyed ? undefined : stream.close(2);
    stream.on('wantTrailers', () => stream.sendTrailers(plain(trailers)));
    stream.respond({ ':status': 200, ...plain(headers) }, { waitForTrailers: true });
    stream.end(body);
  }

  close(): void {
    this.isCut = true;
    this.release();
    this.#server.close();
    this.#upstream.destroy();
  }
}

const plain = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
