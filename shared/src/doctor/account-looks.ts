import type { EnvironmentVariable } from '../config/environment.js';
import { evmAddressOf, publicKeyFromMirror } from '../hedera/account-key.js';
import type { Connection } from '../hedera/connection.js';
import type { MirrorAccount } from '../hedera/mirror-rest.js';
import { feesOwedBy } from '../hedera/payer-fees.js';
import { formatTinybar } from '../vocabulary/amount.js';
import { toGatepostError } from '../vocabulary/errors.js';
import type { AccountId, TokenId } from '../vocabulary/ids.js';
import { type Finding, fine, trouble } from './finding.js';

/** Below this nothing can be sent. */
const MIN_TINYBAR = 1_000_000n;
/** Below this the account is empty within hours. */
const MIN_COMFORTABLE_TINYBAR = 100_000_000n;

/** What the mirror knows; undefined when it does not know it. @throws GatepostError MIRROR_UNREACHABLE */
export async function known<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (toGatepostError(error).code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

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

/** The token that pays. @throws GatepostError MIRROR_UNREACHABLE */
export async function lookAtToken({ mirror, network }: Connection, id: TokenId): Promise<Finding> {
  const token = await known(mirror.token(id));
  if (token === undefined || token.deleted === true) {
    return trouble(
      'token.unknown',
      `${network.name} has no token ${id}${token === undefined ? '' : ': it is deleted'}`,
    );
  }
  if (token.type !== 'FUNGIBLE_COMMON') return trouble('token.unknown', `${id} is not fungible`);
  if (token.pause_status === 'PAUSED') return trouble('token.paused', `${id} (${token.symbol}) is paused`);
  const { name, symbol, treasury_account_id: treasury } = token;
  return fine('token', `${id}, ${name} (${symbol}), treasury ${treasury}`);
}

/** What the token takes when the connection's account pays in it. @throws GatepostError MIRROR_UNREACHABLE */
export async function lookAtTokenFees({ mirror, account }: Connection, id: TokenId): Promise<readonly Finding[]> {
  const token = await known(mirror.token(id));
  if (token === undefined) return [];
  const owed = feesOwedBy(account, token);
  if (owed.length > 0) return [trouble('token-fees.owed', `${id} takes ${owed.join('; ')}; ${account} is not exempt`)];
  if (token.treasury_account_id !== account && token.fee_schedule_key != null) {
    return [trouble('token-fees.changeable', `${id} takes nothing from ${account}, but has a fee schedule key`)];
  }
  return [fine('token-fees', `${id} takes nothing from ${account}`)];
}

/** What keeps an account from being paid in a token: one word of the table, and the words for it. */
export async function holdingProblem({ mirror }: Connection, account: AccountId, token: TokenId) {
  const holding = await known(mirror.holding(account, token));
  if (holding === undefined) {
    return { problem: 'not-associated', detail: `${account} is not associated with ${token}` } as const;
  }
  const { freeze_status: freeze, kyc_status: kyc, balance } = holding;
  if (freeze === 'FROZEN') return { problem: 'frozen', detail: `${account} is frozen for ${token}` } as const;
  if (kyc === 'REVOKED') return { problem: 'frozen', detail: `${account} has no KYC for ${token}` } as const;
  return { problem: undefined, detail: `${account} holds ${balance} of ${token}`, balance } as const;
}

/**
 * Whether the connection's account may hold the token.
 * @param pays whether it also has to have some.
 */
export async function lookAtHolding(connection: Connection, token: TokenId, pays: boolean): Promise<Finding> {
  const { problem, detail, balance } = await holdingProblem(connection, connection.account, token);
  if (problem !== undefined) return trouble(`holding.${problem}`, detail);
  return pays && balance === 0n ? trouble('holding.empty', detail) : fine('holding', detail);
}
