import { createServer, type Server } from 'node:http';
import { GatepostError } from './vocabulary/errors.js';

/** Metrics as Prometheus reads them. */
export interface MetricsText {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/**
 * Serves GET /metrics on a loopback address, host:port.
 * @throws GatepostError INVALID_CONFIG when the address cannot be used or is not loopback.
 */
export async function serveMetrics(address: string, registry: MetricsText): Promise<Server> {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
  if (!/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(host)) {
    throw new GatepostError('INVALID_CONFIG', `metrics are served on loopback only, not on ${address}`, { address });
  }
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new GatepostError('INVALID_CONFIG', `cannot serve metrics on ${address}: ${error.message}`, { address }));
    });
    server.listen(Number(port), host.replace(/^\[|\]$/g, ''), resolve);
  });
  return server;
}
