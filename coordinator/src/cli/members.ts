import { readEnvironment } from '@gatepost/shared/config/environment';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId } from '@gatepost/shared/vocabulary/ids';
import { type AddCommand, CONFIG_OPTION, connectCoordinator, ENVIRONMENT_HELP } from './command.js';

interface MemberOptions {
  readonly config: string;
}

interface AddOptions extends MemberOptions {
  readonly fund?: string;
}

/** Most hbar that one command gives away. */
const MOST_HBAR = 10_000;

/** Adds `add-agent` to the command line. */
export const addAddAgent: AddCommand = (program, exit) => {
  program
    .command('add-agent')
    .description('let an agent work and be paid; with --fund, send it hbar first')
    .argument('<account>', 'its account, or the EVM address that "agent-daemon init --new-key" printed')
    .option(...CONFIG_OPTION)
    .option('--fund <hbar>', 'hbar to send from the coordinator; makes the account of an EVM address')
    .addHelpText(
      'after',
      `
Examples:
  coordinator add-agent 0.0.1004
  coordinator add-agent 0.0.1004 --fund 5
  coordinator add-agent 0x3b2f5a0c9d1e7a4466b0f2d8c1a97e5d40b3c6f1 --fund 5
${ENVIRONMENT_HELP}`,
    )
    .action(async (agent: string, options: AddOptions) => exit(await add(agent, options)));
};

/** Adds `remove-agent` to the command line. */
export const addRemoveAgent: AddCommand = (program, exit) => {
  program
    .command('remove-agent')
    .description('give an agent no more work; what it says from then on does not count')
    .argument('<account>', 'its account')
    .option(...CONFIG_OPTION)
    .addHelpText('after', '\nFinish or cancel its runs before.\n\nExample:\n  coordinator remove-agent 0.0.1004')
    .action(async (agent: string, options: MemberOptions) => exit(await remove(agent, options)));
};

/** Adds `invite` to the command line. */
export const addInvite: AddCommand = (program, exit) => {
  program
    .command('invite')
    .description('print the line with which an agent joins: agent-daemon init --join <line>')
    .option(...CONFIG_OPTION)
    .addHelpText(
      'after',
      `
The line holds the network, this coordinator, its journal and token, and is signed with its key. It is no secret: who
may work is decided by add-agent.

Example:
  coordinator invite --config coordinator.yaml
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: MemberOptions) => exit(await invite(options)));
};

function hbarOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const hbar = /^\d{1,5}(\.\d{1,8})?$/.test(text) ? Number(text) : 0;
  if (hbar <= 0 || hbar > MOST_HBAR) {
    throw new GatepostError('USAGE', `--fund must be an amount of hbar up to ${MOST_HBAR}, such as 5 or 0.5`);
  }
  return hbar;
}

async function add(agent: string, { config: file, fund }: AddOptions): Promise<number> {
  const isEvm = /^0x[0-9a-f]{40}$/i.test(agent);
  const named = isEvm ? undefined : accountId(agent, 'the account');
  const hbar = hbarOf(fund);
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { requireOwnConfig, writeAgents } = await import('../shell/setup/config-file.js');
    const config = requireOwnConfig(file, connection.account);
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { assertAccounts, fundAccount } = await import('../shell/setup/agent-accounts.js');
    if (named !== undefined) await assertAccounts(connection, [named]);
    const account = hbar > 0 || named === undefined ? await fundAccount(connection, agent, hbar) : named;
    if (hbar > 0) process.stdout.write(`sent ${hbar} ℏ to ${account}\n`);
    const known = config.agents.includes(account);
    if (!known) writeAgents(file, [...config.agents, account]);
    process.stdout.write(known ? `${account} is in ${file} already\n` : `added ${account} to ${file}\n`);
    return 0;
  } finally {
    connection.close();
  }
}

async function remove(agent: string, { config: file }: MemberOptions): Promise<number> {
  const account: AccountId = accountId(agent, 'the account');
  const { requireConfig, writeAgents } = await import('../shell/setup/config-file.js');
  const { agents } = requireConfig(file);
  if (!agents.includes(account)) {
    const known = agents.length === 0 ? 'none' : agents.join(', ');
    throw new GatepostError('USAGE', `${file} does not name ${account}; its agents: ${known}`);
  }
  writeAgents(
    file,
    agents.filter((other) => other !== account),
  );
  process.stdout.write(`removed ${account} from ${file}\n`);
  return 0;
}

async function invite({ config: file }: MemberOptions): Promise<number> {
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { requireOwnConfig } = await import('../shell/setup/config-file.js');
    const { joinLine } = await import('@gatepost/shared/hedera/join-line');
    process.stdout.write(`${joinLine(connection, requireOwnConfig(file, connection.account))}\n`);
    return 0;
  } finally {
    connection.close();
  }
}
