import type { Logger } from '@gatepost/shared/log';
import { type ErrorCode, GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { FastifyError, FastifyReply } from 'fastify';
import { retryAfterMsOf, statusOf } from '../error-status.js';

const MS_PER_SECOND = 1_000;

/** What fastify refuses by itself, before anything of ours is asked. */
function refusedByServer(thrown: unknown): { readonly status: number; readonly error: GatepostError } | undefined {
  const { statusCode, code, message } = thrown as Partial<FastifyError>;
  if (statusCode === undefined || statusCode >= 500 || !code?.startsWith('FST_')) return undefined;
  return { status: statusCode, error: new GatepostError('USAGE', message ?? code) };
}

/** Answers with an error: its code, what is wrong, and how to mend it. */
export function sendProblem(reply: FastifyReply, thrown: unknown, log: Logger): FastifyReply {
  const refused = refusedByServer(thrown);
  const error = refused?.error ?? toGatepostError(thrown);
  const status = refused?.status ?? statusOf(error).http;
  if (error.code === 'INTERNAL') log.error({ err: thrown }, 'a request failed');
  const retryAfterMs = retryAfterMsOf(error);
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / MS_PER_SECOND));
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.status(status).send(problemBody(error));
}

export interface ProblemBody {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly advice: string };
}

const problemBody = ({ code, message, advice }: GatepostError): ProblemBody => ({ error: { code, message, advice } });
