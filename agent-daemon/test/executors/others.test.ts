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

  async function serving(listener: RequestListener, slots = LIMITS.slots, user = ''): Promise<HttpExecutor> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://${user}127.0.0.1:${(server.address() as AddressInfo).port}/run`;
    return new HttpExecutor(url, { ...LIMITS, slots });
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

  it('follows no redirect', async () => {
    const executor = await serving((_, response) => response.writeHead(307, { location: '/elsewhere' }).end());
    expect(outputOf(await start(executor).result)).toMatch(/answered 307/);
  });

  /** An executor, and how many connections it made and has open. */
  async function counted(keepAliveMs: number) {
    const executor = await serving((_, response) => response.end('1'), 1);
    const count = { made: 0, open: 0 };
    server.keepAliveTimeout = keepAliveMs;
    server.on('connection', (socket) => {
      count.made += 1;
      count.open += 1;
      socket.once('close', () => {
        count.open -= 1;
      });
    });
    return { executor, count };
  }

  it('uses a connection again, and closes one that is idle', async () => {
    const { executor, count } = await counted(0);
    for (let n = 0; n < 5; n += 1) expect(outputOf(await start(executor).result)).toBe('1');
    expect(count.made).toBe(1);
    await until(() => count.open === 0 || undefined, 'its end');
  });

  it('keeps a connection longer for a server that says it will', async () => {
    const long = await counted(30_000);
    const ofLong = server;
    await start(long.executor).result;
    const short = await counted(0);
    await start(short.executor).result;
    await until(() => short.count.open === 0 || undefined, 'the end of the other');
    expect(long.count.open).toBe(1);
    ofLong.closeAllConnections();
    ofLong.close();
  });

  it('names user and password of its address', async () => {
    const executor = await serving(({ headers }, response) => response.end(headers.authorization), 1, 'me:p%40ss@');
    const expected = `Basic ${Buffer.from('me:p@ss').toString('base64')}`;
    expect(outputOf(await start(executor).result)).toBe(expected);
  });

  it('says that nobody is there', async () => {
    const executor = await serving((_, response) => response.end('1'));
    await new Promise((resolve) => server.close(resolve));
    expect(outputOf(await start(executor).result)).toMatch(/ECONNREFUSED/);
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

  it('asks nothing when it is told to stop before it can', async () => {
    let requests = 0;
    const executor = await serving((_, response) => {
      requests += 1;
      response.end('1');
    });
    const run = start(executor);
    run.abort.abort(new Error('too late'));
    expect(outputOf(await run.result)).toMatch(/^failed: .*too late/);
    expect(outputOf(await start(executor).result)).toBe('1');
    expect(requests).toBe(1);
  });
});

