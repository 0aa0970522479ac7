// The agent server of the benchmark: a process of its own that answers every work order at once, or after the time that
// the input asks for as `waitMs`: always the same, unless the input has an `own` number, which is told back. It shares the
// processors with what is measured, so it reads by events: by an async iterator that takes a third more.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const OUTPUT = '{"done":true}';

function answer(response: ServerResponse, output: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': output.length });
  response.end(output);
}

const server = createServer((request, response) => {
  let order = '';
  request.setEncoding('utf8');
  request.on('data', (part: string) => {
    order += part;
  });
  request.once('end', () => {
    const waitMs = Number(/"waitMs":(\d+)/.exec(order)?.[1] ?? 0);
    const own = /"own":\d+/.exec(order)?.[0];
    const output = own === undefined ? OUTPUT : `{"done":true,${own}}`;
    if (waitMs === 0) answer(response, output);
    else setTimeout(answer, waitMs, response, output);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());
