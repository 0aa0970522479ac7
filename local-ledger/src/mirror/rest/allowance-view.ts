import type { Allowance, EntityNum } from '../../core/model.js';
import { formatId, isEntityId, parseEntityId } from '../format/entity-id.js';
import type { JsonObject } from '../format/json.js';
import { formatNanos } from '../format/timestamp.js';
import type { Filter } from '../query/filters.js';
import { badRequest } from '../query/http-error.js';
import type { MirrorState } from '../store/mirror-state.js';
import { findAccount } from './find-account.js';

/** Refuses ids with `ne`, which no list of allowances takes. Throws HttpError 400. */
export function refuseNotEqual(filters: readonly Filter[]): void {
  const refused = filters.find(({ operator, name }) => operator === 'ne' && name.endsWith('.id'));
  if (refused !== undefined) {
    throw badRequest(`Not equal (ne) comparison operator is not supported for ${refused.name}`);
  }
}

/** The owner in a path. An id need not be that of an account; an alias or an EVM address must be. */
export function ownerInPath(state: MirrorState, text: string): EntityNum {
  const num = isEntityId(text) ? parseEntityId(text) : undefined;
  return num ?? findAccount(state, text).account.num;
}

/** An allowance of hbar; that of a token has the token's id besides. */
export function formatAllowance({ owner, spender, amount, granted, since }: Allowance): JsonObject {
  return {
    amount,
    amount_granted: granted,
    owner: formatId(owner),
    spender: formatId(spender),
    timestamp: { from: formatNanos(since), to: null },
  };
}
