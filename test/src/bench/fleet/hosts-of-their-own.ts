import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { NetworkConfig } from '@gatepost/shared/config/network';

/** A port of the network's as it is reached from other hosts. */
interface Door {
  readonly port: number;
  close(): void;
}

/** Passes on what comes to a loopback address, as if it came from that address: to the network each is a host of its own. */
async function openDoor(to: { readonly host: string; readonly port: number }): Promise<Door> {
  const open = new Set<Socket>();
  const server: Server = createServer((client) => {
    const from = client.localAddress ?? '';
    if (!from.startsWith('127.')) return void client.destroy();
    const inner = connect({ ...to, localAddress: from });
    for (const [socket, other] of [
      [client, inner],
      [inner, client],
    ] as const) {
      open.add(socket);
      socket.setNoDelay(true);
      // What ends one side in whatever way ends the other; nobody is to be told of it here.
      socket.once('error', () => other.destroy());
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
    client.pipe(inner);
    inner.pipe(client);
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

const placeOf = (hostPort: string): { host: string; port: number } => {
  const at = hostPort.lastIndexOf(':');
  return { host: hostPort.slice(0, at), port: Number(hostPort.slice(at + 1)) };
};

const PER_BLOCK = 250;
/** Loopback addresses 127.1.0.1 and up. */
const addressOf = (number: number): string => `127.1.${Math.floor(number / PER_BLOCK)}.${1 + (number % PER_BLOCK)}`;

/** An embedded network as many hosts see it, all of them this one. */
export interface Hosts {
  /** The network as the host of a number, from 0, sees it. */
  networkOf(number: number): NetworkConfig;
  close(): void;
}

/**
 * Gives each daemon of a process an address of its own: a public mirror counts requests by address, and gRPC shares one
 * connection among all who ask one address from one process.
 */
export async function openHosts(network: NetworkConfig): Promise<Hosts> {
  const rest = new URL(network.mirrorRest);
  const [node, mirrorGrpc, mirrorRest] = await Promise.all([
    openDoor(placeOf(network.node ?? '')),
    openDoor(placeOf(network.mirrorGrpc)),
    openDoor({ host: rest.hostname, port: Number(rest.port) }),
  ]);
  return {
    networkOf: (number) => {
      const host = addressOf(number);
      return {
        ...network,
        node: `${host}:${node.port}`,
        mirrorGrpc: `${host}:${mirrorGrpc.port}`,
        mirrorRest: `http://${host}:${mirrorRest.port}`,
      };
    },
    close: () => {
      for (const door of [node, mirrorGrpc, mirrorRest]) door.close();
    },
  };
}
