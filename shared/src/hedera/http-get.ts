import { get as getPlainly, type IncomingHttpHeaders, type IncomingMessage, Agent as PlainAgent } from 'node:http';
import { get as getSecurely, Agent as SecureAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/**
 * Connections stay open for the next request for so many milliseconds, without keeping the process alive; a network between
 * may forget older ones.
 */
const KEPT = { keepAlive: true, timeout: 4_000 };
const plain = new PlainAgent(KEPT);
const secure = new SecureAgent(KEPT);

const HEADERS = { accept: 'application/json', 'accept-encoding': 'gzip', 'user-agent': 'gatepost' };

/** What a server said. */
export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

async function textOf(body: Readable): Promise<string> {
  let text = '';
  body.setEncoding('utf8');
  for await (const part of body) text += part;
  return text;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  if (response.headers['content-encoding'] !== 'gzip') return textOf(response);
  const unpacked = createGunzip();
  const [text] = await Promise.all([textOf(unpacked), pipeline(response, unpacked)]);
  return text;
}

/**
 * Reads a URL by HTTP or HTTPS, whatever the status; redirects are not followed. Node's own client: a request by `fetch`
 * takes twice the processor time. The timer keeps the process alive until there is an answer.
 * @throws Error when there is no whole answer within the time.
 */
export async function httpGet(url: string, withinMs: number): Promise<HttpAnswer> {
  const patience = new AbortController();
  const { signal } = patience;
  const timer = setTimeout(() => patience.abort(), withinMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = url.startsWith('https:')
        ? getSecurely(url, { agent: secure, headers: HEADERS, signal }, resolve)
        : getPlainly(url, { agent: plain, headers: HEADERS, signal }, resolve);
      request.on('error', reject);
    });
    const { statusCode: status = 0, headers } = response;
    return { status, headers, text: await bodyOf(response) };
  } finally {
    clearTimeout(timer);
  }
}
