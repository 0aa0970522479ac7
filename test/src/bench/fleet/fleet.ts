import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type RunningCommand, runCommand, startCommand } from 'gatepost/stage/command';
import { type StageNetwork, startEmbeddedNetwork } from 'gatepost/stage/network';
import { stringify } from 'yaml';
import { freePort } from '../../stage/wire.js';
import { endChild, forkBeside, nextMessage } from '../child.js';
import { atOnce } from './at-once.js';
import { configOf, type HostedAgent, type HostMeasured, type Order } from './orders.js';

/** Daemons that share a process. */
const PER_PROCESS = 250;
const AT_ONCE = 32;
/** Leases that all daemons together create in a second. */
const LEASES_PER_SECOND = 10;
const INITIAL_HBAR = 20;

/** What daemons of all processes came to together. */
export type FleetMeasured = HostMeasured;

/** An embedded network as slow and as strict as the public test network, a coordinator, and agents that serve. */
export interface Fleet {
  readonly network: StageNetwork;
  readonly directory: string;
  readonly journal: string;
  readonly coordinator: { readonly configFile: string; readonly env: Readonly<Record<string, string>> };
  /** Port of the coordinator's metrics while it runs. */
  readonly metricsPort: number;
  /** The daemon that runs as a process of its own, where one was asked for. */
  readonly alone: RunningCommand | undefined;
  measure(): Promise<FleetMeasured>;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly say: (line: string) => void;
  /** Whether one daemon is a process of its own, as they all are elsewhere. */
  readonly alone?: boolean;
}

/** Starts a daemon as anybody would. */
async function serveAlone(directory: string, agent: HostedAgent, network: StageNetwork): Promise<RunningCommand> {
  const env = { ...network.env, AGENT_ACCOUNT_ID: agent.account, AGENT_PRIVATE_KEY: agent.privateKey };
  const logFile = join(directory, 'alone.log');
  const args = ['serve', '--config', configOf(directory, agent), '--json'];
  const daemon = startCommand('agent-daemon', args, { name: 'the daemon alone', env, logFile });
  await daemon.ready;
  return daemon;
}

async function tell(child: ChildProcess, order: Order): Promise<HostMeasured> {
  const answer = nextMessage<HostMeasured>(child);
  child.send(order);
  return answer;
}

/** Accounts and keys, made by the operator of a network that is in no hurry to refuse them. */
async function makeAgents({ operator }: StageNetwork, count: number): Promise<HostedAgent[]> {
  if (operator === undefined) throw new Error('an embedded network has an operator');
  const made: HostedAgent[] = [];
  const numbers = Array.from({ length: count }, (_, number) => number);
  await atOnce(AT_ONCE, numbers, async (number) => {
    const { key, der } = generateAccountKey();
    made[number] = { number, account: await createAccount(operator, key.publicKey, INITIAL_HBAR), privateKey: der };
  });
  return made;
}

async function initCoordinator(network: StageNetwork, directory: string, agents: readonly HostedAgent[]) {
  if (network.operator === undefined) throw new Error('an embedded network has an operator');
  const { key, der } = generateAccountKey();
  const account = await createAccount(network.operator, key.publicKey, 10 * INITIAL_HBAR);
  const own = { COORDINATOR_ACCOUNT_ID: account, COORDINATOR_PRIVATE_KEY: der };
  const configFile = join(directory, 'coordinator.yaml');
  const allowed = agents.flatMap(({ account }) => ['--agent', account]);
  const init = ['init', '--config', configFile, ...allowed, '--json'];
  const { code, stdout, stderr } = await runCommand('coordinator', init, { ...network.env, ...own });
  if (code !== 0) throw new Error(`coordinator init ended with exit code ${code}: ${stderr}`);
  const { journal, token } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { journal: string; token: string };
  const metricsPort = await freePort();
  writeFileSync(configFile, `${readFileSync(configFile, 'utf8')}\nmetrics: 127.0.0.1:${metricsPort}\n`);
  return { own, configFile, journal, metricsPort, owner: { coordinator: account, journal, token } };
}

