import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { operatorKey } from '@gatepost/local-ledger/operator';
import { type Environment, requireVariables, variablesIn } from '@gatepost/shared/config/environment';
import { type NetworkConfig, networkFromEnvironment, networkVariables } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { writeExecutors } from '../demo/executors.js';
import { runCommand } from '../stage/command.js';
import type { CommandName } from '../stage/layout.js';
import { accountOf, agentParty, coordinatorParty, envFileOf, type Party, provision } from './party.js';

export interface SetupOptions {
  readonly agents: number;
  /** For each new account. */
  readonly hbar: number;
  readonly directory: string;
  /** Where each agent serves, host:port in their order; a free port of loopback for those that are left out. */
  readonly listen: readonly string[];
  /** Task types of the agents; those of an example when left out. */
  readonly executors: string | undefined;
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
}

/** The network's list prices, in US cents; tokens and topics include their keys. */
const CENTS = { account: 5, journal: 1, token: 100, inbox: 3, association: 5 } as const;

/** Whoever pays for the accounts. */
function operatorOf(env: Environment, network: NetworkConfig): Connection {
  if (network.name === 'local' && env.OPERATOR_ACCOUNT_ID === undefined) {
    return connect(
      network,
      accountId('0.0.2'),
      parseAccountKey(operatorKey.privateKeyDer, "the embedded network's key"),
    );
  }
  const found = requireVariables(env, ['OPERATOR_ACCOUNT_ID', 'OPERATOR_PRIVATE_KEY']);
  const account = accountId(found.OPERATOR_ACCOUNT_ID, 'OPERATOR_ACCOUNT_ID');
  return connect(network, account, parseAccountKey(found.OPERATOR_PRIVATE_KEY, 'OPERATOR_PRIVATE_KEY'));
}

/** What is still to be done, in words, and its price in US cents without the hbar that accounts are given. */
function outstanding(coordinator: Party, agents: readonly Party[], hbar: number) {
  const accounts = [coordinator, ...agents].filter((party) => accountOf(party) === undefined);
  const inboxes = agents.filter(({ directory }) => !existsSync(join(directory, 'agent.yaml')));
  const needsJournal = !existsSync(join(coordinator.directory, 'coordinator.yaml'));
  const lines = [
    ...accounts.map(({ name }) => `an account for ${name} with ${hbar} ℏ`),
    ...(needsJournal ? ['the journal topic', 'the payment token'] : []),
    ...inboxes.flatMap(({ name }) => [`the inbox topic of ${name}`, `the association of ${name} with the token`]),
  ];
  const own = needsJournal ? CENTS.journal + CENTS.token : 0;
  const cents = accounts.length * CENTS.account + own + inboxes.length * (CENTS.inbox + CENTS.association);
  return { lines, cents, hbar: accounts.length * hbar };
}

/** Runs a command of ours as a party, and gives what it printed last. */
async function runAs(party: Party, command: CommandName, ...args: readonly string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(variablesIn(envFileOf(party))));
  const { code, stdout, stderr } = await runCommand(command, args, env);
  if (code === 0) return stdout.trim().split('\n').at(-1) ?? '';
  throw new GatepostError('INVALID_CONFIG', `${party.name}: ${command} ${args[0]} failed: ${stderr.trim()}`);
}

/**
 * Makes a coordinator and its agents ready to work: accounts with keys of their own, journal, token, inboxes. What is
 * there already stays as it is, so that it can be run again after any interruption.
 * @throws GatepostError INVALID_CONFIG without an operator on a public network, or when a step fails.
 */
export async function setup(env: Environment, options: SetupOptions): Promise<void> {
  const { directory, hbar, say } = options;
  const network = networkFromEnvironment(env);
  const linked = linkedOn(network);
  const coordinator = coordinatorParty(directory);
  const agents = Array.from({ length: options.agents }, (_, index) => agentParty(directory, index + 1));
  const todo = outstanding(coordinator, agents, hbar);
  for (const line of todo.lines) say(`${options.dryRun ? 'would make' : 'to make'}: ${line}`);
  say(`about $${(todo.cents / 100).toFixed(2)} of fees, and ${todo.hbar} ℏ for the accounts`);
  if (options.dryRun) return;
  const operator = operatorOf(env, network);
  try {
    await assertReachable(operator);
    const variables = networkVariables(network);
    const owner = await provision(coordinator, operator, variables, hbar);
    const members = await Promise.all(agents.map((agent) => provision(agent, operator, variables, hbar)));
    const allowed = members.flatMap((member) => ['--agent', member]);
    const config = join(coordinator.directory, 'coordinator.yaml');
    await runAs(coordinator, 'coordinator', 'init', '--config', config, ...allowed, '--json');
    const invitation = await runAs(coordinator, 'coordinator', 'invite', '--config', config);
    await Promise.all(agents.map((agent, index) => initialiseAgent(agent, invitation, options, index)));
    say(`coordinator  ${linked('account', owner)}`);
    for (const [index, member] of members.entries()) say(`agent-${index + 1}      ${linked('account', member)}`);
  } finally {
    operator.close();
  }
  const shown = (party: Party) => relative(process.cwd(), party.directory) || '.';
  say('next:');
  for (const agent of agents) say(`  cd ${shown(agent)} && npx gatepost agent serve`);
  say(`  cd ${shown(coordinator)} && npx gatepost coordinator run <plan>`);
}

async function initialiseAgent(
  agent: Party,
  invitation: string,
  { executors, listen }: SetupOptions,
  index: number,
): Promise<void> {
  const config = join(agent.directory, 'agent.yaml');
  const file = executors ?? writeExecutors('agent-1', agent.directory);
  const data = join(agent.directory, 'data');
  await runAs(
    agent,
    'agent-daemon',
    'init',
    '--config',
    config,
    '--data',
    data,
    '--join',
    invitation,
    '--executors',
    file,
    ...(listen[index] === undefined ? [] : ['--listen', listen[index]]),
  );
}
