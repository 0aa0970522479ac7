import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { z } from 'zod';
import { type ChildEnvironment, type RunningCommand, runCommand, startCommand } from './command.js';
import type { StageNetwork } from './network.js';

/** An account and the private key its own process gets, and no other. */
export interface StageAccount {
  readonly account: AccountId;
  readonly privateKey: string;
}

export interface StageAgentOptions {
  readonly name: string;
  /** YAML file that maps task types to executors. */
  readonly executors: string;
  /** host:port to listen on; any free loopback port when left out. */
  readonly listen?: string;
  /** Changes the configuration that `agent-daemon init` wrote, before the agent serves. */
  readonly configure?: (yaml: string) => string;
  /** Addresses of the network as this agent alone sees them. */
  readonly env?: ChildEnvironment;
}

/** One agent: its own account, directory and process. */
export interface StageAgent {
  readonly name: string;
  readonly account: AccountId;
  readonly inbox: string;
  readonly configFile: string;
  readonly env: ChildEnvironment;
  readonly address: string;
  readonly process: RunningCommand;
}

/** A gatekeeper: its own account, directory and process. */
export interface StageGatekeeper {
  readonly account: AccountId;
  readonly configFile: string;
  readonly env: ChildEnvironment;
  readonly logFile: string;
  process: RunningCommand;
}

export interface StageGatekeeperOptions {
  /** Directory in which gate programs run. */
  readonly gates: string;
  /** What they may read besides. */
  readonly read: readonly string[];
  /** Where the repositories of gates lie. */
  readonly repositories?: readonly string[];
  /** What the escrow holds, in the token's smallest unit. */
  readonly fund: bigint;
}

/** A coordinator and its agents, provisioned on a network; the agents serve. */
export interface Stage {
  readonly network: StageNetwork;
  readonly directory: string;
  readonly journal: string;
  readonly token: string;
  readonly coordinator: { readonly account: AccountId; readonly configFile: string; readonly env: ChildEnvironment };
  readonly agents: readonly StageAgent[];
  /** Serves as well, where there is one. */
  readonly gatekeeper: StageGatekeeper | undefined;
  /** Stops the agents; the network is the caller's. */
  close(): Promise<void>;
}

export interface StageOptions {
  readonly network: StageNetwork;
  /** Where configuration, data and logs go. */
  readonly directory: string;
  readonly agents: readonly StageAgentOptions[];
  /** Who judges, and holds a key of the escrow; the coordinator alone does when left out. */
  readonly gatekeeper?: StageGatekeeperOptions;
  /** Existing accounts, coordinator first, a gatekeeper last; made from the network's operator when left out. */
  readonly accounts?: readonly StageAccount[];
  /** Addresses of the network as the coordinator alone sees them. */
  readonly coordinatorEnv?: ChildEnvironment;
  readonly onProgress?: (line: string) => void;
}

const INITIAL_HBAR = 500;

const coordinatorReady = z.object({ journal: z.string(), token: z.string() });
const agentInitialised = z.object({ inbox: z.string() });
const agentReady = z.object({ address: z.string() });

/** New accounts with keys of their own, funded by the operator. */
async function makeAccounts({ operator }: StageNetwork, count: number): Promise<StageAccount[]> {
  if (operator === undefined) throw new GatepostError('INVALID_CONFIG', 'a public network needs accounts of its own');
  return Promise.all(
    Array.from({ length: count }, async () => {
      const { key, der } = generateAccountKey();
      return { account: await createAccount(operator, key.publicKey, INITIAL_HBAR), privateKey: der };
    }),
  );
}

