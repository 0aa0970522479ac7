import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { z } from 'zod';
import { baseEnvironment, type ChildEnvironment, type RunningCommand, startCommand } from './command.js';

const readyEvent = z.object({
  node: z.string(),
  mirror_grpc: z.string(),
  mirror_rest: z.string(),
  control: z.string().optional(),
  operator: z.object({ account: z.string(), private_key: z.string() }),
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

/** Starts the embedded network as a process of its own, on free loopback ports. */
export async function startEmbeddedNetwork(directory: string, args: readonly string[] = []): Promise<StageNetwork> {
  mkdirSync(directory, { recursive: true });
  const ports = [
    '--port',
    '0',
    '--mirror-grpc-port',
    '0',
    '--mirror-rest-port',
    '0',
    '--fees-port',
    '0',
    '--control-port',
    '0',
  ];
  const process = startCommand('local-ledger', [...ports, '--json', ...args], {
    name: 'local-ledger',
    env: baseEnvironment(),
    logFile: join(directory, 'local-ledger.log'),
  });
  const ready = readyEvent.parse(await process.ready);
  const env = {
    GATEPOST_NETWORK: 'local',
    GATEPOST_NODE: ready.node,
    GATEPOST_MIRROR_GRPC: ready.mirror_grpc,
    GATEPOST_MIRROR_REST: ready.mirror_rest,
  };
  const key = parseAccountKey(ready.operator.private_key, "the embedded network's operator key");
  const operator = connect(networkFromEnvironment(env), accountId(ready.operator.account), key);
  return {
    env,
    mirrorRest: ready.mirror_rest,
    control: ready.control,
    process,
    operator,
    close: async () => {
      operator.close();
      await process.stop();
    },
  };
}
