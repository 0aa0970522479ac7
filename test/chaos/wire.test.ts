import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWire, type Wire } from '../src/stage/wire.js';

let echo: Server;
let wire: Wire;
let near: Socket | undefined;

/** Connects through the wire; breaks are expected. */
function open(): Socket {
  const socket = connect({ host: '127.0.0.1', port: wire.port });
  socket.on('error', () => undefined);
  near = socket;
  return socket;
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => void socket.once('close', () => resolve()));

async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString();
}

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  wire = await openWire((echo.address() as AddressInfo).port);
});

afterEach(async () => {
  near?.destroy();
  await wire.close();
  echo.close();
});

it('carries bytes both ways', async () => {
  expect(await answerTo(open(), 'one')).toBe('one');
});

it('that is cut breaks what stands, refuses what comes, and carries again when it is restored', async () => {
  const standing = open();
  await answerTo(standing, 'one');
  wire.cut();
  await closed(standing);
  await closed(open());
  wire.restore();
  expect(await answerTo(open(), 'two')).toBe('two');
});

it('that is stalled keeps connections and bytes, and delivers them when it is restored', async () => {
  const standing = open();
  await answerTo(standing, 'one');
  wire.stall();
  const coming = open();
  await once(coming, 'connect');
  const got: string[] = [];
  for (const socket of [standing, coming]) socket.on('data', (bytes) => got.push(bytes.toString()));
  standing.write('held');
  coming.write('held too');
  // The echo server itself answers within one turn; through the stalled wire nothing comes.
  const direct = connect((echo.address() as AddressInfo).port, '127.0.0.1');
  await answerTo(direct, 'direct');
  direct.destroy();
  expect(got).toEqual([]);
  wire.restore();
  await expect.poll(() => [...got].sort()).toEqual(['held', 'held too']);
  standing.destroy();
});
