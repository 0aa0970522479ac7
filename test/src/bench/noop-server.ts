// The agent server of the benchmark: a process of its own that answers every work order at once.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const OUTPUT = '{"done":true}';

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': OUTPUT.length });
    response.end(OUTPUT);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