/** Runs a command that prints one JSON line last. */
async function runForJson<T>(schema: z.ZodType<T>, ...command: Parameters<typeof runCommand>): Promise<T> {
  const { code, stdout, stderr } = await runCommand(...command);
  if (code !== 0) {
    throw new GatepostError(
      'INTERNAL',
      `${command[0]} ${command[1].join(' ')} ended with exit code ${code}: ${stderr || stdout}`,
    );
  }
  return schema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

async function startAgent(
  options: StageOptions,
  { name, executors, listen = '127.0.0.1:0', configure, env: own }: StageAgentOptions,
  { account, privateKey }: StageAccount,
  owner: { readonly account: AccountId; readonly journal: string; readonly token: string },
): Promise<StageAgent> {
  const directory = join(options.directory, name);
  mkdirSync(directory, { recursive: true });
  const configFile = join(directory, 'agent.yaml');
  const env = { ...options.network.env, ...own, AGENT_ACCOUNT_ID: account, AGENT_PRIVATE_KEY: privateKey };
  const init = ['init', '--config', configFile, '--data', join(directory, 'data'), '--listen', listen];
  const membership = ['--coordinator', owner.account, '--journal', owner.journal, '--token', owner.token];
  const { inbox } = await runForJson(
    agentInitialised,
    'agent-daemon',
    [...init, ...membership, '--executors', executors, '--json'],
    env,
  );
  if (configure !== undefined) writeFileSync(configFile, configure(readFileSync(configFile, 'utf8')));
  const process = startCommand('agent-daemon', ['serve', '--config', configFile, '--json'], {
    name,
    env,
    logFile: join(options.directory, `${name}.log`),
  });
  const { address } = agentReady.parse(await process.ready);
  options.onProgress?.(`${name} ${account} serves at ${address}, inbox ${inbox}, pid ${process.pid}`);
  return { name, account, inbox, configFile, env, address, process };
}

/** Starts the gatekeeper's process, again if need be. */
export function serveGatekeeper({
  configFile,
  env,
  logFile,
}: Pick<StageGatekeeper, 'configFile' | 'env' | 'logFile'>): RunningCommand {
  return startCommand('gatekeeper', ['serve', '--config', configFile, '--json'], { name: 'gatekeeper', env, logFile });
}

/** Prepares and starts the gatekeeper, then puts the budget under both keys. */
async function startGatekeeper(
  { network, directory, onProgress }: StageOptions,
  { gates, read, repositories = [], fund }: StageGatekeeperOptions,
  { account, privateKey }: StageAccount,
  owner: Stage['coordinator'] & { readonly journal: string; readonly agents: readonly string[] },
): Promise<StageGatekeeper> {
  const configFile = join(directory, 'gatekeeper', 'gatekeeper.yaml');
  const logFile = join(directory, 'gatekeeper.log');
  const env = { ...network.env, GATEKEEPER_ACCOUNT_ID: account, GATEKEEPER_PRIVATE_KEY: privateKey };
  const membership = ['--coordinator', owner.account, '--journal', owner.journal, ...owner.agents];
  const init = [
    'init',
    '--config',
    configFile,
    ...membership,
    '--gates',
    gates,
    ...read.flatMap((path) => ['--gates-read', path]),
    ...repositories.flatMap((place) => ['--gates-repository', place]),
    '--json',
  ];
  await runForJson(z.object({ account: z.string() }), 'gatekeeper', init, env);
  const process = serveGatekeeper({ configFile, env, logFile });
  const { address } = agentReady.parse(await process.ready);
  onProgress?.(`gatekeeper ${account} serves at ${address}, pid ${process.pid}`);
  const funding = ['fund', fund.toString(), '--config', owner.configFile];
  const { code, stdout, stderr } = await runCommand('coordinator', funding, owner.env);
  if (code !== 0)
    throw new GatepostError('INTERNAL', `coordinator fund ended with exit code ${code}: ${stderr || stdout}`);
  onProgress?.(stdout.trim());
  return { account, configFile, env, logFile, process };
}

/** Provisions a coordinator and agents with keys and accounts of their own, and starts each agent as its own process. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { network, directory } = options;
  mkdirSync(directory, { recursive: true });
  const parties = options.agents.length + (options.gatekeeper === undefined ? 1 : 2);
  const accounts = options.accounts ?? (await makeAccounts(network, parties));
  const [coordinator, ...members] = accounts;
  if (coordinator === undefined || accounts.length < parties) {
    throw new GatepostError('INVALID_CONFIG', `${parties} accounts are needed, ${accounts.length} were given`);
  }
  const keeper = options.gatekeeper === undefined ? undefined : members[options.agents.length];
  const env = {
    ...network.env,
    ...options.coordinatorEnv,
    COORDINATOR_ACCOUNT_ID: coordinator.account,
    COORDINATOR_PRIVATE_KEY: coordinator.privateKey,
  };
  const configFile = join(directory, 'coordinator.yaml');
  const allowed = members.slice(0, options.agents.length).flatMap(({ account }) => ['--agent', account]);
  const judge = keeper === undefined ? [] : ['--gatekeeper', keeper.account];
  const init = ['init', '--config', configFile, ...allowed, ...judge, '--json'];
  const { journal, token } = await runForJson(coordinatorReady, 'coordinator', init, env);
  options.onProgress?.(`coordinator ${coordinator.account}, journal ${journal}, token ${token}`);

  const owner = { account: coordinator.account, journal, token };
  const starting = await Promise.allSettled(
    options.agents.map((agent, index) => startAgent(options, agent, members[index] as StageAccount, owner)),
  );
  const agents = starting.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  let gatekeeper: StageGatekeeper | undefined;
  const close = async () => {
    const running = [...agents, ...(gatekeeper === undefined ? [] : [gatekeeper])];
    await Promise.all(running.map(({ process }) => process.stop()));
  };
  try {
    const failure = starting.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    if (options.gatekeeper !== undefined && keeper !== undefined) {
      const of = { account: coordinator.account, configFile, env, journal, agents: allowed };
      gatekeeper = await startGatekeeper(options, options.gatekeeper, keeper, of);
    }
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return {
    network,
    directory,
    journal,
    token,
    coordinator: { account: coordinator.account, configFile, env },
    agents,
    gatekeeper,
    close,
  };
}
