import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpExecutor } from '../../src/shell/executors/http-executor.js';
import { ModuleExecutor } from '../../src/shell/executors/module-executor.js';
import { until } from '../support/until.js';
import { LIMITS, outputOf, start } from './run.js';

describe('an http executor', () => {
  let server: Server;

  async function serving(listener: RequestListener): Promise<HttpExecutor> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HttpExecutor(`http://127.0.0.1:${(server.address() as AddressInfo).port}/run`, LIMITS);
  }

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('posts the work order; the body of the answer is the output', async () => {
    const executor = await serving((request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.write(`${request.method} ${request.headers['gatepost-task']} `);
      request.pipe(response);
    });
    expect(outputOf(await start(executor, 5).result)).toBe('POST task {"input":5}');
  });

  it('takes progress, log lines and the result from an event stream', async () => {
    const executor = await serving((_, response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.end('event: progress\ndata: 0.5 half\n\nevent: log\ndata: a line\n\nevent: result\ndata: {"x":1}\n\n');
    });
    const run = start(executor);
    expect(outputOf(await run.result)).toBe('{"x":1}');
    expect(run.progress).toEqual([[0.5, 'half']]);
    expect(run.log).toEqual(['a line']);
  });

  it('fails on an error status, an error event, a stream without result, and an endless body', async () => {
    const answers: readonly (readonly [RequestListener, RegExp])[] = [
      [(_, response) => response.writeHead(503).end('busy'), /answered 503: busy/],
      [(_, r) => r.setHeader('content-type', 'text/event-stream').end('event: error\ndata: no\n\n'), /failed: no/],
      [(_, r) => r.setHeader('content-type', 'text/event-stream').end('data: x\n\n'), /without a result/],
      [(_, response) => response.end(Buffer.alloc(LIMITS.maxOutputBytes + 1)), /exceeds 1000000 bytes/],
    ];
    for (const [listener, reason] of answers) {
      const executor = await serving(listener);
      expect(outputOf(await start(executor).result), String(reason)).toMatch(reason);
      server.close();
    }
  });

  it('stops when it is told to', async () => {
    let arrived = false;
    const executor = await serving(() => {
      arrived = true;
    });
    const run = start(executor);
    await until(() => arrived || undefined, 'the request');
    run.abort.abort();
    expect(outputOf(await run.result)).toMatch(/^failed/);
  });
});

describe('a module executor', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'gatepost-module-'));
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function moduleOf(source: string): ModuleExecutor {
    const file = join(directory, `${Math.random().toString(36).slice(2)}.mjs`);
    writeFileSync(file, source);
    return new ModuleExecutor(file, [], {}, LIMITS);
  }

  it('calls the default export with the input and a context', async () => {
    const source = `export default async (input, { attempt, progress, log }) => {
      progress(0.5, 'half'); log('hello'); return { double: input * 2, task: attempt.task }; };`;
    const run = start(moduleOf(source), 21);
    expect(JSON.parse(outputOf(await run.result))).toEqual({ double: 42, task: 'task' });
    expect(run.progress).toEqual([[0.5, 'half']]);
    expect(run.log).toEqual(['hello']);
  });

  it('fails with what it throws, and when its thread ends', async () => {
    expect(outputOf(await start(moduleOf("export default () => { throw new Error('no luck') }")).result)).toBe(
      'failed: no luck',
    );
    expect(outputOf(await start(moduleOf('export default () => process.exit(4)')).result)).toMatch(/code 4/);
    expect(outputOf(await start(moduleOf('export default 5')).result)).toMatch(/^failed: .*not a function/);
  });

  it('does not see the daemon’s environment', async () => {
    process.env.GATEPOST_TEST_SECRET = 'do-not-show';
    const shown = outputOf(await start(moduleOf('export default () => process.env')).result);
    expect(shown).toContain('GATEPOST_TASK');
    expect(shown).not.toContain('do-not-show');
  });

  it('heeds the signal, or is terminated after the grace', async () => {
    const polite = `export default (_, { signal, log }) => new Promise((resolve) => {
      log('up'); signal.addEventListener('abort', () => resolve('stopped')); });`;
    const run = start(moduleOf(polite));
    await until(() => run.log.includes('up') || undefined, 'its start');
    run.abort.abort();
    expect(outputOf(await run.result)).toBe('stopped');
    const stubborn = start(
      moduleOf(
        "export default (_, { log }) => { log('up'); return new Promise((r) => setTimeout(() => { for (;;); }, 10)); }",
      ),
    );
    await until(() => stubborn.log.includes('up') || undefined, 'its start');
    stubborn.abort.abort();
    expect(outputOf(await stubborn.result)).toMatch(/ended its thread/);
  });
});
