import { limits } from '../../../limits.js';
import type { EntityNum, Token } from '../../../model.js';
import type { AssessedFee } from '../../../record-item.js';
import type { LedgerState } from '../../../state/ledger-state.js';
import { demand, present, Status } from '../../../status.js';
import type { Move, TokenMoves, Transfers } from '../moves.js';
import { Charge } from './charge.js';
import { checkFeePayers } from './check-payers.js';
import { isExempt } from './exemptions.js';
import { chargeFractionalFees } from './fractional-fees.js';

/** Transfers with their custom fees (HIP-18). */
export interface Assessment {
  /** To be carried out one after the other: the transfers themselves, then what their fees move besides. */
  readonly levels: readonly Transfers[];
  readonly fees: readonly AssessedFee[];
}

/** Adds the custom fees of the tokens that are moved, and the custom fees of the tokens in which those are paid. */
export function assessCustomFees(transfers: Transfers, state: LedgerState): Assessment {
  const levels: Transfers[] = [];
  const fees: AssessedFee[] = [];
  let level = transfers;
  for (let depth = 0; level.tokens.length > 0; depth++) {
    demand(depth <= limits.customFeeDepth, Status.CUSTOM_FEE_CHARGING_EXCEEDED_MAX_RECURSION_DEPTH);
    const charge = chargeLevel(level, state);
    if (charge.fees.length === 0) {
      break;
    }
    levels.push(charge.level);
    fees.push(...charge.fees);
    level = charge.next;
  }
  levels.push(level);
  const isWithin = fees.length === 0 || countAdjustments(levels) <= limits.adjustmentsWithFees;
  demand(isWithin, Status.CUSTOM_FEE_CHARGING_EXCEEDED_MAX_ACCOUNT_AMOUNTS);
  return { levels, fees };
}

function chargeLevel(level: Transfers, state: LedgerState): Charge {
  const charge = new Charge(level);
  for (const { token: num, moves } of level.tokens) {
    const token = present(state.tokens.get(num), Status.INVALID_TOKEN_ID);
    demand(!token.deleted, Status.TOKEN_WAS_DELETED);
    for (const move of token.customFees.length === 0 ? [] : moves) {
      if (move.amount < 0n && move.account !== token.treasury) {
        chargeDebit(token, move, { moves, level, charge, state });
      }
    }
  }
  return charge;
}

interface Situation extends Pick<TokenMoves, 'moves'> {
  readonly level: Transfers;
  readonly charge: Charge;
  readonly state: LedgerState;
}

function chargeDebit(token: Token, debit: Move, { moves, level, charge, state }: Situation): void {
  for (const fee of token.customFees) {
    if (fee.kind === 'fixed' && !isExempt(token, fee, debit.account)) {
      charge.payFixed(token, debit.account, fee);
    }
  }
  checkFeePayers(level, charge, state);
  chargeFractionalFees(token, debit, moves, charge);
}

/** Each account once for hbar and once for each token. */
function countAdjustments(levels: readonly Transfers[]): number {
  const accounts = (moves: readonly Move[], token: EntityNum | undefined) =>
    moves.map(({ account }) => `${account}/${token}`);
  const adjusted = levels.flatMap(({ hbar, tokens }) => [
    ...accounts(hbar, undefined),
    ...tokens.flatMap(({ token, moves }) => accounts(moves, token)),
  ]);
  return new Set(adjusted).size;
}
