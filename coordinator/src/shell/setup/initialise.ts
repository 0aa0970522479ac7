import type { Connection } from '@gatepost/shared/hedera/connection';
import { createToken } from '@gatepost/shared/hedera/tokens';
import { createTopic } from '@gatepost/shared/hedera/topics';
import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { assertAccounts } from './agent-accounts.js';
import { type ConfigFile, readConfig, writeAgents, writeConfig } from './config-file.js';

export interface InitialiseOptions {
  readonly configFile: string;
  readonly agents: readonly AccountId[];
  /** Existing ones; made when left out. */
  readonly journal: TopicId | undefined;
  readonly token: TokenId | undefined;
  readonly tokenName: string;
  readonly tokenSymbol: string;
  /** In the smallest unit. */
  readonly supply: TokenAmount;
}

/** What a coordinator works with now, and what was made for it. */
export interface Initialised {
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly agents: readonly AccountId[];
  readonly created: readonly ('journal' | 'token')[];
  /** Whether the file was written at all. */
  readonly changed: boolean;
}

/**
 * Makes what a coordinator needs and writes it down step by step, so that a second start makes nothing twice. Costs
 * $0.02 for the topic and $1 for the token.
 */
export async function initialise(connection: Connection, options: InitialiseOptions): Promise<Initialised> {
  const known = readConfig(options.configFile);
  if (known !== undefined && known.account !== connection.account) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `${options.configFile} belongs to ${known.account}, but COORDINATOR_ACCOUNT_ID is ${connection.account}`,
    );
  }
  assertUnchanged(options, known);
  const agents = [...new Set([...(known?.agents ?? []), ...options.agents])];
  const added = agents.filter((agent) => known?.agents.includes(agent) !== true);
  await assertAccounts(connection, added);
  if (known?.journal !== undefined && known.token !== undefined) {
    if (added.length > 0) writeAgents(options.configFile, agents);
    return { journal: known.journal, token: known.token, agents, created: [], changed: added.length > 0 };
  }
  const created: ('journal' | 'token')[] = [];
  const file: ConfigFile = { account: connection.account, agents: [...agents], state_dir: 'state' };
  let journal = known?.journal ?? options.journal;
  if (journal === undefined) {
    journal = await createTopic(connection, { memo: 'gatepost journal' });
    created.push('journal');
  }
  writeConfig(options.configFile, { ...file, journal });
  let token = known?.token ?? options.token;
  if (token === undefined) {
    const { tokenName: name, tokenSymbol: symbol, supply } = options;
    token = await createToken(connection, { name, symbol, decimals: 0, initialSupply: supply });
    created.push('token');
  }
  writeConfig(options.configFile, { ...file, journal, token });
  return { journal, token, agents, created, changed: true };
}

/** Settings of an existing file are not passed over, nor changed behind its owner's back. */
function assertUnchanged(options: InitialiseOptions, known: Pick<InitialiseOptions, 'journal' | 'token'> | undefined) {
  for (const name of ['journal', 'token'] as const) {
    const [wanted, has] = [options[name], known?.[name]];
    if (wanted === undefined || has === undefined || wanted === has) continue;
    throw new GatepostError(
      'USAGE',
      `${options.configFile} names ${name} ${has}, not ${wanted}; edit it, or give another --config`,
    );
  }
}