const sum = (of: readonly HostMeasured[]): FleetMeasured => ({
  connected: of.reduce((total, { connected }) => total + connected, 0),
  leases: of.reduce((total, { leases }) => total + leases, 0),
  cpuMs: of.reduce((total, { cpuMs }) => total + cpuMs, 0),
  peakMib: of.reduce((total, { peakMib }) => total + peakMib, 0),
  busy: of.reduce((total, { busy }) => total + busy, 0),
  mirrorFailures: of.reduce((total, { mirrorFailures }) => total + mirrorFailures, 0),
});

/**
 * Makes accounts, inboxes and certificates on a network without delays, then opens the same ledger with those of the
 * public test network, and starts all daemons there: real ones, {@link PER_PROCESS} to a process.
 */
export async function openFleet(directory: string, count: number, options: FleetOptions): Promise<Fleet> {
  mkdirSync(directory, { recursive: true });
  const open: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of open.reverse()) await end();
  };
  try {
    return { ...(await fillFleet(directory, count, options, open)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens everything, and notes how to close it. */
async function fillFleet(
  directory: string,
  count: number,
  { say, alone: isOneAlone = false }: FleetOptions,
  open: (() => Promise<void>)[],
): Promise<Omit<Fleet, 'close'>> {
  const kept = ['--data', join(directory, 'ledger')];
  const server = forkBeside('./noop-server.js');
  open.push(() => endChild(server));
  const { port } = await nextMessage<{ port: number }>(server);
  const executors = join(directory, 'executors.yaml');
  writeFileSync(executors, stringify({ noop: { http: `http://127.0.0.1:${port}/` } }));

  const quick = await startEmbeddedNetwork(join(directory, 'quick'), kept);
  open.push(() => quick.close());
  const agents = await makeAgents(quick, count);
  const { own, configFile, journal, metricsPort, owner } = await initCoordinator(quick, directory, agents);
  say(`${count} accounts`);
  const groups = Array.from({ length: Math.ceil(count / PER_PROCESS) }, (_, group) =>
    agents.slice(group * PER_PROCESS, (group + 1) * PER_PROCESS),
  );
  const hosts = groups.map(() => forkBeside('./fleet/daemon-host.js'));
  const orderAll = async (orderOf: (group: readonly HostedAgent[]) => Order) =>
    sum(await Promise.all(hosts.map((host, group) => tell(host, orderOf(groups[group] ?? [])))));
  open.push(async () => void (await Promise.all(hosts.map(endChild))));
  await orderAll((group) => ({ do: 'init', env: quick.env, directory, agents: group, owner, executors }));
  await quick.close();
  say(`${count} inboxes`);

  const network = await startEmbeddedNetwork(directory, [...kept, '--profile', 'testnet']);
  // The daemons go before it: what they would say goodbye to is still there.
  open.splice(open.length - 1, 0, () => network.close());
  const turns = { of: count, perSecond: LEASES_PER_SECOND };
  // Each daemon has an address of its own, and nobody to share its requests with.
  const { GATEPOST_MIRROR_PER_SECOND: _, ...env } = network.env;
  const [loner] = isOneAlone ? agents : [];
  await orderAll((group) => ({ do: 'serve', env, directory, agents: group.filter((agent) => agent !== loner), turns }));
  const alone = loner && (await serveAlone(directory, loner, network));
  if (alone !== undefined) open.splice(open.length - 1, 0, async () => void (await alone.stop()));
  say(`${count} daemons in ${hosts.length} processes`);
  return {
    network,
    directory,
    journal,
    coordinator: { configFile, env: { ...network.env, ...own } },
    metricsPort,
    alone,
    measure: () => orderAll(() => ({ do: 'measure' })),
  };
}
