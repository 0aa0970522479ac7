import type { FastifyInstance } from 'fastify';
import type { MirrorLag } from '../mirror/ingest.js';
import type { Mirror } from '../mirror/start.js';
import { type ControlOptions, required } from './options.js';

const MAX_MS = 3_600_000;
const MS = { type: 'integer', minimum: 0, maximum: MAX_MS } as const;

const LAG = {
  type: 'object',
  oneOf: [
    { required: ['ms'], additionalProperties: false, properties: { ms: MS } },
    {
      required: ['file_ms', 'import_ms'],
      additionalProperties: false,
      properties: { file_ms: { ...MS, minimum: 1 }, import_ms: MS },
    },
  ],
} as const;

type Lag = { readonly ms: number } | { readonly file_ms: number; readonly import_ms: number };

/** GET and PUT /mirror/lag. */
export function addMirrorRoutes(server: FastifyInstance, { mirror }: ControlOptions): void {
  server.get('/mirror/lag', async () => show(required(mirror, 'mirror')));
  server.put<{ Body: Lag }>('/mirror/lag', { schema: { body: LAG } }, async ({ body }) => {
    const part = required(mirror, 'mirror');
    part.setLag(toLag(body));
    return show(part);
  });
}

function toLag(lag: Lag): MirrorLag {
  return 'ms' in lag
    ? { kind: 'fixed', ms: lag.ms }
    : { kind: 'record-files', fileMs: lag.file_ms, importMs: lag.import_ms };
}

function show(mirror: Mirror): object {
  const lag = mirror.lag();
  return lag.kind === 'fixed' ? { ms: lag.ms } : { file_ms: lag.fileMs, import_ms: lag.importMs };
}
