import { publicKeyFromMirror } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { createEscrow } from '@gatepost/shared/hedera/escrow';
import { createToken } from '@gatepost/shared/hedera/tokens';
import { createTopic } from '@gatepost/shared/hedera/topics';
import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { assertAccounts } from './agent-accounts.js';
import {
  type ConfigFile,
  type CoordinatorConfig,
  readConfig,
  writeAgents,
  writeConfig,
  writeEscrow,
} from './config-file.js';
import { assertNoCustomFees } from './escrow-token.js';

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
  /** Who judges and holds a key of the escrow that is made then; nobody when left out. */
  readonly gatekeeper?: AccountId | undefined;
  /** A third key of the escrow: any two of the three sign. */
  readonly arbiter?: AccountId | undefined;
}

type Made = 'journal' | 'token' | 'escrow';

/** What a coordinator works with now, and what was made for it. */
export interface Initialised {
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly gatekeeper: AccountId | undefined;
  readonly arbiter: AccountId | undefined;
  readonly escrow: AccountId | undefined;
  readonly agents: readonly AccountId[];
  readonly created: readonly Made[];
  /** Whether the file was written at all. */
  readonly changed: boolean;
}

/**
 * Makes what a coordinator needs and writes it down step by step, so that a second start makes nothing twice. Costs
 * $0.02 for the topic, $1 for the token and $0.05 for an escrow.
 */
export async function initialise(connection: Connection, options: InitialiseOptions): Promise<Initialised> {
  const { configFile } = options;
  const known = readConfig(configFile);
  if (known !== undefined && known.account !== connection.account) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `${configFile} belongs to ${known.account}, but COORDINATOR_ACCOUNT_ID is ${connection.account}`,
    );
  }
  assertUnchanged(options, known);
  const parties = partiesOf(connection.account, options, known);
  const agents = [...new Set([...(known?.agents ?? []), ...options.agents])];
  const added = agents.filter((agent) => known?.agents.includes(agent) !== true);
  await assertAccounts(connection, added);
  const needsEscrow = parties.gatekeeper !== undefined && known?.escrow === undefined;
  // Before anything is made: a key that cannot be used is found here.
  const keys = needsEscrow ? await keysOf(connection, parties) : [];
  const given = known?.token ?? options.token;
  if (needsEscrow && given !== undefined) await assertNoCustomFees(connection, given);
  const ground = await journalAndToken(connection, options, known, agents, parties);
  if (added.length > 0 && ground.created.length === 0) writeAgents(configFile, agents);
  const created: Made[] = [...ground.created];
  let escrow = known?.escrow;
  if (needsEscrow) {
    escrow = await createEscrow(connection, keys, parties.arbiter === undefined ? undefined : 2);
    writeEscrow(configFile, { ...parties, escrow });
    created.push('escrow');
  }
  const { journal, token } = ground;
  return {
    journal,
    token,
    ...parties,
    escrow,
    agents,
    created,
    changed: created.length > 0 || added.length > 0 || ground.written,
  };
}

/** The parties to an escrow besides the coordinator. */
type Parties = Pick<Initialised, 'gatekeeper' | 'arbiter'>;

/** @throws GatepostError USAGE for a party that is another one as well, or an arbiter that comes late. */
function partiesOf(own: AccountId, options: InitialiseOptions, known: CoordinatorConfig | undefined): Parties {
  const parties = {
    gatekeeper: known?.gatekeeper ?? options.gatekeeper,
    arbiter: known?.arbiter ?? options.arbiter,
  };
  const { gatekeeper, arbiter } = parties;
  if (arbiter !== undefined && gatekeeper === undefined) {
    throw new GatepostError('USAGE', '--arbiter needs --gatekeeper: it decides between coordinator and gatekeeper');
  }
  if (known?.escrow !== undefined && known.arbiter !== arbiter) {
    throw new GatepostError('USAGE', `the key of ${known.escrow} is made without an arbiter; give another --config`);
  }
  const all = [own, gatekeeper, arbiter].filter((party) => party !== undefined);
  if (new Set(all).size === all.length) return parties;
  throw new GatepostError(
    'USAGE',
    'coordinator, gatekeeper and arbiter must be different accounts, or one could pay alone',
  );
}

/** The parties' keys, DER hex, as the network has them now. @throws GatepostError USAGE for an account without a single key. */
async function keysOf(connection: Connection, { gatekeeper, arbiter }: Parties): Promise<string[]> {
  const others = [gatekeeper, arbiter].filter((party) => party !== undefined);
  await assertAccounts(connection, others);
  const keys = [connection.key.publicKey.toStringDer()];
  for (const party of others) {
    const { key } = await connection.mirror.account(party);
    const publicKey = key === null ? undefined : publicKeyFromMirror(key);
    if (publicKey === undefined) {
      throw new GatepostError(
        'USAGE',
        `${party} has no single key; its owner's first transaction gives it one, a key list does not do`,
      );
    }
    keys.push(publicKey.toStringDer());
  }
  if (new Set(keys).size === keys.length) return keys;
  throw new GatepostError('USAGE', 'two of the parties have the same key, so that one could sign for both');
}

interface Ground extends Pick<Initialised, 'journal' | 'token' | 'created'> {
  readonly written: boolean;
}

async function journalAndToken(
  connection: Connection,
  options: InitialiseOptions,
  known: CoordinatorConfig | undefined,
  agents: readonly AccountId[],
  { gatekeeper }: Parties,
): Promise<Ground> {
  if (known?.journal !== undefined && known.token !== undefined) {
    return { journal: known.journal, token: known.token, created: [], written: false };
  }
  const created: Made[] = [];
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
    // With a gatekeeper no party alone may be able to mint what it pays with.
    const kind = { name, symbol, decimals: 0, keyless: gatekeeper !== undefined };
    token = await createToken(connection, { ...kind, initialSupply: supply });
    created.push('token');
  }
  writeConfig(options.configFile, { ...file, journal, token });
  return { journal, token, created, written: true };
}

/** Settings of an existing file are not passed over, nor changed behind its owner's back. */
function assertUnchanged(options: InitialiseOptions, known: CoordinatorConfig | undefined): void {
  for (const name of ['journal', 'token', 'gatekeeper', 'arbiter'] as const) {
    const [wanted, has] = [options[name], known?.[name]];
    if (wanted === undefined || has === undefined || wanted === has) continue;
    throw new GatepostError(
      'USAGE',
      `${options.configFile} names ${name} ${has}, not ${wanted}; edit it, or give another --config`,
    );
  }
}
