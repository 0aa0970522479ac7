import { AccountCreateTransaction, KeyList, PublicKey } from '@hashgraph/sdk';
import { proto } from '@hiero-ledger/proto';
import { GatepostError } from '../vocabulary/errors.js';
import type { AccountId } from '../vocabulary/ids.js';
import type { MirrorKey } from './account-key.js';
import type { Connection } from './connection.js';
import { send } from './transaction.js';

/** As many token associations as are asked for (HIP-904): funding an escrow needs no signature of its own. */
const UNLIMITED = -1;

/**
 * Creates the account that holds the money of runs with a gatekeeper. Its key is a list: so many of these keys must sign
 * whatever it does, and to change that list. Costs $0.05.
 * @param keys DER hex.
 * @param threshold all of them when left out.
 */
export async function createEscrow(
  connection: Connection,
  keys: readonly string[],
  threshold?: number,
): Promise<AccountId> {
  const list = new KeyList(
    keys.map((key) => PublicKey.fromString(key)),
    threshold ?? null,
  );
  const transaction = new AccountCreateTransaction()
    .setKeyWithoutAlias(list)
    .setMaxAutomaticTokenAssociations(UNLIMITED)
    .setAccountMemo('gatepost escrow');
  const { accountId } = await send(connection, transaction, { maxFeeHbar: 5 });
  if (accountId === undefined) throw new GatepostError('INTERNAL', 'an account was created but its receipt names none');
  return accountId;
}

/** A key list as the mirror shows it: so many of these keys must sign. */
export interface MirrorKeyList {
  readonly keys: readonly MirrorKey[];
  readonly threshold: number;
}

/** The single keys of a list; undefined for a single key, and for a list in which there are lists or contracts. */
export function keyListFromMirror({ _type, key }: MirrorKey): MirrorKeyList | undefined {
  if (_type !== 'ProtobufEncoded') return undefined;
  const { keyList, thresholdKey } = proto.Key.decode(Buffer.from(key, 'hex'));
  const list = (thresholdKey?.keys ?? keyList)?.keys ?? [];
  const keys = list.map(singleKey).filter((one) => one !== undefined);
  if (keys.length === 0 || keys.length < list.length) return undefined;
  return { keys, threshold: thresholdKey?.threshold ?? keys.length };
}

function singleKey({ ed25519, ECDSASecp256k1 }: proto.IKey): MirrorKey | undefined {
  if (ed25519) return { _type: 'ED25519', key: Buffer.from(ed25519).toString('hex') };
  return ECDSASecp256k1 ? { _type: 'ECDSA_SECP256K1', key: Buffer.from(ECDSASecp256k1).toString('hex') } : undefined;
}
