import { recordOf } from '@gatepost/local-ledger/core/handling/record';
import { accountId, tokenId, tokenNum } from '@gatepost/local-ledger/core/ids';
import { listedRelations } from '@gatepost/local-ledger/core/queries/account-view';
import { CryptoCreateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_create';
import { CryptoTransferTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_transfer';
import { operatorKey, wirePublicKey } from '@gatepost/local-ledger/operator';
import { beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../consensus/machine.js';
import { type Data, groundwork } from '../consensus/random-transactions.js';

/** Tokens 1005 and 1006, held by 1002 to 1004; 1007 and 1008 come in the tests. */
let machine: Machine;

beforeEach(() => {
  machine = new Machine(groundwork);
});

const run = (work: Data) => machine.run({ payer: 2, fee: 0n, work });
const send = (moves: readonly (readonly [token: number, from: number, to: number, units: bigint])[]) => {
  const tokenTransfers = moves.map(([token, from, to, units]) => ({
    token: tokenId(token),
    transfers: [
      { accountID: accountId(from), amount: -units },
      { accountID: accountId(to), amount: units },
    ],
  }));
  return run({ $case: 'cryptoTransfer', value: CryptoTransferTransactionBody.fromPartial({ tokenTransfers }) });
};

function newAccount(slots: number): number {
  const value = {
    key: wirePublicKey(operatorKey),
    maxAutomaticTokenAssociations: slots,
    autoRenewPeriod: { seconds: 7_776_000n },
  };
  const [created] = run({ $case: 'cryptoCreateAccount', value: CryptoCreateTransactionBody.fromPartial(value) });
  return created?.item.entity ?? 0;
}

const tokensOf = (account: number) => listedRelations(machine.network.state, account).map(({ token }) => token);

describe('as a real node lists', () => {
  it('tokens that were associated together in the order in which they were named', () => {
    const account = newAccount(0);
    run({ $case: 'tokenAssociate', value: { account: accountId(account), tokens: [tokenId(1005), tokenId(1006)] } });
    expect(tokensOf(account)).toEqual([1005, 1006]);
  });

  it('tokens that came one after the other, or in a transfer, with the last first', () => {
    const account = newAccount(-1);
    send([
      [1005, 1002, account, 1n],
      [1006, 1002, account, 1n],
    ]);
    expect(tokensOf(account)).toEqual([1006, 1005]);
    const other = newAccount(0);
    run({ $case: 'tokenAssociate', value: { account: accountId(other), tokens: [tokenId(1005)] } });
    run({ $case: 'tokenAssociate', value: { account: accountId(other), tokens: [tokenId(1006)] } });
    expect(tokensOf(other)).toEqual([1006, 1005]);
  });

  it('a token of which a transfer moves nothing', () => {
    const [handled] = send([[1005, 1002, 1003, 0n]]);
    const lists = handled === undefined ? [] : recordOf(handled).tokenTransferLists;
    expect(lists.map(({ token, transfers }) => [tokenNum(token), transfers])).toEqual([[1005, []]]);
  });
});
