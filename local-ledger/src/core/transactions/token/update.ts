import { type Key, TokenKeyValidation } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TokenUpdateTransactionBody } from '@gatepost/local-ledger/gen/services_token_update';
import { prices } from '../../fees/price-list.js';
import { anyOf } from '../../keys/key-activation.js';
import { isEmptyKeyList, keyOrNone } from '../../keys/key-structure.js';
import type { Token } from '../../model.js';
import { demand, fail, Status } from '../../status.js';
import { anyAccount, anyToken, liveToken } from '../entities.js';
import { feeWithKeys } from '../flat-fee.js';
import type { KeyContext, TransactionHandler } from '../handler.js';
import { checkTokenKeys, type TokenKeys, tokenKeyRoles } from './key-checks.js';
import { moveTreasury } from './move-treasury.js';
import { updatedAttributes } from './updated-attributes.js';

type Update = TokenUpdateTransactionBody;

/** TokenUpdate (HIP-540): changes the given attributes; an empty key list removes a key. */
export const tokenUpdate: TransactionHandler<Update> = {
  name: 'TOKENUPDATE',
  schedulable: true,

  pureChecks(value) {
    demand(value.token !== undefined, Status.INVALID_TOKEN_ID);
    checkTokenKeys(value);
  },

  preHandle(value, context) {
    const token = anyToken(context.state, value.token);
    return [
      ...attributeKeys(value, token),
      ...adminKeys(value, token),
      ...roleKeys(value, token),
      ...newAccounts(value, context),
    ];
  },

  handle(value, context) {
    const token = liveToken(context.state, value.token);
    const updated = updatedAttributes(value, token, context);
    if (value.treasury !== undefined) {
      moveTreasury(token, updated.treasury, context);
    }
    context.state.tokens.put(token.num, updated);
    context.outcome.entity = token.num;
  },

  fee: (value) =>
    feeWithKeys(
      prices.tokenOperation,
      tokenKeyRoles.map((role) => value[role]),
      1,
    ),
};

/** Names, treasury and renewal are the admin's; metadata also the metadata key's; the expiry alone is anybody's. */
function attributeKeys(value: Update, token: Token): Key[] {
  const isAdmins =
    value.name !== '' ||
    value.symbol !== '' ||
    value.memo !== undefined ||
    value.treasury !== undefined ||
    value.autoRenewAccount !== undefined ||
    value.autoRenewPeriod !== undefined;
  if (isAdmins) {
    return [token.adminKey ?? fail(Status.TOKEN_IS_IMMUTABLE)];
  }
  if (value.metadata !== undefined) {
    const holders = [token.adminKey ?? [], token.metadataKey ?? []].flat();
    return holders.length > 0 ? [anyOf(holders)] : fail(Status.TOKEN_IS_IMMUTABLE);
  }
  return [];
}

/** A new admin key needs the old one's signature and its own; removing it only the old one's. */
function adminKeys(value: Update, token: Token): Key[] {
  if (value.adminKey === undefined) {
    return [];
  }
  return [token.adminKey ?? fail(Status.TOKEN_IS_IMMUTABLE), ...provesItself(value, value.adminKey)];
}

/** Another role's key is replaced by the admin or by the holder of the role, and removed only by the admin. */
function roleKeys(value: Update, token: Token): Key[] {
  return tokenKeyRoles.flatMap((role) => {
    const next = value[role];
    if (role === 'adminKey' || next === undefined) {
      return [];
    }
    // A token without any key is immutable, whatever the update is about.
    const missing = token.adminKey === undefined ? Status.TOKEN_IS_IMMUTABLE : missingRole[role];
    const current = token[role] ?? fail(missing);
    if (isEmptyKeyList(next)) {
      return [token.adminKey ?? fail(Status.TOKEN_IS_IMMUTABLE)];
    }
    const byHolder: Key = { key: { $case: 'keyList', value: { keys: [current, ...provesItself(value, next)] } } };
    return [anyOf([token.adminKey ?? [], byHolder].flat())];
  });
}

function provesItself(value: Update, next: Key): Key[] {
  const isFull = value.keyVerificationMode !== TokenKeyValidation.NO_VALIDATION;
  const key = keyOrNone(next);
  return isFull && key !== undefined ? [key] : [];
}

/** The code for changing a key that the token never had. */
const missingRole: Record<Exclude<keyof TokenKeys, 'adminKey'>, Status> = {
  kycKey: Status.TOKEN_HAS_NO_KYC_KEY,
  freezeKey: Status.TOKEN_HAS_NO_FREEZE_KEY,
  wipeKey: Status.TOKEN_HAS_NO_WIPE_KEY,
  supplyKey: Status.TOKEN_HAS_NO_SUPPLY_KEY,
  pauseKey: Status.TOKEN_HAS_NO_PAUSE_KEY,
  feeScheduleKey: Status.TOKEN_HAS_NO_FEE_SCHEDULE_KEY,
  metadataKey: Status.TOKEN_HAS_NO_METADATA_KEY,
};

function newAccounts(value: Update, { state }: KeyContext): Key[] {
  const renewer = value.autoRenewAccount;
  return [
    value.treasury === undefined ? [] : anyAccount(state, value.treasury).key,
    renewer === undefined ? [] : anyAccount(state, renewer, Status.INVALID_AUTORENEW_ACCOUNT).key,
  ].flat();
}
