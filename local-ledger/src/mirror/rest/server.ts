import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { MirrorFaults } from '../faults.js';
import { toJsonText } from '../format/json.js';
import type { Query } from '../query/filters.js';
import { errorBody, HttpError } from '../query/http-error.js';
import type { RestContext, RestRequest, RestResponse } from './resource.js';
import { ROUTES, type Route } from './routes.js';

const PREFIX = '/api/v1';
const MS_PER_SECOND = 1_000;
const JSON_TYPE = 'application/json; charset=utf-8';

/** Largest body taken, in bytes: a transaction is at most 133,120. */
const BODY_LIMIT = 256 * 1024;

/** Node takes no larger request head, so that a path parameter is never cut off. */
const MAX_URL_BYTES = 16 * 1024;

/** Parameter names are compared without case, and so are the values of these. */
const LOWER_CASE_VALUES: ReadonlySet<string> = new Set(['order', 'result']);

/** Where to listen, and whom to tell of faults of our own, which a client sees as 500. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly onError: (error: unknown) => void;
  /** Requests that an address may make in a second; any number when undefined. */
  readonly perSecond: number | undefined;
}

/** Where a server listens. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the REST resources under /api/v1. Port 0 takes any free one; rejects when the port is taken. Whatever a
 * request holds, the answer is one of the mirror's bodies.
 */
export async function startRest(context: RestContext, faults: MirrorFaults, at: ListenOptions): Promise<Listening> {
  const server = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_URL_BYTES, onBadUrl: answerBadUrl },
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error, _request, reply) => {
    const answer = toHttpError(error);
    if (answer.status >= 500 && !(error instanceof HttpError)) at.onError(error);
    return answerError(reply, answer);
  });
  server.setNotFoundHandler((_request, reply) => answerError(reply, new HttpError(404, [{ message: 'Not found' }])));
  server.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*');
  });
  for (const check of ['readiness', 'liveness']) {
    server.get(`/health/${check}`, async (_request, reply) => reply.type(JSON_TYPE).send('{"status":"ok"}'));
  }
  server.options('*', async (_request, reply) => {
    reply.header('access-control-allow-methods', 'GET,HEAD,POST').header('access-control-allow-headers', '*');
    return reply.status(204).send();
  });
  if (at.perSecond !== undefined) await limitRate(server, at.perSecond);
  for (const route of ROUTES) addRoute(server, route, context, faults);
  await server.listen({ host: at.host, port: at.port });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : at.port;
  return { port, close: () => server.close() };
}

/**
 * Answers 429 to what an address asks for beyond so many requests in a second. The load balancer before the public mirrors
 * names no time to come back at, so neither does this.
 */
async function limitRate(server: FastifyInstance, perSecond: number): Promise<void> {
  const silent = {
    'x-ratelimit-limit': false,
    'x-ratelimit-remaining': false,
    'x-ratelimit-reset': false,
    'retry-after': false,
  };
  await server.register(rateLimit, {
    max: perSecond,
    timeWindow: MS_PER_SECOND,
    addHeaders: silent,
    addHeadersOnExceeding: silent,
    errorResponseBuilder: () => new HttpError(429, [{ message: 'Too Many Requests' }]),
  });
}

function addRoute(server: FastifyInstance, route: Route, context: RestContext, faults: MirrorFaults): void {
  server.route({
    method: route.method,
    url: PREFIX + route.path,
    handler: async (request, reply) => {
      const fault = faults.takeRestError(request.url);
      if (fault !== undefined) throw new HttpError(fault.status, [{ message: fault.message }]);
      return answer(reply, route, route.resource(context, toRestRequest(request)));
    },
  });
}

function toRestRequest(request: FastifyRequest): RestRequest {
  const [path = ''] = request.url.split('?');
  return {
    path,
    params: (request.params ?? {}) as Record<string, string>,
    query: normalizeQuery(request.query),
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    contentType: request.headers['content-type'] ?? '',
  };
}

function normalizeQuery(query: unknown): Query {
  const normalized = new Map<string, string[]>();
  for (const [key, value] of Object.entries((query ?? {}) as Record<string, string | string[]>)) {
    const name = key.toLowerCase();
    const values = Array.isArray(value) ? value : [value];
    const lower = LOWER_CASE_VALUES.has(name) ? values.map((one) => one.toLowerCase()) : values;
    normalized.set(name, [...(normalized.get(name) ?? []), ...lower]);
  }
  return normalized;
}

function answer(reply: FastifyReply, route: Route, response: RestResponse): FastifyReply {
  reply.header('cache-control', `public, max-age=${response.maxAgeSeconds ?? route.maxAgeSeconds}`);
  if (response.plainText === true && typeof response.body === 'string') {
    return reply.type('text/plain; charset=utf-8').send(response.body);
  }
  const next = nextLink(response);
  if (next !== undefined) reply.header('link', `<${next}>; rel="next"`);
  return reply.type(JSON_TYPE).send(toJsonText(response.body));
}

function nextLink({ body }: RestResponse): string | undefined {
  if (body === null || typeof body !== 'object' || !('links' in body)) return undefined;
  const { links } = body;
  if (links === null || typeof links !== 'object' || !('next' in links)) return undefined;
  return typeof links.next === 'string' ? links.next : undefined;
}

function answerError(reply: FastifyReply, { status, messages }: HttpError): FastifyReply {
  return reply
    .status(status)
    .type(JSON_TYPE)
    .send(toJsonText(errorBody(messages)));
}

/** Errors of the HTTP layer keep their 4xx status; all else is an internal error that says no more. */
function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500 && error instanceof Error)
    return new HttpError(status, [{ message: error.message }]);
  return new HttpError(500, [{ message: 'Internal error' }]);
}

function answerBadUrl(_path: string, _request: unknown, response: BareResponse): void {
  response.statusCode = 400;
  response.setHeader('content-type', JSON_TYPE);
  response.end(toJsonText(errorBody([{ message: 'Bad request' }])));
}

/** The part of Node's response that an answer outside of any route needs. */
interface BareResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}
