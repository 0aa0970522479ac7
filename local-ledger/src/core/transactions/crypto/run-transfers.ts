import type { HandleContext } from '../handler.js';
import { associateRecipients } from './associate-recipients.js';
import { moveHbars } from './move-hbar.js';
import { moveTokens } from './move-tokens.js';
import type { Transfers } from './moves.js';

/** Carries out transfers, all or nothing: associations first, then hbar, then tokens. */
export function runTransfers({ hbar, tokens }: Transfers, context: HandleContext): void {
  associateRecipients(tokens, context);
  moveHbars(hbar, context);
  moveTokens(tokens, context);
}
