// The agent server of the benchmark: a process of its own that answers every work order at once, or after the time that
// the input asks for as `waitMs`.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const OUTPUT = '{"done":true}';

const server = createServer(async (request, response) => {
  const waitMs = Number(/"waitMs":(\d+)/.exec(await text(request))?.[1] ?? 0);
  const answer = () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': OUTPUT.length });
    response.end(OUTPUT);
  };
  if (waitMs === 0) answer();
  else setTimeout(answer, waitMs);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
