import { pinnedCredentials } from '@gatepost/party/agents/certificate';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import { livingAccount } from '@gatepost/shared/doctor/account-looks';
import { type Finding, fine, type Look, trouble } from '@gatepost/shared/doctor/finding';
import { holdingProblem, known } from '@gatepost/shared/doctor/token-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import { formatTime, msFromNanos } from '@gatepost/shared/vocabulary/time';

/**
 * Everything that is looked at for one allowed agent.
 * @param seen what the journal says of it; undefined when it never announced itself.
 */
export function agentLooks(
  connection: Connection,
  token: TokenId,
  account: AccountId,
  seen: AgentState | undefined,
): readonly Look[] {
  const ofLedger = async (): Promise<readonly Finding[]> => {
    if ((await livingAccount(connection, account)) === undefined) {
      return [trouble('agent-account.unknown', `${connection.network.name} has no account ${account}`, account)];
    }
    return [fine('agent-account', 'exists', account), await lookAtHolding(connection, token, account)];
  };
  if (seen === undefined) {
    return [ofLedger, () => trouble('agent-online.never', 'no record of it on the journal', account)];
  }
  const online = (): Finding => {
    const since = formatTime(msFromNanos(seen.since));
    if (seen.life === 'online') return fine('agent-online', `since ${since}, at ${seen.address}`, account);
    const why = seen.reason === undefined ? '' : `: ${seen.reason}`;
    return trouble('agent-online.offline', `${seen.life} since ${since}${why}`, account);
  };
  const address = seen.life === 'online' ? [() => lookAtAddress(seen)] : [];
  return [ofLedger, online, () => lookAtInbox(connection, seen), ...address];
}

async function lookAtHolding(connection: Connection, token: TokenId, account: AccountId): Promise<Finding> {
  const { problem, detail } = await holdingProblem(connection, account, token);
  if (problem === undefined) return fine('agent-holding', detail, account);
  return trouble(`agent-holding.${problem}`, detail, account);
}

async function lookAtInbox(connection: Connection, { account, inbox }: AgentState): Promise<Finding> {
  const topic = await known(connection.mirror.topic(inbox));
  if (topic === undefined || topic.deleted === true) {
    return trouble('agent-inbox.deleted', `inbox ${inbox} does not exist`, account);
  }
  const isOwn = topic.submit_key?.key === connection.key.publicKey.toStringRaw();
  if (!isOwn) return trouble('agent-inbox.submit-key', `inbox ${inbox}`, account);
  return fine('agent-inbox', `${inbox} takes messages of this coordinator alone`, account);
}

async function lookAtAddress({ account, address, certSha256 }: AgentState): Promise<Finding> {
  if (certSha256 === undefined) return trouble('agent-address.plaintext', address, account);
  try {
    await pinnedCredentials(address, certSha256);
    return fine('agent-address', `${address} answers with the certificate of the ledger`, account);
  } catch (thrown) {
    const { code, message } = toGatepostError(thrown);
    const problem = code === 'AGENT_UNTRUSTED' ? 'agent-address.certificate' : 'agent-address.unreachable';
    return trouble(problem, message, account);
  }
}
