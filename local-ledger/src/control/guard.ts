import type { FastifyInstance } from 'fastify';

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether an address to listen on is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/**
 * Refuses with 403 what a web page could send: requests with an Origin, and those whose Host is not this machine
 * (a foreign name that resolves to 127.0.0.1).
 */
export function refuseBrowsers(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (request.headers.origin !== undefined || !LOOPBACK_NAMES.has(name)) {
      await reply.status(403).send({ error: 'operator controls answer only to this machine, and not to web pages' });
    }
  });
}
