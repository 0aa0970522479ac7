import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire to a loopback port that can be cut or stalled while both ends live. */
export interface Wire {
  readonly port: number;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Holds all bytes back, in both directions, and lets connections stand; nothing is lost. */
  stall(): void;
  /** As on the first day: held bytes flow, new connections are taken. */
  restore(): void;
  close(): Promise<void>;
}

/** Opens a wire to a loopback port. */
export async function openWire(target: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let state: 'open' | 'cut' | 'stalled' = 'open';
  const server = createServer({ pauseOnConnect: true }, (near) => {
    if (state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: '127.0.0.1', port: target });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('data', (bytes) => {
        if (!other.write(bytes)) socket.pause();
      });
      socket.on('drain', () => {
        if (state === 'open') other.resume();
      });
      socket.on('end', () => other.end());
      if (state === 'open') socket.resume();
      else socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    state = 'cut';
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stall: () => {
      state = 'stalled';
      for (const socket of sockets) socket.pause();
    },
    restore: () => {
      state = 'open';
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      cut();
      server.close();
    },
  };
}

/** Ports below those that operating systems give to connections of their own. */
const UNCLAIMED = { from: 12_000, to: 32_000 };

/** Whether nobody listens on a loopback port. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const listens = once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!(await listens)) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/** A loopback port that is free now, and that no connection is given while its process is dead. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(UNCLAIMED.from, UNCLAIMED.to);
    if (await isFree(port)) return port;
  }
}
