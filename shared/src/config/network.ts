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
  /** Requests that a process sends to it in a second, which also says that it is slow; any number when left out. */
  readonly mirrorPerSecond?: number;
}

/** The public mirrors take 50 requests a second from an address, behind which other processes of ours may be. */
const PUBLIC_MIRROR_PER_SECOND = 25;

const LOCAL: NetworkConfig = {
  name: 'local',
  node: '127.0.0.1:50211',
  mirrorGrpc: '127.0.0.1:5600',
  mirrorRest: 'http://127.0.0.1:5551',
};

const publicNetwork = (name: Exclude<NetworkName, 'local'>): NetworkConfig => {
  const host = `${name === 'mainnet' ? 'mainnet-public' : name}.mirrornode.hedera.com`;
  return {
    name,
    node: undefined,
    mirrorGrpc: `${host}:443`,
    mirrorRest: `https://${host}`,
    mirrorPerSecond: PUBLIC_MIRROR_PER_SECOND,
  };
};

/** The variables that make a child, or another host, use a network. */
export function networkVariables({ name, node, mirrorGrpc, mirrorRest, mirrorPerSecond }: NetworkConfig): Environment {
  const usual = name === 'local' ? LOCAL : publicNetwork(name);
  return {
    GATEPOST_NETWORK: name,
    ...(node === undefined ? {} : { GATEPOST_NODE: node }),
    ...(name !== 'local' && mirrorGrpc === usual.mirrorGrpc ? {} : { GATEPOST_MIRROR_GRPC: mirrorGrpc }),
    ...(name !== 'local' && mirrorRest === usual.mirrorRest ? {} : { GATEPOST_MIRROR_REST: mirrorRest }),
    ...(mirrorPerSecond === usual.mirrorPerSecond ? {} : { GATEPOST_MIRROR_PER_SECOND: String(mirrorPerSecond) }),
  };
}

/** How long a record waits for others to share its message on a public network, where it costs money; milliseconds. */
const PUBLIC_FILL_MS = 1_000;

const LOCAL_SIGHT_MS = 20;
const PUBLIC_SIGHT_MS = 6_000;

/** The same where no configuration says otherwise: not at all on a network that answers at once and costs nothing. */
export const usualFillMs = ({ mirrorPerSecond }: Pick<NetworkConfig, 'mirrorPerSecond'>): number =>
  mirrorPerSecond === undefined ? 0 : PUBLIC_FILL_MS;

/** From the submission of a message until everybody sees it, as is usual on a network, milliseconds: for estimates. */
export const usualSightMs = ({ mirrorPerSecond }: Pick<NetworkConfig, 'mirrorPerSecond'>): number =>
  mirrorPerSecond === undefined ? LOCAL_SIGHT_MS : PUBLIC_SIGHT_MS;

function isUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function perSecondOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d{0,3}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new GatepostError(
    'INVALID_CONFIG',
    `GATEPOST_MIRROR_PER_SECOND must be a whole number from 1 to 9999, not ${JSON.stringify(text)}`,
  );
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
  const perSecond = perSecondOf(env.GATEPOST_MIRROR_PER_SECOND) ?? base.mirrorPerSecond;
  const network: NetworkConfig = {
    name: known,
    node: known === 'local' ? (env.GATEPOST_NODE ?? base.node) : undefined,
    mirrorGrpc: env.GATEPOST_MIRROR_GRPC ?? base.mirrorGrpc,
    mirrorRest: (env.GATEPOST_MIRROR_REST ?? base.mirrorRest).replace(/\/+$/, '').replace(/\/api\/v1$/, ''),
    ...(perSecond === undefined ? {} : { mirrorPerSecond: perSecond }),
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
