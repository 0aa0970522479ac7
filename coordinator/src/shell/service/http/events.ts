import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Watched } from '../event-hub.js';

/** An event as a server-sent one; a comment shows that the stream stands. */
const textOf = (watched: Watched): string =>
  watched === 'beat' ? ': \n\n' : `id: ${watched.cursor}\ndata: ${watched.json}\n\n`;

/**
 * Streams events until the reader goes away or the signal aborts. A slow reader is waited for: nothing piles up here.
 * @param events ends when `leaving` aborts.
 */
export async function streamEvents(
  response: ServerResponse,
  events: AsyncIterable<Watched>,
  leaving: AbortController,
): Promise<void> {
  response.once('close', () => leaving.abort());
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  for await (const watched of events) {
    if (response.write(textOf(watched))) continue;
    // It rejects when the reader has gone, and then the events end too.
    await once(response, 'drain', { signal: leaving.signal }).catch(() => undefined);
  }
  response.end();
}
