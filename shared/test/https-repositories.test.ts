import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RepositoryStore } from '@gatepost/shared/git/repository-store';
import { runGit } from '@gatepost/shared/git/run-git';
import { makeCertificate, type TlsFiles } from '@gatepost/shared/server/tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RepositorySource } from './repository-source.js';

let own: string;
let tls: TlsFiles;
let commit: string;

beforeAll(async () => {
  own = mkdtempSync(join(tmpdir(), 'gatepost-https-'));
  tls = { cert: join(own, 'cert.pem'), key: join(own, 'key.pem') };
  await makeCertificate(tls, 'localhost');
  const source = new RepositorySource(join(own, 'project')).write({ 'a.txt': 'one\n' });
  commit = source.commit();
  execFileSync('git', ['clone', '-q', '--bare', source.directory, join(own, 'project.git')]);
});

afterAll(() => rmSync(own, { recursive: true, force: true }));

beforeEach(() => {
  for (const name of ['GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'HTTPS_PROXY', 'https_proxy']) vi.stubEnv(name, undefined);
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An https server with the certificate of a private CA; what it was asked for. */
async function serve(answer: Answer): Promise<{ readonly address: string; readonly asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, (request, response) => {
    asked.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `https://localhost:${(server.address() as AddressInfo).port}`, asked };
}

/** Git's own program for servers, called as web servers call it. */
const backend: Answer = (request, response) => {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const program = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: own,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      PATH_INFO: path,
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(program.stdin);
  const parts: Buffer[] = [];
  program.stdout.on('data', (part: Buffer) => parts.push(part));
  program.once('close', () => {
    const all = Buffer.concat(parts);
    const end = all.indexOf('\r\n\r\n');
    const headers = all.subarray(0, end).toString('latin1').split('\r\n');
    for (const line of headers) {
      const [name = '', value = ''] = line.split(/: (.*)/);
      if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(all.subarray(end + 4));
  });
};

let fetches = 0;

async function fetched(address: string, id = commit): Promise<string> {
  fetches += 1;
  const directory = join(own, `store-${fetches}`);
  const signal = new AbortController().signal;
  const store = await RepositoryStore.fetch({ url: address, commit: id }, { address }, directory, signal);
  onTestFinished(() => store.remove());
  return (await store.git(['show', `${id}:a.txt`])).toString('utf8');
}

describe('a repository over https', () => {
  it.each(['GIT_SSL_CAINFO', 'SSL_CERT_FILE'])('is fetched from a server whose CA %s names', async (variable) => {
    const { address, asked } = await serve(backend);
    vi.stubEnv(variable, tls.cert);
    expect(await fetched(`${address}/project.git`)).toBe('one\n');
    expect(asked.map(({ headers }) => headers['git-protocol'])).toContain('version=2');
    await expect(fetched(`${address}/project.git`, 'a'.repeat(40))).rejects.toThrow(/a{40}/);
    await expect(fetched(`${address}/other.git`)).rejects.toThrow(/not found/);
  });

  it('is not fetched from a server that nobody vouches for, whatever the environment says of checks', async () => {
    const { address, asked } = await serve(backend);
    vi.stubEnv('GIT_SSL_NO_VERIFY', '1');
    await expect(fetched(`${address}/project.git`)).rejects.toThrow(/certificate/);
    // The certificate is of another name.
    vi.stubEnv('GIT_SSL_CAINFO', tls.cert);
    await expect(fetched(`${address.replace('localhost', '127.0.0.2')}/project.git`)).rejects.toThrow(
      /certificate|refused|connect/i,
    );
    expect(asked).toEqual([]);
  });

  it('is not fetched from where the server sends on to', async () => {
    vi.stubEnv('GIT_SSL_CAINFO', tls.cert);
    const { address: other, asked } = await serve(backend);
    for (const status of [301, 302, 307, 308]) {
      const { address } = await serve(({ url }, response) => {
        response.writeHead(status, { location: `${other}${url}` }).end();
      });
      await expect(fetched(`${address}/project.git`)).rejects.toThrow(/redirect|3\d\d/i);
    }
    expect(asked).toEqual([]);
  });

  it('that asks for a password is given none, and nobody is asked for one', async () => {
    vi.stubEnv('GIT_SSL_CAINFO', tls.cert);
    vi.stubEnv('GIT_ASKPASS', '/bin/echo');
    const { address, asked } = await serve((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="private"' }).end();
    });
    await expect(fetched(`${address}/project.git`)).rejects.toThrow(
      /could not read Username for 'https:.*fetched without any/,
    );
    expect(asked.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['never answers', () => undefined],
    [
      'answers byte by byte, without end',
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
        const timer = setInterval(() => response.write('0'), 20);
        response.once('close', () => clearInterval(timer));
      },
    ],
  ])('costs no more than its time when the server %s', async (_what, answer) => {
    vi.stubEnv('GIT_SSL_CAINFO', tls.cert);
    const { address } = await serve(answer);
    const began = performance.now();
    const bounds = { signal: new AbortController().signal, timeoutMs: 700, maxPrinted: 1_000, maxFileBytes: 1_000_000 };
    await expect(runGit(['ls-remote', `${address}/project.git`], bounds)).rejects.toThrow(/longer than 0.7 s|protocol/);
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});
