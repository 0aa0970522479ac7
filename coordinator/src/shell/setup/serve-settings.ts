import { dirname, join, resolve } from 'node:path';
import type { TlsFiles } from '@gatepost/shared/server/tls';
import { z } from 'zod';

const hostPort = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port');
const count = (most: number) => z.int().positive().max(most);

/** The section `serve` of a coordinator's configuration. */
export const serveSection = z.strictObject({
  http: hostPort.default('127.0.0.1:8480'),
  grpc: hostPort.default('127.0.0.1:8481'),
  /** Digests of the tokens, with names and roles; `coordinator token new` writes it. */
  tokens: z.string().min(1).default('tokens.yaml'),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  /** Where gate programs of submitted plans run; plans that have such gates are refused when it is left out. */
  gates: z.string().min(1).optional(),
  /** Where accepted outputs with `save_as` are written, in a directory for each run; below state_dir when left out. */
  outputs: z.string().min(1).optional(),
  open_runs: count(1_000).default(20),
  waiting_runs: count(100_000).default(1_000),
  streams: count(10_000).default(100),
  requests_per_minute: count(1_000_000).default(600),
  connections: count(100_000).default(256),
});

/** How a coordinator serves; paths absolute. */
export interface ServeSettings {
  /** host:port of HTTP/JSON and the page, and of gRPC. */
  readonly http: string;
  readonly grpc: string;
  readonly tokens: string;
  /** Undefined: without TLS, on loopback only. */
  readonly tls: TlsFiles | undefined;
  readonly gates: string | undefined;
  readonly outputs: string;
  /** Where submissions and the audit are kept. */
  readonly directory: string;
  /** Runs that are open at once. */
  readonly openRuns: number;
  /** Submissions that wait to be opened. */
  readonly waitingRuns: number;
  /** Streams of events that are open at once. */
  readonly streams: number;
  /** Of each token. */
  readonly requestsPerMinute: number;
  /** Of each of the two ports. */
  readonly connections: number;
}

/** Compiles the section, which a configuration need not have. */
export function serveSettings(
  section: z.output<typeof serveSection>,
  configFile: string,
  stateDir: string,
): ServeSettings {
  const absolute = (path: string): string => resolve(dirname(configFile), path);
  const { http, grpc, tokens, tls, gates, outputs, streams, connections } = section;
  const directory = join(stateDir, 'service');
  return {
    http,
    grpc,
    tokens: absolute(tokens),
    tls: tls === undefined ? undefined : { cert: absolute(tls.cert), key: absolute(tls.key) },
    gates: gates === undefined ? undefined : absolute(gates),
    outputs: outputs === undefined ? join(directory, 'outputs') : absolute(outputs),
    directory,
    openRuns: section.open_runs,
    waitingRuns: section.waiting_runs,
    streams,
    requestsPerMinute: section.requests_per_minute,
    connections,
  };
}
