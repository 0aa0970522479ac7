import type { TokenMintTransactionBody } from '@gatepost/local-ledger/gen/services_token_mint';
import { prices } from '../../fees/price-list.js';
import { isNonNegative } from '../../int64.js';
import { demand, Status } from '../../status.js';
import { anyToken, liveToken } from '../entities.js';
import { flatFee } from '../flat-fee.js';
import type { TransactionHandler } from '../handler.js';
import { changeSupply } from './supply.js';

/** TokenMint: new units go to the treasury. */
export const tokenMint: TransactionHandler<TokenMintTransactionBody> = {
  name: 'TOKENMINT',
  schedulable: true,

  pureChecks(value) {
    demand(value.token !== undefined, Status.INVALID_TOKEN_ID);
    demand(value.amount === 0n || value.metadata.length === 0, Status.INVALID_TRANSACTION_BODY);
    demand(isNonNegative(value.amount), Status.INVALID_TOKEN_MINT_AMOUNT);
  },

  preHandle(value, { state }) {
    return [anyToken(state, value.token).supplyKey ?? []].flat();
  },

  handle(value, context) {
    const token = liveToken(context.state, value.token);
    demand(token.supplyKey !== undefined, Status.TOKEN_HAS_NO_SUPPLY_KEY);
    const isWithin = token.supplyType === 'INFINITE' || token.totalSupply + value.amount <= token.maxSupply;
    demand(isWithin, Status.TOKEN_MAX_SUPPLY_REACHED);
    changeSupply(token, value.amount, context);
  },

  // Metadata is for NFTs; with a fungible token it has no effect but the price.
  fee: ({ metadata }) =>
    metadata.length === 0
      ? flatFee(prices.tokenOperation)
      : flatFee(prices.mintMetadata + BigInt(metadata.length - 1) * prices.mintMetadataExtra),
};
