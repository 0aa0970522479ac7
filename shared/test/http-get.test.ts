import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { httpGet } from '@gatepost/shared/hedera/http-get';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { afterEach, describe, expect, it } from 'vitest';

const PATIENCE_MS = 10_000;
const TEXT = '{"what":"größer als ein Byte: ℏ"}';

let server: Server | undefined;

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe('a request by HTTP', () => {
  it('reads a text whose characters are cut where one part ends', async () => {
    // Three bytes each: no part that a socket gives, of a power of two, ends with one.
    const long = 'ℏ'.repeat(300_000);
    const url = await serve((_, response) => response.end(long));
    expect((await httpGet(url, PATIENCE_MS)).text === long).toBe(true);
  });

  it('asks for compressed answers, and reads them', async () => {
    const url = await serve((request, response) => {
      response.setHeader('content-encoding', `${request.headers['accept-encoding']}`);
      response.end(gzipSync(TEXT));
    });
    expect(await httpGet(url, PATIENCE_MS)).toMatchObject({ status: 200, text: TEXT });
  });

  it('hands on any status and the headers', async () => {
    const url = await serve((_, response) => {
      response.writeHead(429, { 'Retry-After': '7' }).end('later');
    });
    const answer = await httpGet(url, PATIENCE_MS);
    expect(answer).toMatchObject({ status: 429, text: 'later' });
    expect(answer.headers['retry-after']).toBe('7');
  });

  it('is not sent elsewhere: where the mirror has moved is said, and it is asked once', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests += 1;
      response.writeHead(308, { location: 'https://new.example/api/v1/network/nodes' }).end();
    });
    const mirror = new MirrorRest({ mirrorRest: url.slice(0, -1) });
    await expect(mirror.nodeEndpoints()).rejects.toMatchObject({
      code: 'MIRROR_UNREACHABLE',
      message: expect.stringMatching(/answered 308 .*is at https:\/\/new\.example\/api\/v1\/network\/nodes/),
    });
    expect(requests).toBe(1);
  });

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end(TEXT);
    });
    for (let n = 0; n < 3; n += 1) await httpGet(url, PATIENCE_MS);
    expect(ports.size).toBe(1);
  });

  it.each([
    ['closes the connection as it takes it', (request) => request.socket.destroy()],
    [
      'breaks off in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
      },
    ],
    [
      'breaks off in the middle of a compressed answer',
      (_, response) => {
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .write(gzipSync(TEXT).subarray(0, 20), () => response.destroy());
      },
    ],
    [
      'says that an answer is compressed which is not',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(TEXT),
    ],
  ] satisfies [string, RequestListener][])('rejects when the server %s', async (_, answer) => {
    await expect(httpGet(await serve(answer), PATIENCE_MS)).rejects.toThrow();
  });

  it.each([
    ['there is no answer', () => undefined],
    ['an answer has no end', (_, response) => response.writeHead(200).write('half')],
  ] satisfies [string, RequestListener][])('rejects when %s within the time', async (_, answer) => {
    await expect(httpGet(await serve(answer), 100)).rejects.toThrow(/abort/i);
  });
});