describe('a module executor', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'gatepost-module-'));
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function moduleOf(source: string, graceMs = LIMITS.graceMs): ModuleExecutor {
    const file = join(directory, `${Math.random().toString(36).slice(2)}.mjs`);
    writeFileSync(file, source);
    const executor = new ModuleExecutor(file, [], {}, { ...LIMITS, graceMs });
    opened.push(executor);
    return executor;
  }

  const opened: ModuleExecutor[] = [];
  afterEach(async () => {
    for (const executor of opened.splice(0)) await executor.close();
  });

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
    expect(outputOf(await stubborn.result)).toMatch(/ended with its thread/);
  });

  it('is told to stop however early that is', async () => {
    const polite = `export default (_, { signal }) => new Promise((resolve) => {
      const stop = () => resolve(signal.aborted);
      if (signal.aborted) stop(); else signal.addEventListener('abort', stop); });`;
    // A thread may take its time to start.
    const before = start(moduleOf(polite, 60_000));
    before.abort.abort();
    expect(outputOf(await before.result)).toBe('true');
    const meanwhile = start(moduleOf(polite, 60_000));
    // The thread is being started.
    setImmediate(() => meanwhile.abort.abort());
    expect(outputOf(await meanwhile.result)).toBe('true');
  });

  it('all that it says is heard before its end, in order', async () => {
    const source = `export default (count, { log, progress }) => {
      for (let n = 0; n < count; n += 1) { log(n); progress(n / count); } return count; };`;
    const executor = moduleOf(source);
    for (const count of [0, 1, 3_000, 2]) {
      const run = start(executor, count);
      expect(outputOf(await run.result)).toBe(String(count));
      expect(run.log).toEqual(Array.from({ length: count }, (_, n) => String(n)));
      expect(run.progress.length).toBe(count);
    }
  });

  it('passes on progress as that of other executors: clamped, and cut', async () => {
    const source = `export default (_, { progress }) => {
      progress('half'); progress(1 / 0); progress(7, 'x'.repeat(1_000)); return 'done'; };`;
    const run = start(moduleOf(source));
    expect(outputOf(await run.result)).toBe('done');
    expect(run.progress).toEqual([
      [-1, ''],
      [-1, ''],
      [1, 'x'.repeat(200)],
    ]);
  });

  it('what a module says to its parent thread by itself is nobody’s', async () => {
    const source = `import { parentPort } from 'node:worker_threads';
      export default (_, { log }) => {
        for (const said of [null, 5, {}, { call: 1, type: 'log', line: 5 }, { call: 1, type: 'ended', end: null }])
          parentPort.postMessage(said);
        log('said'); return 'done'; };`;
    const run = start(moduleOf(source));
    expect(outputOf(await run.result)).toBe('done');
    expect(run.log).toEqual(['said']);
  });

  it('calls one after the other in one thread, each with its own environment', async () => {
    const source = `import { threadId } from 'node:worker_threads';
      export default () => {
        const { GATEPOST_WORK_DIR, LEFT } = process.env;
        process.env.LEFT = 'by an earlier call';
        return { threadId, GATEPOST_WORK_DIR, LEFT };
      };`;
    const executor = moduleOf(source);
    const first = start(executor);
    const a = JSON.parse(outputOf(await first.result));
    const second = start(executor);
    const b = JSON.parse(outputOf(await second.result));
    expect(b).toEqual({ threadId: a.threadId, GATEPOST_WORK_DIR: second.workDir });
    expect(a.GATEPOST_WORK_DIR).toBe(first.workDir);
  });

  it('at the same time in threads of their own', async () => {
    const executor = moduleOf(`import { threadId } from 'node:worker_threads';
      export default (_, { signal, log }) => new Promise((resolve) => {
        log('up'); signal.addEventListener('abort', () => resolve(String(threadId))); });`);
    const runs = [start(executor), start(executor)];
    await until(() => runs.every(({ log }) => log.includes('up')) || undefined, 'both');
    for (const { abort } of runs) abort.abort();
    const [a, b] = await Promise.all(runs.map(async ({ result }) => outputOf(await result)));
    expect(a).not.toBe(b);
  });

  it.each([
    ['a timer', 'setInterval(() => {}, 10);'],
    ['a socket', "(await import('node:net')).createServer().listen(0);"],
  ])('replaces a thread in which a call left %s', async (_what, leave) => {
    const executor = moduleOf(`import { threadId } from 'node:worker_threads';
      export default async () => { ${leave} return String(threadId); };`);
    const [a, b] = [outputOf(await start(executor).result), outputOf(await start(executor).result)];
    expect(a).toMatch(/^\d+$/);
    expect(b).toMatch(/^\d+$/);
    expect(b).not.toBe(a);
  });

  it('goes on after a call that filled its heap, and after one that was ended', async () => {
    const file = join(directory, 'greedy.mjs');
    writeFileSync(file, 'export default (n) => { const all = []; while (n > 1) all.push(new Array(1e5)); return n; };');
    const executor = new ModuleExecutor(file, [], { memory: 32 * 1_048_576 }, LIMITS);
    opened.push(executor);
    expect(outputOf(await start(executor, 2).result)).toMatch(/^failed: .*memory/);
    expect(outputOf(await start(executor, 1).result)).toBe('1');
  });
});
