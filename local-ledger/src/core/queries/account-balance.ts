import type { CryptoGetAccountBalanceQuery } from '@gatepost/local-ledger/gen/services_crypto_get_account_balance';
import { accountId, tokenId } from '../ids.js';
import { fail, Status } from '../status.js';
import { listedRelations, queriedAccount } from './account-view.js';
import type { QueryHandler } from './query.js';

/** CryptoGetAccountBalance: free, and still answered here although the public networks have switched it off. */
export const getAccountBalance: QueryHandler<CryptoGetAccountBalanceQuery> = {
  isPaid: false,
  answer(value, header, { state }) {
    const source = value.balanceSource;
    if (source?.$case === 'contractID') {
      fail(Status.INVALID_CONTRACT_ID);
    }
    const account = queriedAccount(state, source?.value);
    const relations = listedRelations(state, account.num);
    const tokenBalances = relations.map(({ token, balance }) => ({
      tokenId: tokenId(token),
      balance,
      decimals: state.tokens.get(token)?.decimals ?? 0,
    }));
    return {
      $case: 'cryptogetAccountBalance',
      value: { header, accountID: accountId(account.num), balance: account.balance, tokenBalances },
    };
  },
  bare: (header) => ({
    $case: 'cryptogetAccountBalance',
    value: { header, accountID: undefined, balance: 0n, tokenBalances: [] },
  }),
};
