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

/** A coordinator and its agents, provisioned on a network; the agents serve. */
export interface Stage {
  readonly network: StageNetwork;
  readonly directory: string;
  readonly journal: string;
  readonly token: string;
  readonly coordinator: { readonly account: AccountId; readonly configFile: string; readonly env: ChildEnvironment };
  readonly agents: readonly StageAgent[];
  /** Stops the agents; the network is the caller's. */
  close(): Promise<void>;
}

export interface StageOptions {
  readonly network: StageNetwork;
  /** Where configuration, data and logs go. */
  readonly directory: string;
  readonly agents: readonly StageAgentOptions[];
  /** Existing accounts, coordinator first; made from the network's operator when left out. */
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

/** Provisions a coordinator and agents with keys and accounts of their own, and starts each agent as its own process. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { network, directory } = options;
  mkdirSync(directory, { recursive: true });
  const accounts = options.accounts ?? (await makeAccounts(network, options.agents.length + 1));
  const [coordinator, ...members] = accounts;
  if (coordinator === undefined || members.length < options.agents.length) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `${options.agents.length + 1} accounts are needed, ${accounts.length} were given`,
    );
  }
  const env = {
    ...network.env,
    ...options.coordinatorEnv,
    COORDINATOR_ACCOUNT_ID: coordinator.account,
    COORDINATOR_PRIVATE_KEY: coordinator.privateKey,
  };
  const configFile = join(directory, 'coordinator.yaml');
  const allowed = members.slice(0, options.agents.length).flatMap(({ account }) => ['--agent', account]);
  const init = ['init', '--config', configFile, ...allowed, '--json'];
  const { journal, token } = await runForJson(coordinatorReady, 'coordinator', init, env);
  options.onProgress?.(`coordinator ${coordinator.account}, journal ${journal}, token ${token}`);

  const owner = { account: coordinator.account, journal, token };
  const starting = await Promise.allSettled(
    options.agents.map((agent, index) => startAgent(options, agent, members[index] as StageAccount, owner)),
  );
  const agents = starting.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const close = async () => void (await Promise.all(agents.map(({ process }) => process.stop())));
  const failure = starting.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) {
    await close();
    throw failure.reason;
  }
  return {
    network,
    directory,
    journal,
    token,
    coordinator: { account: coordinator.account, configFile, env },
    agents,
    close,
  };
}
