import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { runCommand } from 'gatepost/stage/command';
import { afterEach, expect, it } from 'vitest';

const NOT_FOUND =
  'HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}';

let server: Server | undefined;
afterEach(() => void server?.close());

it('a mirror that closes the first connection as it takes it is asked again, and the command does not end without a word', {
  timeout: 60_000,
}, async () => {
  let taken = 0;
  server = createServer({ pauseOnConnect: true }, (socket) => {
    taken += 1;
    if (taken === 1) {
      socket.destroy();
      return;
    }
    socket.once('data', () => socket.end(NOT_FOUND));
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const mirror = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { GATEPOST_NETWORK: 'local', GATEPOST_MIRROR_REST: `http://${mirror}`, GATEPOST_MIRROR_GRPC: mirror };
  const { code, stderr } = await runCommand('coordinator', ['verify', '--journal', '0.0.1005'], env);
  expect(stderr).toContain('404');
  expect(code).toBe(1);
});
