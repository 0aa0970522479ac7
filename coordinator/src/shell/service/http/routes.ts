import type { Clock } from '@gatepost/shared/clock';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../audit.js';
import { jsonText } from '../json-text.js';
import * as requests from '../requests.js';
import type { Service } from '../service.js';
import type { ServiceMetrics } from '../service-metrics.js';
import { streamEvents } from './events.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose token was shown; undefined where none is needed. */
    caller: Caller | undefined;
  }
}

export interface RouteParts {
  readonly service: Service;
  readonly metrics: ServiceMetrics;
  readonly clock: Clock;
  /** Aborts when the server leaves. */
  readonly closing: AbortSignal;
}

/** Largest body of an act on a run, bytes. */
const MAX_ACT_BYTES = 65_536;
interface RunPath {
  readonly run: string;
}
interface TaskPath extends RunPath {
  readonly task: string;
}

function callerOf({ caller }: FastifyRequest): Caller {
  if (caller !== undefined) return caller;
  throw new GatepostError('UNAUTHENTICATED', 'no token was shown');
}

/** JSON with amounts as decimal text. */
const sendJson = (reply: FastifyReply, value: unknown, status = 200): FastifyReply =>
  reply.status(status).type('application/json; charset=utf-8').send(jsonText(value));

/** The API over HTTP; docs/serve.md describes it. */
export function addRoutes(server: FastifyInstance, parts: RouteParts): void {
  addLooks(server, parts);
  addReadings(server, parts);
  addActs(server, parts);
  addEvents(server, parts);
}

function addLooks(server: FastifyInstance, { service, metrics }: RouteParts): void {
  server.get('/v1/me', (request, reply) => sendJson(reply, service.about(callerOf(request))));
  server.get('/v1/runs', async (request, reply) =>
    sendJson(reply, await service.list(requests.checked(requests.listQuery, request.query, 'query'))),
  );
  server.get<{ Params: RunPath }>('/v1/runs/:run', async ({ params }, reply) =>
    sendJson(reply, await service.get(params.run)),
  );
  server.get<{ Params: TaskPath }>('/v1/runs/:run/tasks/:task/output', async ({ params, query }, reply) => {
    const { attempt } = requests.checked(requests.outputQuery, query, 'query');
    const { bytes, sha256 } = await service.output(params.run, params.task, attempt);
    return reply
      .header('gatepost-sha256', sha256)
      .header('content-disposition', 'attachment; filename="output"')
      .type('application/octet-stream')
      .send(bytes);
  });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
}

function addReadings(server: FastifyInstance, { service, clock }: RouteParts): void {
  server.get('/v1/report', async ({ query }, reply) => {
    const { run, since } = requests.checked(requests.reportQuery, query, 'query');
    return sendJson(reply, await service.readings.report(run, requests.sinceOf(since, clock.nowMs())));
  });
  server.get<{ Params: RunPath }>('/v1/runs/:run/bill', async ({ params }, reply) =>
    sendJson(reply, await service.readings.bill(params.run)),
  );
  server.get('/v1/verify', async ({ query }, reply) =>
    sendJson(reply, await service.readings.verify(requests.checked(requests.runQuery, query, 'query').run)),
  );
}

function addActs(server: FastifyInstance, { service }: RouteParts): void {
  const bodyLimit = MAX_ACT_BYTES;
  server.post('/v1/runs', async (request, reply) => {
    const { weight, most_open: mostOpen } = requests.checked(requests.submitQuery, request.query, 'query');
    const key = request.headers['idempotency-key'];
    const document = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const asked = { key: typeof key === 'string' ? key : '', document, weight, mostOpen };
    const { run, name, plan, isNew } = await service.submit(callerOf(request), asked);
    return sendJson(reply, { run, name, plan, is_new: isNew }, isNew ? 201 : 200);
  });
  for (const action of ['approve', 'reject'] as const) {
    server.post<{ Params: TaskPath }>(`/v1/runs/:run/tasks/:task/${action}`, { bodyLimit }, async (request, reply) => {
      const said = requests.checked(requests.judgement, requests.jsonBody(request.body), 'body');
      const reason = said.comment ?? said.reason ?? requests.REASONS[action];
      const { run, task } = request.params;
      const { act } = await service.judge(callerOf(request), action, { run, task, reason });
      return sendJson(reply, { written: action, run, task, act });
    });
  }
  server.post<{ Params: RunPath }>('/v1/runs/:run/cancel', { bodyLimit }, async (request, reply) => {
    const said = requests.checked(requests.cancellation, requests.jsonBody(request.body), 'body');
    const { run } = request.params;
    const asked = { run, task: said.task, reason: said.reason ?? requests.REASONS.cancel };
    const { act, withdrawn } = await service.cancel(callerOf(request), asked);
    return sendJson(reply, { ...(withdrawn ? { withdrawn } : { written: 'cancel' }), run, act });
  });
}

function addEvents(server: FastifyInstance, { service, closing }: RouteParts): void {
  server.get('/v1/events', (request, reply) => {
    const { cursor, run } = requests.checked(requests.eventsQuery, request.query, 'query');
    const leaving = new AbortController();
    const events = service.watch(callerOf(request), cursor, run, leaving.signal);
    const leave = (): void => leaving.abort();
    closing.addEventListener('abort', leave, { once: true });
    leaving.signal.addEventListener('abort', () => closing.removeEventListener('abort', leave), { once: true });
    reply.hijack();
    void streamEvents(reply.raw, events, leaving);
  });
}
