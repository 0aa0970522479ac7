import { GatepostError } from '../vocabulary/errors.js';
import type { AccountId } from '../vocabulary/ids.js';
import type { MirrorKey } from './account-key.js';
import type { Connection } from './connection.js';

/** The keys that a handshake proves: the server's own, and a caller's as the ledger shows it. */
export interface AccountKeys {
  /** An account's key as the mirror shows it now. @throws GatepostError MIRROR_UNREACHABLE, NOT_FOUND. */
  keyOf(account: AccountId): Promise<MirrorKey>;
  /** Signs with the server's account key. */
  sign(message: Uint8Array): Uint8Array;
}

/** The account's single key. @throws GatepostError NOT_FOUND when it has none that can sign alone. */
export async function accountKeyOnMirror(connection: Connection, account: AccountId): Promise<MirrorKey> {
  const { key } = await connection.mirror.account(account);
  if (key === null || key._type === 'ProtobufEncoded') {
    throw new GatepostError('NOT_FOUND', `account ${account} has no single Ed25519 or ECDSA key`, { account });
  }
  return key;
}

/** The keys of a connection's account and, from the mirror, of those who call. */
export const accountKeys = (connection: Connection): AccountKeys => ({
  keyOf: (account) => accountKeyOnMirror(connection, account),
  sign: (message) => connection.key.sign(message),
});
