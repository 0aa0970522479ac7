import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executorSchema } from '../../src/config/executors-schema.js';
import { isOwnAddress, parseExit } from '../../src/core/exits.js';
import { shortcoming } from '../../src/shell/executors/build-registry.js';
import { command, HOST, outputOf, start } from './run.js';

const WAYS = join(import.meta.dirname, '../support/ways-out.mjs');
/** Stands for the internet. */
const ELSEWHERE = '127.0.0.9';

const servers: Server[] = [];
const directory = mkdtempSync(join(tmpdir(), 'gatepost-ways-'));

async function serve(host: string, says: string): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: `http://127.0.0.1:${here}/` }).end();
    else response.end(says);
  });
  server.listen(0, host);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

let here: number;
let port: number;
let other: number;

beforeAll(async () => {
  here = await serve('0.0.0.0', 'the host itself');
  port = await serve(ELSEWHERE, 'elsewhere');
  other = await serve(ELSEWHERE, 'another service');
  for (const path of [join(directory, 'socket'), `\0gatepost-${process.pid}`]) {
    const server = createTcpServer((socket) => socket.end('200 a socket of the host'));
    server.listen(path);
    await once(server, 'listening');
    servers.push(server as unknown as Server);
  }
});

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

const outside = (): string =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

const places = (allowed: string) =>
  JSON.stringify({
    allowed,
    other,
    here,
    outside: outside(),
    abstract: `gatepost-${process.pid}`,
    path: join(directory, 'socket'),
  });

describe.skipIf(HOST.mechanism !== 'bubblewrap')('a command with named exits', () => {
  it('reaches them, and nothing else by whatever way; what it reached and what not is told', async () => {
    const allowed = `${ELSEWHERE}:${port}`;
    const told = start(command(['node', WAYS, places(allowed)], { network: [allowed] }));
    const { allowed: reached, ...others } = JSON.parse(outputOf(await told.result)) as Record<string, string>;
    expect(reached).toMatch(/^HTTP\/1\.1 200 Connection Established[\s\S]*elsewhere$/);
    expect(Object.keys(others).length).toBeGreaterThan(30);
    for (const [way, answer] of Object.entries(others)) {
      expect(answer, way).toMatch(/^(error |timeout|closed|HTTP\/1\.1 40[0-9] )/);
    }
    expect(told.log).toContain(`network: reached ${allowed}`);
    expect(told.log).toContain(`network: refused localhost:${port}`);
    expect(told.log.at(-1)).toMatch(
      new RegExp(`^network: reached ${allowed} 3 times, refused localhost:${port} 1 time, `),
    );
  });

  it('does not reach this host by a name that means it, unless its address is named', async () => {
    const allowed = `localhost:${here}`;
    const ask = (place: string) =>
      `const s = require('net').connect(3128); s.write('CONNECT ${place} HTTP/1.1\\r\\n\\r\\n'); s.pipe(process.stdout)`;
    const byName = start(command(['node', '-e', `${ask(allowed)}`], { network: [allowed] }));
    expect(outputOf(await byName.result)).toContain('403 Forbidden');
    const script = `${ask(`127.0.0.1:${here}`)}; s.once('data', () => s.end())`;
    const byAddress = start(command(['node', '-e', script], { network: [`127.0.0.1:${here}`] }));
    expect(outputOf(await byAddress.result)).toContain('200 Connection Established');
  });

  it('keeps its exit code, its signal, its input and its descriptor for progress', async () => {
    const network = ['example.org:443'];
    expect(outputOf(await start(command(['sh', '-c', 'exit 7'], { network })).result)).toBe('failed: exit code 7');
    expect(outputOf(await start(command(['sh', '-c', 'kill -9 $$'], { network })).result)).toBe(
      'failed: killed by SIGKILL',
    );
    expect(outputOf(await start(command(['cat'], { network }), 1).result)).toBe('{"input":1}');
    const told = start(command(['sh', '-c', 'echo "::progress 0.5 half" >&3'], { network }));
    await told.result;
    expect(told.progress).toEqual([[0.5, 'half']]);
  });
});

describe('named exits', () => {
  it.each(['example.org', '*.example.org:443', 'https://example.org:443', 'a:0', 'a:65536', 'a b:1', ''])(
    '%j is none',
    (text) => {
      expect(parseExit(text)).toBeUndefined();
      expect(() => executorSchema.parse({ command: ['a'], network: [text] })).toThrow('must be host:port');
    },
  );

  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    'fe80::1',
    '::ffff:127.0.0.1',
    '224.0.0.1',
  ])('%s belongs to the host or its link', (address) => expect(isOwnAddress(address)).toBe(true));

  it('are refused where the host cannot keep them, or the executor is not confined', () => {
    const settings = executorSchema.parse({ command: ['true'], network: ['a:1'] });
    const files = { directories: [], files: [] };
    expect(shortcoming(settings, { mechanism: 'namespaces', lacking: 'bwrap is not installed' }, files)).toBe(
      'network names places, but this host cannot: bwrap is not installed; install bubblewrap, or set network: true',
    );
    expect(shortcoming({ ...settings, confine: 'none' }, HOST, files)).toContain(
      'confine: none lets it reach everything',
    );
  });
});
