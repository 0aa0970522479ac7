import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';

interface Attribute {
  readonly key: string;
  readonly value: { readonly [kind: string]: string | number | boolean };
}

interface ExportRequest {
  readonly resource_spans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scope_spans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

interface SentSpan {
  readonly trace_id: Buffer;
  readonly span_id: Buffer;
  readonly parent_span_id: Buffer;
  readonly name: string;
  readonly start_time_unix_nano: string;
  readonly end_time_unix_nano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number } | null;
}

/** A span as it was received. */
export interface ReceivedSpan {
  readonly service: string;
  readonly trace: string;
  readonly id: string;
  /** Empty for the first of a trace. */
  readonly parent: string;
  readonly name: string;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly isFailed: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

const PROTO = join(import.meta.dirname, '../fixtures/otlp.proto');
const ERROR = 2;
const service = loadSync(PROTO, { keepCase: true, longs: String, defaults: true })['otlp.TraceService'];
const { requestDeserialize: decode } = (service as ServiceDefinition).Export as MethodDefinition<ExportRequest, object>;

const record = (attributes: readonly Attribute[]): Record<string, string> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, String(Object.values(value).find((one) => one !== null))]),
  );

/** A collector of OpenTelemetry on loopback, real HTTP, that keeps what it is sent. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** All bodies, joined. */
  raw = Buffer.alloc(0);

  private constructor(readonly server: Server) {}

  static async open(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', async (request, response) => {
      const body = await buffer(request);
      const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      if (request.url === '/v1/traces') receiver.#take(bytes);
      response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  #take(bytes: Buffer): void {
    this.raw = Buffer.concat([this.raw, bytes]);
    for (const { resource, scope_spans } of decode(bytes).resource_spans) {
      const { 'service.name': name = '' } = record(resource.attributes);
      for (const span of scope_spans.flatMap(({ spans }) => spans)) {
        this.spans.push({
          service: name,
          trace: span.trace_id.toString('hex'),
          id: span.span_id.toString('hex'),
          parent: span.parent_span_id.toString('hex'),
          name: span.name,
          startNanos: BigInt(span.start_time_unix_nano),
          endNanos: BigInt(span.end_time_unix_nano),
          isFailed: span.status?.code === ERROR,
          attributes: record(span.attributes),
        });
      }
    }
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
