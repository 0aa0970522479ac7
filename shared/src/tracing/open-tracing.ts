import { setTimeout as sleep } from 'node:timers/promises';
import type { IdGenerator } from '@opentelemetry/sdk-trace-base';
import { tracesWanted } from '../config/environment.js';
import type { Logger } from '../log.js';
import { GatepostError } from '../vocabulary/errors.js';
import type { SpanIds } from './trace-context.js';
import type { FinishedSpan, Tracing } from './tracing.js';

/** What traces need and nobody else does: whoever wants them installs it. */
const PACKAGES = [
  '@opentelemetry/api@1.9',
  '@opentelemetry/sdk-trace-base@2',
  '@opentelemetry/resources@2',
  '@opentelemetry/exporter-trace-otlp-proto@0.223',
];
/** How long the end of a process waits for its last spans to be sent. */
const FAREWELL_MS = 3_000;

async function libraries() {
  try {
    const [api, sdk, resources, exporter] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
    ]);
    return { api, sdk, resources, exporter };
  } catch (error) {
    const install = `npm install ${PACKAGES.join(' ')}`;
    throw new GatepostError(
      'INVALID_CONFIG',
      `the environment (OTEL_*) asks for traces, and the packages for them are not installed; install them with ` +
        `${install}, or set OTEL_SDK_DISABLED=true`,
      {},
      error,
    );
  }
}

/** Makes random ids, but for a span whose ids are fixed. */
class FixedIds implements IdGenerator {
  next: SpanIds | undefined;

  constructor(readonly random: IdGenerator) {}

  generateTraceId(): string {
    return this.next?.traceId ?? this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.next?.spanId ?? this.random.generateSpanId();
  }
}

/**
 * Traces to where the standard variables of OpenTelemetry say (OTLP over HTTP, protobuf); undefined when they ask for none.
 * Nothing of it is loaded then.
 * @param service name of the service where OTEL_SERVICE_NAME says none.
 * @throws GatepostError INVALID_CONFIG when its packages are not installed, or an exporter other than otlp is asked for.
 */
export async function openTracing(service: string, log: Logger): Promise<Tracing | undefined> {
  if (!tracesWanted()) return undefined;
  const { api, sdk, resources, exporter } = await libraries();
  const say = (...[message, ...more]: unknown[]) => log.warn({ traces: more.map(String) }, String(message));
  const quiet = () => undefined;
  const diagnosis = { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
  api.diag.setLogger(diagnosis, { logLevel: api.DiagLogLevel.WARN });
  const ids = new FixedIds(new sdk.RandomIdGenerator());
  const provider = new sdk.BasicTracerProvider({
    idGenerator: ids,
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': service }))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('gatepost');
  const flagsOf = ({ isSampled }: { readonly isSampled: boolean }) =>
    isSampled ? api.TraceFlags.SAMPLED : api.TraceFlags.NONE;
  const start = ({ name, ids: fixed, parent, startMs: startTime, attributes }: FinishedSpan) => {
    const remote = parent && { ...parent, traceFlags: flagsOf(parent), isRemote: true };
    const context = remote ? api.trace.setSpanContext(api.ROOT_CONTEXT, remote) : api.ROOT_CONTEXT;
    ids.next = fixed;
    try {
      return tracer.startSpan(name, { startTime, attributes }, context);
    } finally {
      ids.next = undefined;
    }
  };
  return {
    tell: (span) => {
      const told = start(span);
      if (span.isFailed) told.setStatus({ code: api.SpanStatusCode.ERROR });
      told.end(span.endMs);
    },
    isSampled: (traceId) => {
      // The sampler is asked by the beginning of a span; it is never ended, so nobody is told of it.
      const asked = start({
        name: 'task',
        ids: { traceId, spanId: '1'.repeat(16) },
        startMs: 0,
        endMs: 0,
        isFailed: false,
        attributes: {},
      });
      return (asked.spanContext().traceFlags & api.TraceFlags.SAMPLED) !== 0;
    },
    close: async () => {
      const sent = provider.shutdown().catch((error: unknown) => log.warn(`the last traces were not sent: ${error}`));
      const patience = new AbortController();
      await Promise.race([sent, sleep(FAREWELL_MS, undefined, { signal: patience.signal }).catch(quiet)]);
      patience.abort();
    },
  };
}
