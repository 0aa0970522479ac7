import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { splitAddress } from '../vocabulary/address.js';
import { GatepostError } from '../vocabulary/errors.js';
import { checkClock } from './clock-check.js';
import type { Connection } from './connection.js';

const CONNECT_TIMEOUT_MS = 3_000;

/** Whether something takes a connection at host:port. */
export async function connects(address: string): Promise<boolean> {
  const { host, port } = splitAddress(address);
  const socket = connectSocket({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Tells within seconds that a network is not there, or lives in another time, before anything is sent that would be retried for minutes. The
 * consensus nodes of public networks are left to the SDK, which knows many.
 * @throws GatepostError LEDGER_UNREACHABLE, MIRROR_UNREACHABLE naming the address; CLOCK_SKEW
 */
export async function assertReachable(connection: Connection): Promise<void> {
  const { node, name } = connection.network;
  if (node !== undefined && !(await connects(node))) {
    const start = name === 'local' ? '; start one with: npx local-ledger' : '';
    throw new GatepostError(
      'LEDGER_UNREACHABLE',
      `nothing answers at the node address ${node} (GATEPOST_NODE)${start}`,
      { node },
    );
  }
  await checkClock(connection);
}
