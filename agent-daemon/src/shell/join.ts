import { addToEnvFile } from '@gatepost/shared/config/env-file';
import { ENV_FILE, type Environment } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { accountKeyOnMirror } from '@gatepost/shared/hedera/account-keys';
import type { Connection } from '@gatepost/shared/hedera/connection';
import {
  assertSigned,
  type Invitation,
  invitedNetwork,
  type PastedInvitation,
  parseJoinLine,
  sameNetwork,
} from '@gatepost/shared/hedera/join-line';
import { shownByMirror } from '@gatepost/shared/hedera/mirror-wait';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { InitOptions } from './init.js';

/** @throws GatepostError USAGE for text that is no join line, and beside options that say the same. */
export function invitationOf(options: InitOptions): PastedInvitation | undefined {
  if (options.join === undefined) return undefined;
  const twice = (['coordinator', 'journal', 'token'] as const).filter((name) => options[name] !== undefined);
  if (twice.length > 0) {
    const list = twice.map((name) => `--${name}`).join(', ');
    throw new GatepostError('USAGE', `--join says what ${list} would say; leave one of them out`);
  }
  return parseJoinLine(options.join);
}

const namesNetwork = ({ GATEPOST_NETWORK, GATEPOST_NODE }: Environment): boolean =>
  GATEPOST_NETWORK !== undefined || GATEPOST_NODE !== undefined;

/** The environment on the network of an invitation. @throws GatepostError USAGE when it names another one. */
export function withNetwork(env: Environment, pasted: PastedInvitation | undefined): Environment {
  if (pasted === undefined) return env;
  if (!namesNetwork(env)) return { ...env, ...invitedNetwork(pasted.invitation) };
  const own = networkFromEnvironment(env);
  if (sameNetwork(pasted.invitation, own)) return env;
  const { network, node } = pasted.invitation;
  const wanted = node === undefined ? network : `${network} at ${node}`;
  const has = own.node === undefined ? own.name : `${own.name} at ${own.node}`;
  throw new GatepostError('USAGE', `the join line is for ${wanted}, but this host is set to ${has}; mend ${ENV_FILE}`);
}

/** What an invitation says, once it is known to be its coordinator's. @throws GatepostError USAGE, NOT_FOUND */
export async function assertInvited(
  connection: Connection,
  pasted: PastedInvitation | undefined,
): Promise<Partial<Pick<Invitation, 'coordinator' | 'journal' | 'token'>>> {
  if (pasted === undefined) return {};
  const { coordinator, journal, token } = pasted.invitation;
  const key = await shownByMirror(`account ${coordinator}`, () => accountKeyOnMirror(connection, coordinator));
  assertSigned(pasted, key);
  return { coordinator, journal, token };
}

/** Notes the network in `.env`, where nothing names one yet, so that the daemon uses it from now on. */
export function keepNetwork(env: Environment, pasted: PastedInvitation | undefined): void {
  if (pasted !== undefined && !namesNetwork(env)) addToEnvFile(invitedNetwork(pasted.invitation));
}
