import fastify, { type FastifyError } from 'fastify';
import { addAccountRoutes } from './account-routes.js';
import { addClockRoutes } from './clock-routes.js';
import { addFaultRoutes } from './fault-routes.js';
import { isLoopback, refuseBrowsers } from './guard.js';
import { addMirrorRoutes } from './mirror-routes.js';
import { type ControlOptions, MissingPart } from './options.js';

export const DEFAULT_CONTROL_PORT = 5590;

/** A running control server. */
export interface Control {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the operator controls over HTTP with JSON bodies, on a loopback address only. Rejects for any other
 * address and when the port is taken. docs/controls.md lists the controls.
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host)) throw new Error(`operator controls listen on loopback only, not on ${host}`);
  const server = fastify({
    forceCloseConnections: true,
    // What is not understood is refused, not dropped or converted.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true, discriminator: true } },
  });
  refuseBrowsers(server);
  server.setErrorHandler((error: FastifyError, _request, reply) => {
    const status = error instanceof MissingPart ? 501 : (error.statusCode ?? 409);
    return reply.status(status).send({ error: error.message });
  });
  server.setNotFoundHandler((_request, reply) => reply.status(404).send({ error: 'no such control' }));
  addClockRoutes(server, options);
  addAccountRoutes(server, options);
  addFaultRoutes(server, options);
  addMirrorRoutes(server, options);
  await server.listen({ host, port: options.port ?? DEFAULT_CONTROL_PORT });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, close: () => server.close() };
}
