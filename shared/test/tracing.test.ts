import { execFileSync } from 'node:child_process';
import { tracesWanted } from '@gatepost/shared/config/environment';
import { formatTraceparent, parseTraceparent } from '@gatepost/shared/tracing/trace-context';
import { afterEach, describe, expect, it, vi } from 'vitest';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const ENDPOINT = 'http://127.0.0.1:1';

describe('traceparent', () => {
  it.each([true, false])('is read as it was written, sampled: %s', (isSampled) => {
    const context = { traceId: TRACE, spanId: SPAN, isSampled };
    expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
  });

  it.each([
    '',
    `00-${TRACE}-${SPAN}`,
    `01-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `00-${TRACE}-${SPAN}-01-${'x'.repeat(1_000_000)}`,
  ])('that is none is none: %.60s', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('the environment', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['nothing', {}, false],
    ['an endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, true],
    ['an endpoint for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ENDPOINT }, true],
    ['the exporter alone', { OTEL_TRACES_EXPORTER: 'otlp' }, true],
    ['none', { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
    ['to be left alone', { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, false],
  ])('that says %s', (_what, variables, wanted) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    expect(tracesWanted()).toBe(wanted);
  });

  it('that names an exporter there is none of is refused', () => {
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'zipkin');
    expect(tracesWanted).toThrow('OTEL_TRACES_EXPORTER is otlp or none, not "zipkin"');
  });

  it('that says which traces are kept is obeyed, and a process ends though nobody takes them', () => {
    // In a process of its own, as Node loads it.
    const script = `
      import { openTracing } from '@gatepost/shared/tracing/open-tracing';
      const tracing = await openTracing('test', { warn: () => undefined });
      process.stdout.write(String(tracing.isSampled('${TRACE}')));
      tracing.tell({ name: 'lost', startMs: 1, endMs: 2, isFailed: false, attributes: {} });
      await tracing.close();`;
    const sampled = (sampler: object) => {
      const env = { PATH: process.env.PATH, OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, ...sampler };
      const options = { env, cwd: import.meta.dirname, encoding: 'utf8' } as const;
      return execFileSync(process.execPath, ['--input-type=module', '-e', script], options);
    };
    expect(sampled({})).toBe('true');
    expect(sampled({ OTEL_TRACES_SAMPLER: 'always_off' })).toBe('false');
  });
});
