import { artifactsLooks } from '@gatepost/party/artifacts/artifacts-look';
import { lookAtAccountKey, lookAtHbar } from '@gatepost/shared/doctor/account-looks';
import { type Finding, fine, type Look, takeLooks, trouble } from '@gatepost/shared/doctor/finding';
import { lookAtDisk, lookAtFiles, lookAtNodeVersion, lookAtProxies } from '@gatepost/shared/doctor/host-looks';
import { lookAtJournal } from '@gatepost/shared/doctor/journal-look';
import { lookAtClock, lookAtMirror, lookAtNode, lookAtSameNetwork } from '@gatepost/shared/doctor/network-looks';
import { lookAtHolding, lookAtToken, lookAtTokenFees } from '@gatepost/shared/doctor/token-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { nodeAddresses } from '@gatepost/shared/hedera/same-network';
import type { Logger } from '@gatepost/shared/log';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { requireConfig } from '../setup/config-file.js';
import { agentLooks } from './agent-looks.js';
import { escrowLooks } from './escrow-looks.js';
import { readJournalAgents } from './journal-agents.js';

/** A configuration that names all it should. */
type Config = ReturnType<typeof requireConfig>;

/** Agents that announced themselves uninvited and are named; anybody can. */
const NAMED_STRANGERS = 5;

const networkAddresses = (connection: Connection): readonly string[] => [
  ...nodeAddresses(connection),
  connection.network.mirrorGrpc,
];

/** Without these a coordinator cannot work at all: `run` looks at them too, before it writes anything. */
export const standingLooks = (connection: Connection, journal: TopicId): readonly Look[] => [
  () => lookAtProxies(networkAddresses(connection)),
  () => lookAtSameNetwork(connection),
  () => lookAtAccountKey(connection, 'COORDINATOR_PRIVATE_KEY'),
  () => lookAtHbar(connection),
  () => lookAtJournal(connection, journal, connection.account),
];

/** What looks at the account that pays: the coordinator's own, or its escrow. */
type Payer = Pick<Connection, 'account' | 'mirror' | 'network'>;

/** Without these it cannot pay: `run` looks at them when there is something to pay. */
export const payingLooks = (payer: Payer, token: TokenId): readonly Look[] => [
  () => lookAtToken(payer, token),
  () => lookAtTokenFees(payer, token),
  () => lookAtHolding(payer, token, true),
];

/** Looks at everything a coordinator needs; changes nothing but the artifact of no bytes in the artifact store. */
export async function examine(connection: Connection, config: Config, log: Logger): Promise<readonly Finding[]> {
  const here: readonly Look[] = [
    () => lookAtNodeVersion(),
    () => lookAtFiles([]),
    () => lookAtDisk(config.stateDir),
    ...artifactsLooks(config.artifacts, 'write'),
    () => lookAtNode(connection),
    () => lookAtMirror(connection),
  ];
  const findings = await takeLooks(here);
  if (findings.some(({ id }) => id === 'mirror.unreachable')) {
    return [...findings, ...(await lookAtProxies(networkAddresses(connection)))];
  }
  const ledger = await takeLooks([
    () => lookAtClock(connection),
    ...standingLooks(connection, config.journal),
    ...escrowLooks(connection, config, config.token),
    ...payingLooks({ ...connection, account: config.escrow ?? connection.account }, config.token),
  ]);
  const isJournal = !ledger.some(({ id }) => id === 'journal.unknown' || id === 'journal.inbox');
  const agents = isJournal ? await readJournalAgents(connection, config, log) : { allowed: new Map(), others: [] };
  const addresses = [...agents.allowed.values()].map(({ address }) => address);
  const proxies = await lookAtProxies(addresses);
  const looks = config.agents.flatMap((account) =>
    agentLooks(connection, config.token, account, agents.allowed.get(account)),
  );
  return [
    ...findings,
    ...ledger,
    // What the network's addresses need is among the looks at the ledger.
    ...proxies.filter(({ level }) => level !== 'ok'),
    ...whoMayWork(config, agents.others),
    ...(await takeLooks(looks)),
  ];
}

function whoMayWork({ agents }: Config, others: readonly string[]): readonly Finding[] {
  const list = agents.length === 0 ? trouble('agents.none', 'none is allowed') : fine('agents', agents.join(', '));
  const uninvited = others
    .slice(0, NAMED_STRANGERS)
    .map((account) => trouble('agents.not-allowed', 'announced itself on the journal', account));
  return [list, ...uninvited];
}
