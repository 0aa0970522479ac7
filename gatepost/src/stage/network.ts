import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { z } from 'zod';
import { baseEnvironment, type ChildEnvironment, type RunningCommand, startCommand } from './command.js';

const readyEvent = z.object({
  host: z.string(),
  ports: z.object({ consensus: z.int(), mirrorGrpc: z.int(), mirrorRest: z.int(), control: z.int() }),
  operator: z.object({ accountId: z.string(), privateKey: z.string() }),
});

/** A network the stage plays on. */
export interface StageNetwork {
  /** What a child process needs to reach it. */
  readonly env: ChildEnvironment;
  /** Base URL of the mirror's REST, without `/api/v1`. */
  readonly mirrorRest: string;
  /** Base URL of the embedded network's operator controls. */
  readonly control: string | undefined;
  /** The process; absent on a public network. */
  readonly process: RunningCommand | undefined;
  /** The funded account that accounts are made from; absent on a public network. */
  readonly operator: Connection | undefined;
  close(): Promise<void>;
}

/** Any free port for each server. */
const FREE_PORTS = ['--port', '--mirror-grpc-port', '--mirror-rest-port', '--fees-port', '--control-port'].flatMap(
  (option) => [option, '0'],
);

/** Half of what `--profile testnet` answers an address: two processes share this host's. */
const TESTNET_PER_SECOND = '25';

/** Starts the embedded network as a process of its own, on free loopback ports; `ownEnv` is what it alone gets. */
export async function startEmbeddedNetwork(
  directory: string,
  args: readonly string[] = [],
  ownEnv: ChildEnvironment = {},
): Promise<StageNetwork> {
  mkdirSync(directory, { recursive: true });
  const process = startCommand('local-ledger', [...FREE_PORTS, '--json', ...args], {
    name: 'local-ledger',
    env: { ...baseEnvironment(), ...ownEnv },
    logFile: join(directory, 'local-ledger.log'),
  });
  const { host, ports, operator: funded } = readyEvent.parse(await process.ready);
  const mirrorRest = `http://${host}:${ports.mirrorRest}`;
  const env = {
    GATEPOST_NETWORK: 'local',
    GATEPOST_NODE: `${host}:${ports.consensus}`,
    GATEPOST_MIRROR_GRPC: `${host}:${ports.mirrorGrpc}`,
    GATEPOST_MIRROR_REST: mirrorRest,
    ...(args.includes('testnet') ? { GATEPOST_MIRROR_PER_SECOND: TESTNET_PER_SECOND } : {}),
  };
  const key = parseAccountKey(funded.privateKey, "the embedded network's operator key");
  const operator = connect(networkFromEnvironment(env), accountId(funded.accountId), key);
  return {
    env,
    mirrorRest,
    control: `http://${host}:${ports.control}`,
    process,
    operator,
    close: async () => {
      operator.close();
      await process.stop();
    },
  };
}
