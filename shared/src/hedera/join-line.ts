import { z } from 'zod';
import { NETWORK_NAMES, type NetworkConfig } from '../config/network.js';
import { canonicalJson } from '../vocabulary/digest.js';
import { GatepostError } from '../vocabulary/errors.js';
import { accountId, isEntityId, tokenId, topicId } from '../vocabulary/ids.js';
import { type MirrorKey, verifySignature } from './account-key.js';
import type { Connection } from './connection.js';

const PREFIX = 'gatepost-join-1.';
const entity = z.string().refine(isEntityId);

const invitation = z.strictObject({
  network: z.enum(NETWORK_NAMES),
  /** Addresses of a network that is not public; every host must reach them. */
  node: z.string().optional(),
  mirror_grpc: z.string().optional(),
  mirror_rest: z.string().optional(),
  coordinator: entity.transform((id) => accountId(id)),
  journal: entity.transform((id) => topicId(id)),
  token: entity.transform((id) => tokenId(id)),
});
const signed = invitation.extend({ signature: z.string().regex(/^[0-9a-f]{128}$/) });

/** What an agent has to know to work for a coordinator. */
export type Invitation = z.output<typeof invitation>;

/** An invitation as somebody pasted it; who it is from is not known before `assertSigned`. */
export interface PastedInvitation {
  readonly invitation: Invitation;
  /** Lower-case hex. */
  readonly signature: string;
}

const bytesOf = (content: Invitation): Uint8Array =>
  Buffer.from(canonicalJson({ purpose: 'gatepost/1/join', ...content }), 'utf8');

/** One line to paste: what an agent has to know, signed with the coordinator's account key. */
export function joinLine(connection: Connection, { journal, token }: Pick<Invitation, 'journal' | 'token'>): string {
  const { name, node, mirrorGrpc, mirrorRest } = connection.network;
  const addresses = node === undefined ? {} : { node, mirror_grpc: mirrorGrpc, mirror_rest: mirrorRest };
  const content: Invitation = { network: name, ...addresses, coordinator: connection.account, journal, token };
  const signature = Buffer.from(connection.key.sign(bytesOf(content))).toString('hex');
  return PREFIX + Buffer.from(JSON.stringify({ ...content, signature })).toString('base64url');
}

/** @throws GatepostError USAGE when the text is no join line, or not all of one. */
export function parseJoinLine(text: string): PastedInvitation {
  const line = text.trim();
  try {
    if (!line.startsWith(PREFIX)) throw new SyntaxError(`it does not begin with ${PREFIX}`);
    const json = Buffer.from(line.slice(PREFIX.length), 'base64url').toString('utf8');
    const { signature, ...content } = signed.parse(JSON.parse(json));
    return { invitation: content, signature };
  } catch (error) {
    const message = '--join is no join line; paste the whole line that "coordinator invite" printed';
    throw new GatepostError('USAGE', message, {}, error);
  }
}

/** @throws GatepostError USAGE unless the coordinator that a join line names signed it. */
export function assertSigned({ invitation: content, signature }: PastedInvitation, key: MirrorKey): void {
  if (verifySignature(key, bytesOf(content), Buffer.from(signature, 'hex'))) return;
  const message = `the join line was not signed by ${content.coordinator}; ask its owner for "coordinator invite"`;
  throw new GatepostError('USAGE', message);
}

/** The variables that make a host use the network of an invitation. */
export function invitedNetwork({ network, node, mirror_grpc, mirror_rest }: Invitation): Record<string, string> {
  return {
    GATEPOST_NETWORK: network,
    ...(node === undefined ? {} : { GATEPOST_NODE: node }),
    ...(mirror_grpc === undefined ? {} : { GATEPOST_MIRROR_GRPC: mirror_grpc }),
    ...(mirror_rest === undefined ? {} : { GATEPOST_MIRROR_REST: mirror_rest }),
  };
}

/** The network of an invitation, to be compared with the one a host is set to. */
export const sameNetwork = ({ network, node }: Invitation, other: NetworkConfig): boolean =>
  network === other.name && node === other.node;
