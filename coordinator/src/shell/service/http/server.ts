import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import type { TlsFiles } from '@gatepost/shared/server/tls';
import { stopController } from '@gatepost/shared/stop-controller';
import { splitAddress } from '@gatepost/shared/vocabulary/address';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import fastify, { type FastifyInstance } from 'fastify';
import type { Service } from '../service.js';
import type { ServiceMetrics } from '../service-metrics.js';
import { MAX_DOCUMENT_BYTES } from '../submitted-plan.js';
import { sendProblem } from './problem.js';
import { addRoutes } from './routes.js';
import { type ServedPage, servedPage } from './served-page.js';

/** How long a request may take to arrive, and a connection may stay without one. */
const REQUEST_MS = 60_000;
const IDLE_MS = 75_000;
/** Longest id in a path. */
const MAX_PARAMETER_CHARS = 300;

export interface HttpParts {
  readonly service: Service;
  readonly metrics: ServiceMetrics;
  /** host:port; port 0 for any free one. */
  readonly listen: string;
  /** None: without TLS. */
  readonly tls: TlsFiles | undefined;
  readonly connections: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A running HTTP server. */
export interface HttpDoor {
  readonly port: number;
  /** Takes up a new certificate. @throws Error when the files are no certificate and key; the old one stays. */
  reload(): void;
  /** Ends open streams, answers what was asked, and leaves. */
  close(): Promise<void>;
}

const readTls = ({ cert, key }: TlsFiles) => ({ cert: readFileSync(cert), key: readFileSync(key) });

/** Serves HTTP/JSON and the page. @throws GatepostError INVALID_CONFIG when it cannot listen, STORE_FAILED without the page. */
export async function serveHttp(parts: HttpParts): Promise<HttpDoor> {
  const { tls, listen, connections, log } = parts;
  const page = servedPage();
  let secured: TlsServer | undefined;
  const server = fastify({
    bodyLimit: MAX_DOCUMENT_BYTES,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARS },
    serverFactory: (handler) => {
      if (tls !== undefined) secured = createTlsServer(readTls(tls), handler);
      const made = secured ?? createServer(handler);
      made.maxConnections = connections;
      return made;
    },
  });
  const closing = stopController();
  prepare(server, parts, page);
  addRoutes(server, { ...parts, closing: closing.signal });
  try {
    const { host, port } = splitAddress(listen);
    await server.listen({ host, port });
  } catch (error) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `cannot listen on ${listen}: ${(error as Error).message}`,
      { listen },
      error,
    );
  }
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    reload: () => {
      if (tls !== undefined) secured?.setSecureContext(readTls(tls));
    },
    close: async () => {
      closing.abort();
      await server.close();
      log.debug('no longer served over HTTP');
    },
  };
}

/** What holds for all requests: who asks, how errors are told, how bodies come, and the page. */
function prepare(server: FastifyInstance, { service, metrics, log }: HttpParts, page: ServedPage): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error, _request, reply) => sendProblem(reply, error, log));
  server.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.split('?')[0]}; docs/serve.md lists what there is`;
    return sendProblem(reply, new GatepostError('NOT_FOUND', message), log);
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  server.addHook('onResponse', async (request, reply) => {
    metrics.answered('http', request.routeOptions.url ?? 'none', String(reply.statusCode));
  });
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/', (request, reply) => {
    reply.header('content-security-policy', page.policy).header('etag', page.tag).header('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === page.tag) return reply.status(304).send();
    return reply.type('text/html; charset=utf-8').send(page.html);
  });
  // Before the body is read: a stranger's is not.
  server.decorateRequest('caller', undefined);
  server.addHook('onRequest', async (request) => {
    if (request.url.startsWith('/v1/') || request.url === '/metrics') {
      request.caller = service.caller(request.headers.authorization);
    }
  });
}
