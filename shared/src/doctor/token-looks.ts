import type { Connection } from '../hedera/connection.js';
import { termsFor } from '../hedera/payer-fees.js';
import { type CustomFee, feeText } from '../vocabulary/custom-fees.js';
import { toGatepostError } from '../vocabulary/errors.js';
import type { AccountId, TokenId } from '../vocabulary/ids.js';
import { type Finding, fine, trouble } from './finding.js';

/** An account and the mirror that shows it; no key is needed. */
type Reader = Pick<Connection, 'account' | 'mirror'>;

/** What the mirror knows; undefined when it does not know it. @throws GatepostError MIRROR_UNREACHABLE */
export async function known<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (toGatepostError(error).code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** The token that pays. @throws GatepostError MIRROR_UNREACHABLE */
export async function lookAtToken(
  { mirror, network }: Pick<Connection, 'mirror' | 'network'>,
  id: TokenId,
): Promise<Finding> {
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
export async function lookAtTokenFees(reader: Reader, id: TokenId): Promise<readonly Finding[]> {
  const { mirror, account } = reader;
  const token = await known(mirror.token(id));
  if (token === undefined) return [];
  const { owed } = termsFor(account, token);
  const changeable = token.treasury_account_id !== account && token.fee_schedule_key != null;
  const change = changeable ? [trouble('token-fees.changeable', `${id} has a fee schedule key`)] : [];
  if (owed.length === 0) return changeable ? change : [fine('token-fees', `${id} takes nothing from ${account}`)];
  const text = (fees: readonly CustomFee[]) => `${id} takes ${fees.map(feeText).join('; ')}; ${account} is not exempt`;
  const fromPayees = owed.filter((fee) => fee.kind === 'fractional' && !fee.isNet);
  if (fromPayees.length > 0) return [trouble('token-fees.from-payee', text(fromPayees)), ...change];
  const units = new Set(owed.flatMap(({ unit }) => (unit === 'hbar' || unit === id ? [] : [unit])));
  const found = await Promise.all([...units].map((unit) => lookAtFeeUnit(reader, unit)));
  return [...found.flat(), trouble('token-fees.owed', text(owed)), ...change];
}

/** Whether the account can pay a custom fee in another token. */
async function lookAtFeeUnit(reader: Reader, unit: TokenId): Promise<readonly Finding[]> {
  const { mirror, account } = reader;
  const token = await mirror.token(unit);
  const { owed } = termsFor(account, token);
  if (owed.length > 0) {
    return [
      trouble(
        'token-fees.nested',
        `custom fees are to be paid in ${unit}, which takes ${owed.map(feeText).join('; ')}`,
      ),
    ];
  }
  if (token.deleted === true)
    return [trouble('token-fees.unpayable', `custom fees are to be paid in ${unit}, which is deleted`)];
  if (token.pause_status === 'PAUSED') {
    return [trouble('token-fees.unpayable', `custom fees are to be paid in ${unit}, which is paused`)];
  }
  const { problem, detail } = await holdingProblem(reader, account, unit);
  return problem === undefined
    ? []
    : [trouble('token-fees.unpayable', `custom fees are to be paid in ${unit}; ${detail}`)];
}

/** What keeps an account from being paid in a token: one word of the table, and the words for it. */
export async function holdingProblem({ mirror }: Pick<Reader, 'mirror'>, account: AccountId, token: TokenId) {
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
export async function lookAtHolding(reader: Reader, token: TokenId, pays: boolean): Promise<Finding> {
  const { problem, detail, balance } = await holdingProblem(reader, reader.account, token);
  if (problem !== undefined) return trouble(`holding.${problem}`, detail);
  return pays && balance === 0n ? trouble('holding.empty', detail) : fine('holding', detail);
}
