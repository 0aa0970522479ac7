import type { MirrorKey } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** The keys that a handshake proves: the agent's own, and the coordinator's as the ledger shows it. */
export interface AccountKeys {
  /** The coordinator's account key as the mirror shows it now. @throws GatepostError MIRROR_UNREACHABLE, NOT_FOUND. */
  coordinatorKey(): Promise<MirrorKey>;
  /** Signs with the agent's account key. */
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

/** The keys of a connection's account and of a coordinator. */
export const accountKeys = (connection: Connection, coordinator: AccountId): AccountKeys => ({
  coordinatorKey: () => accountKeyOnMirror(connection, coordinator),
  sign: (message) => connection.key.sign(message),
});
