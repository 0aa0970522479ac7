import { systemAccounts } from '../core/limits.js';
import { operatorKey } from '../operator.js';
import type { CliOptions } from './options.js';

/** Where a network listens. */
interface Place {
  readonly host: string;
  readonly ports: {
    readonly consensus: number;
    readonly mirrorGrpc: number;
    readonly mirrorRest: number;
    readonly fees: number | undefined;
  };
}

/** The variables that samples, test suites and the TCK of the Hiero SDKs read, for the network at a place. */
export function sdkVariables({ host, ports }: Place): Readonly<Record<string, string>> {
  const operator = `0.0.${systemAccounts.treasury}`;
  return {
    HEDERA_NETWORK: 'local-node',
    NETWORK: 'localhost',
    OPERATOR_ID: operator,
    OPERATOR_KEY: operatorKey.privateKeyDer,
    OPERATOR_ACCOUNT_ID: operator,
    OPERATOR_ACCOUNT_PRIVATE_KEY: operatorKey.privateKeyDer,
    NODE_IP: `${host}:${ports.consensus}`,
    NODE_ACCOUNT_ID: `0.0.${systemAccounts.node}`,
    MIRROR_NETWORK: `${host}:${ports.mirrorGrpc}`,
    MIRROR_NODE_REST_URL: `http://${host}:${ports.mirrorRest}`,
    MIRROR_NODE_REST_JAVA_URL: `http://${host}:${ports.fees ?? ports.mirrorRest}`,
  };
}

/**
 * Lines that a POSIX shell evaluates, about the network that the same options start. Nothing in them needs quotes.
 * @throws Error when a port is not known beforehand.
 */
export function shellEnv(options: CliOptions): string {
  const { host, port: consensus, mirrorGrpcPort: mirrorGrpc, mirrorRestPort: mirrorRest, feesPort: fees } = options;
  if ([consensus, mirrorGrpc, mirrorRest, fees].includes(0)) {
    throw new Error('--env starts nothing, so a port of 0 is not known; name the ports, or start with --json instead');
  }
  return Object.entries(sdkVariables({ host, ports: { consensus, mirrorGrpc, mirrorRest, fees } }))
    .map(([name, value]) => `export ${name}=${value}\n`)
    .join('');
}
