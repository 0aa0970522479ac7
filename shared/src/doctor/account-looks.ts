import type { EnvironmentVariable } from '../config/environment.js';
import { evmAddressOf, publicKeyFromMirror } from '../hedera/account-key.js';
import type { Connection } from '../hedera/connection.js';
import type { MirrorAccount } from '../hedera/mirror-rest.js';
import { formatTinybar } from '../vocabulary/amount.js';
import type { AccountId } from '../vocabulary/ids.js';
import { type Finding, fine, trouble } from './finding.js';
import { known } from './token-looks.js';

/** Below this nothing can be sent. */
const MIN_TINYBAR = 1_000_000n;
/** Below this the account is empty within hours. */
const MIN_COMFORTABLE_TINYBAR = 100_000_000n;

/** An account that exists and is not deleted. @throws GatepostError MIRROR_UNREACHABLE */
export async function livingAccount({ mirror }: Connection, id: AccountId): Promise<MirrorAccount | undefined> {
  const found = await known(mirror.account(id));
  return found?.deleted === true ? undefined : found;
}

/** Whether the private key signs for the account. @param variable where the key came from. */
export async function lookAtAccountKey(connection: Connection, variable: EnvironmentVariable): Promise<Finding> {
  const { account, key, network } = connection;
  const found = await livingAccount(connection, account);
  if (found === undefined) {
    return trouble('account-key.unknown-account', `${network.name} has no account ${account}`);
  }
  const { publicKey } = key;
  if (found.key === null) {
    // An account that hbar made gets its key with the first transaction that the key signs (HIP-583).
    const isItsOwn = found.evm_address !== undefined && found.evm_address === evmAddressOf(key);
    if (isItsOwn) return fine('account-key', `signs for ${account}, which its first transaction completes`);
    return trouble('account-key.other', `${account} has no key yet, and ${variable} is not that of its EVM address`);
  }
  const own = publicKeyFromMirror(found.key);
  if (own === undefined) return trouble('account-key.composite', `${account} has no single key`);
  if (own.toStringRaw() === publicKey.toStringRaw()) return fine('account-key', `${variable} signs for ${account}`);
  const kind = (type: string) => (type === 'secp256k1' ? 'ECDSA' : 'Ed25519');
  if (own.toStringRaw() === key.publicKeyOfOtherKind()?.toStringRaw()) {
    const detail = `${variable} is given as ${kind(publicKey.type)}, but the key of ${account} is ${kind(own.type)}`;
    return trouble('account-key.kind', `${detail}: write ${kind(own.type).toLowerCase()}:<hex>`);
  }
  const kinds = own.type === publicKey.type ? '' : `, which is ${kind(own.type)}, not ${kind(publicKey.type)}`;
  return trouble('account-key.other', `${variable} is not the key of ${account}${kinds}`);
}

/** What pays the fees. @throws GatepostError MIRROR_UNREACHABLE */
export async function lookAtHbar({ mirror, account }: Connection): Promise<Finding> {
  const tinybar = await mirror.hbarBalance(account);
  const detail = `${account} has ${formatTinybar(tinybar)}`;
  if (tinybar < MIN_TINYBAR) return trouble('hbar.none', detail);
  return tinybar < MIN_COMFORTABLE_TINYBAR ? trouble('hbar.low', detail) : fine('hbar', detail);
}
