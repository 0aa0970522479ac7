import type { AssessedFee } from '../../record-item.js';
import type { HandleContext } from '../handler.js';
import { associateRecipients } from './associate-recipients.js';
import { assessCustomFees } from './custom-fees/assess.js';
import { moveHbars } from './move-hbar.js';
import { moveTokens } from './move-tokens.js';
import type { Transfers } from './moves.js';

/**
 * Carries out transfers with their custom fees, all or nothing: associations first, then hbar, then tokens. Fees are
 * added to the outcome, and those of `paid`, which the transfers themselves are, after those that they cost.
 */
export function runTransfers(transfers: Transfers, context: HandleContext, paid: readonly AssessedFee[] = []): void {
  const { levels, fees } = assessCustomFees(transfers, context.state);
  const { outcome } = context;
  outcome.assessedFees = [...(outcome.assessedFees ?? []), ...fees, ...paid];
  for (const { hbar, tokens } of levels) {
    associateRecipients(tokens, context);
    moveHbars(hbar, context);
    moveTokens(tokens, context);
  }
}
