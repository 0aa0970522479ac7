import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningCommand, startCommand } from 'gatepost/stage/command';
import { type StageNetwork, startEmbeddedNetwork } from 'gatepost/stage/network';
import { openStage, type Stage } from 'gatepost/stage/stage';
import type { Parties } from '../check/evidence.js';
import { CHECKOUT } from '../stage/layout.js';
import { freePort, openWire, type Wire } from '../stage/wire.js';
import { Actor, type OwnEnd } from './actor.js';
import { AGENT_NAMES, PARTIES, SERVERS, type Server } from './faults.js';

const EXECUTORS = join(CHECKOUT, 'test/chaos/agent.executors.yaml');

const VARIABLES: Readonly<Record<Server, string>> = {
  node: 'GATEPOST_NODE',
  'mirror-grpc': 'GATEPOST_MIRROR_GRPC',
  'mirror-rest': 'GATEPOST_MIRROR_REST',
};

/** Quick to pay, quick to give a silent agent's work to another; a payment's window as short as it may be. */
const COORDINATOR_LIMITS =
  'limits: { settle_after: 2, settle_within: 500ms, payment_window: 15s, loss_grace: 2s, reassignments: 20 }';

/** Pause before an agent that ended by itself is started again. */
const REVIVE_MS = 500;

/** How an agent of a round differs from one that `init` configures. */
const agentSettings = (yaml: string, advertise: number): string =>
  `${yaml.replace(/^heartbeat:.*$/m, 'heartbeat: 500ms')}\nadvertise: 127.0.0.1:${advertise}\ndrain: 1s\n`;

/** A network, a coordinator's account and journal, and agents that serve, each behind wires that can be cut. */
export interface World {
  readonly network: StageNetwork;
  readonly stage: Stage;
  readonly directory: string;
  /** By `<party>/<server>` and `<agent>/session`. */
  readonly wires: ReadonlyMap<string, Wire>;
  /** By name of the agent. */
  readonly agents: ReadonlyMap<string, Actor>;
  /** Starts a coordinator on a plan. */
  startCoordinator(planFile: string, logFile: string, extra: readonly string[]): RunningCommand;
  /** Called when an agent ended although nobody asked it to; it is started again. */
  onOwnEnd: (end: OwnEnd) => void;
  /** Sends a control to the embedded network. @throws Error when it refuses. */
  control(method: string, path: string, body?: unknown): Promise<void>;
  close(): Promise<void>;
}

const portOf = (address: string): number => Number(/:(\d+)$/.exec(address)?.[1]);

async function wiresOf(network: StageNetwork): Promise<Map<string, Wire>> {
  const wires = new Map<string, Wire>();
  for (const party of PARTIES) {
    for (const server of SERVERS) {
      const target = portOf(network.env[VARIABLES[server]] ?? '');
      wires.set(`${party}/${server}`, await openWire(target));
    }
  }
  return wires;
}

/** Who takes part, as the checker has to know it. */
export const partiesOf = ({ stage }: World): Parties => ({
  journal: stage.journal,
  token: stage.token,
  coordinator: stage.coordinator.account,
  agents: stage.agents.map(({ account }) => account),
});

/** The network's addresses as one party sees them. */
function addressesOf(party: string, wires: ReadonlyMap<string, Wire>): Record<string, string> {
  return Object.fromEntries(
    SERVERS.map((server) => {
      const address = `127.0.0.1:${wires.get(`${party}/${server}`)?.port}`;
      return [VARIABLES[server], server === 'mirror-rest' ? `http://${address}` : address];
    }),
  );
}

/** Opens a world in a directory, on an embedded network of its own. */
export async function openWorld(directory: string): Promise<World> {
  const network = await startEmbeddedNetwork(directory);
  const wires = await wiresOf(network);
  const closeNetwork = async () => {
    for (const wire of wires.values()) await wire.close();
    await network.close();
  };
  try {
    const agents = [];
    for (const name of AGENT_NAMES) {
      const port = await freePort();
      const wire = await openWire(port);
      wires.set(`${name}/session`, wire);
      agents.push({
        name,
        executors: EXECUTORS,
        listen: `127.0.0.1:${port}`,
        configure: (yaml: string) => agentSettings(yaml, wire.port),
        env: addressesOf(name, wires),
      });
    }
    const stage = await openStage({ network, directory, agents, coordinatorEnv: addressesOf('coordinator', wires) });
    const { configFile } = stage.coordinator;
    const written = readFileSync(configFile, 'utf8').replace(/^limits:.*$/m, '');
    writeFileSync(configFile, `${written}\n${COORDINATOR_LIMITS}\n`);
    return worldOf(network, stage, directory, wires, closeNetwork);
  } catch (error) {
    await closeNetwork();
    throw error;
  }
}

function worldOf(
  network: StageNetwork,
  stage: Stage,
  directory: string,
  wires: ReadonlyMap<string, Wire>,
  closeNetwork: () => Promise<void>,
): World {
  const agents = new Map<string, Actor>();
  const world: World = {
    network,
    stage,
    directory,
    wires,
    agents,
    onOwnEnd: () => undefined,
    startCoordinator: (planFile, logFile, extra) => {
      const { configFile, env } = stage.coordinator;
      const options = ['--config', configFile, '--output-dir', join(directory, 'output'), '--json', ...extra];
      return startCommand('coordinator', ['run', planFile, ...options], { name: 'coordinator', env, logFile });
    },
    control: async (method, path, body) => {
      const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      const request = { method, ...(body === undefined ? {} : json) };
      const response = await fetch(`${network.control}${path}`, request);
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    },
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.close()));
      await closeNetwork();
    },
  };
  for (const { name, configFile, env, process } of stage.agents) {
    const { logFile } = process;
    const agent: Actor = new Actor({
      start: () => startCommand('agent-daemon', ['serve', '--config', configFile, '--json'], { name, env, logFile }),
      onOwnEnd: (end) => {
        world.onOwnEnd(end);
        void agent.revive(REVIVE_MS);
      },
    });
    agent.adopt(process);
    agents.set(name, agent);
  }
  return world;
}
