import { GatepostError } from '../vocabulary/errors.js';
import type { Environment } from './environment.js';

export const NETWORK_NAMES = ['local', 'testnet', 'previewnet', 'mainnet'] as const;
export type NetworkName = (typeof NETWORK_NAMES)[number];

/** How to reach a network. */
export interface NetworkConfig {
  readonly name: NetworkName;
  /** host:port of the one consensus node; only for `local`, the SDK knows the others' nodes. */
  readonly node: string | undefined;
  /** host:port of the mirror's gRPC. */
  readonly mirrorGrpc: string;
  /** Base URL of the mirror's REST, without `/api/v1`. */
  readonly mirrorRest: string;
}

const LOCAL: NetworkConfig = {
  name: 'local',
  node: '127.0.0.1:50211',
  mirrorGrpc: '127.0.0.1:5600',
  mirrorRest: 'http://127.0.0.1:5551',
};

const publicNetwork = (name: Exclude<NetworkName, 'local'>): NetworkConfig => {
  const host = `${name === 'mainnet' ? 'mainnet-public' : name}.mirrornode.hedera.com`;
  return { name, node: undefined, mirrorGrpc: `${host}:443`, mirrorRest: `https://${host}` };
};

/** The variables that make a child, or another host, use a network. */
export function networkVariables({ name, node, mirrorGrpc, mirrorRest }: NetworkConfig): Environment {
  const usual = name === 'local' ? LOCAL : publicNetwork(name);
  return {
    GATEPOST_NETWORK: name,
    ...(node === undefined ? {} : { GATEPOST_NODE: node }),
    ...(name !== 'local' && mirrorGrpc === usual.mirrorGrpc ? {} : { GATEPOST_MIRROR_GRPC: mirrorGrpc }),
    ...(name !== 'local' && mirrorRest === usual.mirrorRest ? {} : { GATEPOST_MIRROR_REST: mirrorRest }),
  };
}

function isUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * The network an environment names; `local` with the usual ports when it names none.
 * @throws GatepostError INVALID_CONFIG for an unknown name or a malformed address.
 */
export function networkFromEnvironment(
  env: Environment,
  name: string = env.GATEPOST_NETWORK ?? 'local',
): NetworkConfig {
  const known = NETWORK_NAMES.find((candidate) => candidate === name);
  if (known === undefined) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `unknown network ${JSON.stringify(name)}; known: ${NETWORK_NAMES.join(', ')}`,
    );
  }
  const base = known === 'local' ? LOCAL : publicNetwork(known);
  const network: NetworkConfig = {
    name: known,
    node: known === 'local' ? (env.GATEPOST_NODE ?? base.node) : undefined,
    mirrorGrpc: env.GATEPOST_MIRROR_GRPC ?? base.mirrorGrpc,
    mirrorRest: (env.GATEPOST_MIRROR_REST ?? base.mirrorRest).replace(/\/+$/, '').replace(/\/api\/v1$/, ''),
  };
  for (const [variable, address] of [
    ['GATEPOST_NODE', network.node],
    ['GATEPOST_MIRROR_GRPC', network.mirrorGrpc],
  ] as const) {
    if (address !== undefined && !/^[^\s:/]+:\d{1,5}$/.test(address)) {
      throw new GatepostError('INVALID_CONFIG', `${variable} must be host:port, not ${JSON.stringify(address)}`);
    }
  }
  if (!isUrl(network.mirrorRest)) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `GATEPOST_MIRROR_REST must be a URL, not ${JSON.stringify(network.mirrorRest)}`,
    );
  }
  return network;
}
