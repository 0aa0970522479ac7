import type { EntityNum, Token, TokenFee } from '../../../model.js';

/**
 * Who does not pay a custom fee of a token: its treasury, the fee's collector, and, of a fee that says so, every
 * collector of the token's fees.
 */
export function isExempt(token: Token, fee: TokenFee, account: EntityNum): boolean {
  const isCollector = fee.allCollectorsExempt && token.customFees.some(({ collector }) => collector === account);
  return account === token.treasury || account === fee.collector || isCollector;
}
