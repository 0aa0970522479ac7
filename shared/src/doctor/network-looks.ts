import { checkClock } from '../hedera/clock-check.js';
import type { Connection } from '../hedera/connection.js';
import { connects } from '../hedera/reachability.js';
import { compareNetworks, nodeAddresses } from '../hedera/same-network.js';
import { toGatepostError } from '../vocabulary/errors.js';
import { type Finding, fine, trouble } from './finding.js';

/** Nodes of a public network that are tried at once. */
const TRIED_NODES = 5;

/** Whether a consensus node takes a connection. */
export async function lookAtNode(connection: Connection): Promise<Finding> {
  const addresses = nodeAddresses(connection).slice(0, TRIED_NODES);
  const answers = await Promise.all(addresses.map(connects));
  const { name } = connection.network;
  const list = addresses.join(', ');
  if (!answers.includes(true)) return trouble('node.unreachable', `nothing answers at ${list} (${name})`);
  return fine('node', `${name}, ${answers.filter(Boolean).length} of ${addresses.length} nodes answer`);
}

/** Whether the mirror answers by REST and takes a connection for gRPC. @throws GatepostError MIRROR_UNREACHABLE */
export async function lookAtMirror({ mirror, network }: Connection): Promise<Finding> {
  const { mirrorGrpc, mirrorRest } = network;
  const [, grpc] = await Promise.all([mirror.now(), connects(mirrorGrpc)]);
  if (!grpc) return trouble('mirror.grpc-unreachable', `nothing answers at ${mirrorGrpc}`);
  return fine('mirror', `${mirrorRest}, gRPC ${mirrorGrpc}`);
}

/** Whether node and mirror belong together. @throws GatepostError MIRROR_UNREACHABLE */
export async function lookAtSameNetwork(connection: Connection): Promise<Finding> {
  const { name, node, mirrorRest } = connection.network;
  const nodes = node === undefined ? `the nodes of ${name}` : `node ${node}`;
  switch (await compareNetworks(connection)) {
    case 'same':
      return fine('same-network', `${nodes} and mirror ${mirrorRest}`);
    case 'other':
      return trouble('same-network.other', `mirror ${mirrorRest} does not show what ${nodes} do`);
    case 'unproven':
      return trouble('same-network.unproven', `mirror ${mirrorRest} and ${nodes}`);
  }
}

/** This host's clock. @throws GatepostError MIRROR_UNREACHABLE */
export async function lookAtClock(connection: Connection): Promise<Finding> {
  try {
    await checkClock(connection);
    return fine('clock', "as the ledger's");
  } catch (error) {
    const { code, message } = toGatepostError(error);
    if (code !== 'CLOCK_SKEW') throw error;
    return trouble('clock.off', message);
  }
}
