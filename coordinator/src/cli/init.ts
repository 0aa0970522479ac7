import { readEnvironment } from '@gatepost/shared/config/environment';
import { parseAmount } from '@gatepost/shared/vocabulary/amount';
import { type Linked, linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import type { Initialised } from '../shell/setup/initialise.js';
import { type AddCommand, CONFIG_OPTION, collect, connectCoordinator, ENVIRONMENT_HELP } from './command.js';

interface InitOptions {
  readonly config: string;
  readonly agent: readonly string[];
  readonly journal?: string;
  readonly token?: string;
  readonly tokenName: string;
  readonly tokenSymbol: string;
  readonly supply: string;
  readonly gatekeeper?: string;
  readonly arbiter?: string;
  readonly json?: boolean;
}

export const addInit: AddCommand = (program, exit) => {
  program
    .command('init')
    .description('create the journal topic and the payment token, write the configuration')
    .option(...CONFIG_OPTION)
    .option('--agent <account>', 'agent that may work and be paid; may be repeated', collect, [])
    .option('--journal <topic>', 'use this topic instead of creating one')
    .option('--token <token>', 'use this token instead of creating one')
    .option('--token-name <name>', 'name of the new token', 'Gatepost Credit')
    .option('--token-symbol <symbol>', 'symbol of the new token', 'GPC')
    .option('--supply <amount>', 'initial supply of the new token', '1000000000')
    .option('--gatekeeper <account>', "also make an escrow that pays only with this account's signature; it judges")
    .option('--arbiter <account>', 'a third key of the escrow, any two of the three sign; it decides disputes')
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
Running it again changes nothing that is there already; agents it does not name yet are added, and a gatekeeper.
A token that is made beside a gatekeeper has no keys: nobody can mint more of it.

Examples:
  coordinator init --config coordinator.yaml --agent 0.0.1002 --agent 0.0.1003
  coordinator init --journal 0.0.1005 --token 0.0.1006 --agent 0.0.1002
  coordinator init --agent 0.0.1002 --gatekeeper 0.0.1007
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: InitOptions) => exit(await init(options)));
};

async function init(options: InitOptions): Promise<number> {
  const agents = options.agent.map((agent) => accountId(agent, '--agent'));
  const journal = options.journal === undefined ? undefined : topicId(options.journal, '--journal');
  const token = options.token === undefined ? undefined : tokenId(options.token, '--token');
  const gatekeeper = options.gatekeeper === undefined ? undefined : accountId(options.gatekeeper, '--gatekeeper');
  const arbiter = options.arbiter === undefined ? undefined : accountId(options.arbiter, '--arbiter');
  const supply = parseAmount(options.supply, '--supply');
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { initialise } = await import('../shell/setup/initialise.js');
    const { config: configFile, tokenName, tokenSymbol } = options;
    const made = { journal, token, tokenName, tokenSymbol, supply };
    const done = await initialise(connection, { configFile, agents, ...made, gatekeeper, arbiter });
    const line = { event: 'initialised', config: configFile, account: connection.account, ...done };
    process.stdout.write(
      options.json ? `${JSON.stringify(line)}\n` : told(configFile, done, linkedOn(connection.network)),
    );
    return 0;
  } finally {
    connection.close();
  }
}

function told(configFile: string, done: Initialised, linked: Linked): string {
  const { journal, token, agents, gatekeeper, arbiter, escrow, created, changed } = done;
  const made = (what: (typeof created)[number]) => (created.includes(what) ? 'created' : 'existing');
  const list = agents.length === 0 ? 'none yet; let some work with: coordinator add-agent 0.0.x' : agents.join(', ');
  return [
    changed ? `wrote ${configFile}` : `${configFile} is complete; nothing was changed`,
    `journal  ${linked('topic', journal)} (${made('journal')})`,
    `token    ${linked('token', token)} (${made('token')})`,
    ...(escrow === undefined
      ? []
      : [`escrow   ${linked('account', escrow)} (${made('escrow')}); fund it with: coordinator fund`]),
    ...(gatekeeper === undefined
      ? []
      : [`gatekeeper ${gatekeeper}${arbiter === undefined ? '' : `, arbiter ${arbiter}`}`]),
    `agents   ${list}`,
    '',
  ].join('\n');
}
