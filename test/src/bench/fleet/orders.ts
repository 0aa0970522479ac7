import { join } from 'node:path';
import type { Environment } from '@gatepost/shared/config/environment';

export interface HostedAgent {
  /** From 0, over all processes. */
  readonly number: number;
  readonly account: string;
  readonly privateKey: string;
}

export type Order =
  | {
      readonly do: 'init';
      readonly env: Environment;
      readonly directory: string;
      readonly agents: readonly HostedAgent[];
      readonly owner: { readonly coordinator: string; readonly journal: string; readonly token: string };
      readonly executors: string;
    }
  | {
      readonly do: 'serve';
      readonly env: Environment;
      readonly directory: string;
      readonly agents: readonly HostedAgent[];
      /** Together the daemons of all processes create so many leases a second at most. */
      readonly turns: { readonly of: number; readonly perSecond: number };
    }
  | { readonly do: 'measure' };

/** What the daemons of the process have seen and used so far. */
export interface HostMeasured {
  readonly connected: number;
  readonly leases: number;
  readonly cpuMs: number;
  readonly peakMib: number;
  readonly mirrorFailures: number;
  /** Transactions that the nodes were too busy for. */
  readonly busy: number;
}

/** Where the configuration of an agent is. */
export const configOf = (directory: string, { number }: HostedAgent): string =>
  join(directory, `agent-${number}`, 'agent.yaml');
