import { status as GrpcStatus } from '@grpc/grpc-js';
import type { FastifyInstance } from 'fastify';
import type { Mirror } from '../mirror/start.js';
import { type ControlOptions, required } from './options.js';
import type { ConsensusFaultKind } from './ports.js';

const CODE_NAMES = Object.keys(GrpcStatus).filter((name) => Number.isNaN(Number(name)));

const COUNT = { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1 } as const;
const CODE = { type: 'string', enum: CODE_NAMES, default: 'UNAVAILABLE' } as const;

/** Each kind of fault with its own parameters; exactly one of these forms is taken. */
const FAULT = {
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: [
    {
      additionalProperties: false,
      properties: {
        kind: { enum: ['busy', 'platform-not-active', 'lost-response', 'unknown-receipt'] },
        count: COUNT,
        method: { type: 'string', maxLength: 100 },
      },
    },
    {
      additionalProperties: false,
      properties: {
        kind: { enum: ['stream-break'] },
        count: COUNT,
        after_messages: { type: 'integer', minimum: 0, maximum: 1_000_000_000, default: 0 },
        between_chunks: { type: 'boolean', default: false },
        code: CODE,
      },
    },
    {
      additionalProperties: false,
      properties: {
        kind: { enum: ['rest-error'] },
        count: COUNT,
        status: { type: 'integer', minimum: 400, maximum: 599, default: 503 },
        message: { type: 'string', maxLength: 1000, default: 'Service unavailable' },
        url_contains: { type: 'string', maxLength: 1000, default: '' },
      },
    },
  ],
} as const;

type Fault =
  | { readonly kind: ConsensusFaultKind; readonly count: number; readonly method?: string }
  | {
      readonly kind: 'stream-break';
      readonly count: number;
      readonly after_messages: number;
      readonly between_chunks: boolean;
      readonly code: string;
    }
  | {
      readonly kind: 'rest-error';
      readonly count: number;
      readonly status: number;
      readonly message: string;
      readonly url_contains: string;
    };

const END = { type: 'object', additionalProperties: false, properties: { code: { ...CODE, default: 'OK' } } } as const;

/** GET, POST and DELETE /faults; POST /streams/end. */
export function addFaultRoutes(server: FastifyInstance, options: ControlOptions): void {
  server.get('/faults', async () => pending(options));
  server.post<{ Body: Fault }>('/faults', { schema: { body: FAULT } }, async ({ body }) => {
    addFault(body, options);
    return pending(options);
  });
  server.delete('/faults', async () => {
    options.faults?.clear();
    options.mirror?.faults.clear();
    return pending(options);
  });
  server.post<{ Body: { code: string } }>('/streams/end', { schema: { body: END } }, async ({ body }) => {
    return { ended: required(options.mirror, 'mirror').faults.endStreams(codeOf(body.code), 'ended by the operator') };
  });
}

function addFault(fault: Fault, options: ControlOptions): void {
  const mirror = (): Mirror => required(options.mirror, 'mirror');
  switch (fault.kind) {
    case 'stream-break':
      mirror().faults.addStreamFault(
        {
          afterMessages: fault.after_messages,
          betweenChunks: fault.between_chunks,
          code: codeOf(fault.code),
          message: 'broken by the operator',
        },
        fault.count,
      );
      break;
    case 'rest-error':
      mirror().faults.addRestFault(
        { status: fault.status, message: fault.message, urlContains: fault.url_contains },
        fault.count,
      );
      break;
    default:
      required(options.faults, 'consensus faults').add({
        kind: fault.kind,
        count: fault.count,
        method: fault.method,
      });
  }
}

function pending({ faults, mirror }: ControlOptions): object {
  const { streams, rest } = mirror?.faults.pending() ?? { streams: [], rest: [] };
  return { consensus: faults?.pending() ?? [], streams, rest };
}

function codeOf(name: string): number {
  return new Map(Object.entries(GrpcStatus)).get(name) as number;
}
