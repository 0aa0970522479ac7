import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { checkOptionalKey } from '../../keys/key-structure.js';
import { Status } from '../../status.js';

/** The keys of a token as creates and updates carry them. */
export interface TokenKeys {
  readonly adminKey: Key | undefined;
  readonly kycKey: Key | undefined;
  readonly freezeKey: Key | undefined;
  readonly wipeKey: Key | undefined;
  readonly supplyKey: Key | undefined;
  readonly pauseKey: Key | undefined;
  readonly feeScheduleKey: Key | undefined;
  readonly metadataKey: Key | undefined;
}

/** The code that refuses an unusable key in each role. */
const refusals = {
  adminKey: Status.INVALID_ADMIN_KEY,
  kycKey: Status.INVALID_KYC_KEY,
  freezeKey: Status.INVALID_FREEZE_KEY,
  wipeKey: Status.INVALID_WIPE_KEY,
  supplyKey: Status.INVALID_SUPPLY_KEY,
  pauseKey: Status.INVALID_PAUSE_KEY,
  feeScheduleKey: Status.INVALID_CUSTOM_FEE_SCHEDULE_KEY,
  metadataKey: Status.INVALID_METADATA_KEY,
} as const satisfies Record<keyof TokenKeys, Status>;

export const tokenKeyRoles = Object.keys(refusals) as (keyof TokenKeys)[];

/** Refuses keys that could never sign. */
export function checkTokenKeys(keys: TokenKeys): void {
  for (const role of tokenKeyRoles) {
    checkOptionalKey(keys[role], refusals[role]);
  }
}
