import { CryptoCreateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_create';
import { Transaction, TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { SignedTransaction } from '@gatepost/local-ledger/gen/services_transaction_contents';
import type { LedgerClock } from '../clock.js';
import type { CreateAccount } from '../control/ports.js';
import { accountId, accountNum, transactionId } from '../core/ids.js';
import { systemAccounts } from '../core/limits.js';
import type { TransactionKey } from '../core/model.js';
import type { Network } from '../core/network.js';
import { type DevelopmentKey, newKey, operatorKey, wirePublicKey } from '../operator.js';
import type { Platform } from './platform.js';

/** Most the treasury offers for creating an account, in tinybar: 100 hbar. */
const MAX_FEE = 10_000_000_000n;
/** Longest wait for the result, in milliseconds; the testnet profile needs about three seconds. */
const RESULT_BOUND_MS = 15_000;

/** Makes funded accounts with fresh keys through ordinary transactions of the treasury. */
export function accountCreator(network: Network, platform: Platform, clock: LedgerClock): CreateAccount {
  let lastStart = 0n;
  return async ({ balance, maxAutoAssociations }) => {
    const now = clock.now() - 1_000_000_000n;
    lastStart = now > lastStart ? now : lastStart + 1n;
    const id = { payer: systemAccounts.treasury, validStart: lastStart, scheduled: false, nonce: 0 };
    const key = newKey();
    platform.submit(signedCreate(id, key, balance, maxAutoAssociations));
    if (network.records.isPending(id)) {
      await platform.untilFinal(id, RESULT_BOUND_MS);
    }
    const result = network.records.find(id);
    const num = result === undefined || result === 'pending' ? undefined : accountNum(result.receipt?.accountID);
    if (num === undefined) {
      throw new Error('the account was not created');
    }
    return {
      accountId: `0.0.${num}`,
      privateKey: key.privateKeyDer,
      publicKey: Buffer.from(key.publicKey).toString('hex'),
    };
  };
}

function signedCreate(id: TransactionKey, key: DevelopmentKey, balance: bigint, slots: number): Uint8Array {
  const create = CryptoCreateTransactionBody.fromPartial({
    key: wirePublicKey(key),
    initialBalance: balance,
    maxAutomaticTokenAssociations: slots,
    autoRenewPeriod: { seconds: 7_776_000n },
  });
  const bodyBytes = TransactionBody.encode({
    ...TransactionBody.create(),
    transactionID: transactionId(id),
    nodeAccountID: accountId(systemAccounts.node),
    transactionFee: MAX_FEE,
    transactionValidDuration: { seconds: 120n },
    data: { $case: 'cryptoCreateAccount', value: create },
  }).finish();
  const signature = { $case: 'ed25519' as const, value: operatorKey.sign(bodyBytes) };
  const sigMap = { sigPair: [{ pubKeyPrefix: operatorKey.publicKey, signature }] };
  const signedTransactionBytes = SignedTransaction.encode({
    bodyBytes,
    sigMap,
    useSerializedTxMessageHashAlgorithm: false,
  }).finish();
  return Transaction.encode({ ...Transaction.create(), signedTransactionBytes }).finish();
}
