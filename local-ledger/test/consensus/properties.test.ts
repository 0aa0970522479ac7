import { TOTAL_SUPPLY } from '@gatepost/local-ledger/core/genesis';
import type { Handled } from '@gatepost/local-ledger/core/handling/dispatch';
import { accountId, tokenId, topicId, transactionId } from '@gatepost/local-ledger/core/ids';
import { reopen } from '@gatepost/local-ledger/core/ingest/ingest';
import { Network } from '@gatepost/local-ledger/core/network';
import { Status, StatusError } from '@gatepost/local-ledger/core/status';
import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { CryptoCreateTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_create';
import { CryptoTransferTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_transfer';
import { TokenCreateTransactionBody } from '@gatepost/local-ledger/gen/services_token_create';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { NodeCrypto } from '@gatepost/local-ledger/node/node-crypto';
import { operatorKey, wirePublicKey } from '@gatepost/local-ledger/operator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signedBytes, wrapped } from './raw.js';

type Data = TransactionBody['data'];

const genesisTime = 1_800_000_000_000_000_000n;
const crypto = new NodeCrypto();
const genesis = {
  time: genesisTime,
  operatorKey: wirePublicKey(operatorKey),
  accountKeys: Array(3).fill(wirePublicKey(operatorKey)),
};
/** Accounts there are or may come to be, all under one key, and one that never is. */
const accounts = [2, 3, 1002, 1003, 1004, 1005, 1006, 999_999];
/** Numbers that tokens, topics or accounts may have got. */
const entities = [1005, 1006, 1007, 1008, 1009];

const account = fc.constantFrom(...accounts);
const entity = fc.constantFrom(...entities);
const amount = fc.oneof(fc.bigInt(0n, 100n), fc.bigInt(0n, 10n ** 18n));
const key = wirePublicKey(operatorKey);

const entry = (num: number, units: bigint) => ({ accountID: accountId(num), amount: units, isApproval: false });

const hbarTransfer = fc.tuple(account, account, amount).map(([from, to, units]): Data => {
  const accountAmounts = [entry(from, -units), entry(to, units)];
  return {
    $case: 'cryptoTransfer',
    value: CryptoTransferTransactionBody.fromPartial({ transfers: { accountAmounts } }),
  };
});
const tokenTransfer = fc.tuple(entity, account, account, amount).map(([token, from, to, units]): Data => {
  const tokenTransfers = [{ token: tokenId(token), transfers: [entry(from, -units), entry(to, units)] }];
  return { $case: 'cryptoTransfer', value: CryptoTransferTransactionBody.fromPartial({ tokenTransfers }) };
});
const aliases = [
  ...[1, 2].map((seed) => Key.encode({ key: { $case: 'ed25519', value: new Uint8Array(32).fill(seed) } }).finish()),
  ...[3, 4].map((seed) => new Uint8Array(20).fill(seed)),
];
const aliasTransfer = fc.tuple(account, fc.constantFrom(...aliases), amount).map(([from, value, units]): Data => {
  const accountID = { shardNum: 0n, realmNum: 0n, account: { $case: 'alias' as const, value } };
  const accountAmounts = [entry(from, -units), { ...entry(from, units), accountID }];
  return {
    $case: 'cryptoTransfer',
    value: CryptoTransferTransactionBody.fromPartial({ transfers: { accountAmounts } }),
  };
});
const create = amount.map((initialBalance): Data => {
  const value = { key, initialBalance, autoRenewPeriod: { seconds: 7_776_000n }, maxAutomaticTokenAssociations: -1 };
  return { $case: 'cryptoCreateAccount', value: CryptoCreateTransactionBody.fromPartial(value) };
});
const tokenCreate = fc.tuple(account, amount).map(([treasury, initialSupply]): Data => {
  const value = {
    name: 'T',
    symbol: 'T',
    initialSupply,
    treasury: accountId(treasury),
    adminKey: key,
    supplyKey: key,
    wipeKey: key,
  };
  return { $case: 'tokenCreation', value: TokenCreateTransactionBody.fromPartial(value) };
});
const tokenSupply = fc
  .tuple(entity, account, amount, fc.constantFrom('mint', 'burn', 'wipe'))
  .map(([num, holder, units, kind]): Data => {
    const token = tokenId(num);
    switch (kind) {
      case 'mint':
        return { $case: 'tokenMint', value: { token, amount: units, metadata: [] } };
      case 'burn':
        return { $case: 'tokenBurn', value: { token, amount: units, serialNumbers: [] } };
      default:
        return { $case: 'tokenWipe', value: { token, account: accountId(holder), amount: units, serialNumbers: [] } };
    }
  });
const relation = fc.tuple(entity, account, fc.boolean()).map(([num, holder, isNew]): Data => {
  const value = { account: accountId(holder), tokens: [tokenId(num)] };
  return isNew ? { $case: 'tokenAssociate', value } : { $case: 'tokenDissociate', value };
});
const remove = fc.tuple(account, account).map(([gone, heir]): Data => {
  return { $case: 'cryptoDelete', value: { deleteAccountID: accountId(gone), transferAccountID: accountId(heir) } };
});
const message = entity.map((num): Data => {
  return {
    $case: 'consensusSubmitMessage',
    value: { topicID: topicId(num), message: Buffer.from('m'), chunkInfo: undefined },
  };
});
const single = fc.oneof(
  hbarTransfer,
  aliasTransfer,
  tokenTransfer,
  create,
  tokenCreate,
  tokenSupply,
  relation,
  remove,
  message,
);

interface Step {
  readonly payer: number;
  readonly fee: bigint;
  readonly work: Data | readonly Data[];
}

const step: fc.Arbitrary<Step> = fc.record({
  payer: fc.constantFrom(2, 1002, 1003, 1004),
  fee: fc.constantFrom(100_000n, 50_000_000n, 100_000_000_000n),
  work: fc.oneof(
    { weight: 4, arbitrary: single },
    { weight: 1, arbitrary: fc.array(single, { minLength: 1, maxLength: 4 }) },
  ),
});

/** A network, a log of what it handled, and a way to submit. */
class Machine {
  readonly network = new Network(crypto, genesis);
  readonly inputs: { bytes: Uint8Array; now: bigint }[] = [];
  #now = genesisTime + 10_000_000_000n;

  run({ payer, fee, work }: Step): readonly Handled[] {
    this.#now += 1_000_000n;
    const data: Data = isBatch(work)
      ? {
          $case: 'atomicBatch',
          value: { transactions: work.map((inner, index) => this.#signed(inner, payer, fee, index + 1)) },
        }
      : work;
    const bytes = this.#signed(data, payer, fee, 0);
    try {
      const envelope = this.network.accept(wrapped(bytes), { ledger: this.#now, wall: this.#now });
      this.inputs.push({ bytes, now: this.#now });
      return this.network.handle(envelope, this.#now);
    } catch (error) {
      if (error instanceof StatusError) {
        return [];
      }
      throw error;
    }
  }

  #signed(data: Data, payer: number, transactionFee: bigint, inner: number): Uint8Array {
    const validStart = this.#now - 1_000_000_000n + BigInt(inner);
    return signedBytes({
      ...TransactionBody.create(),
      transactionID: transactionId({ payer, validStart, scheduled: false, nonce: 0 }),
      nodeAccountID: accountId(inner === 0 ? 3 : 0),
      transactionFee,
      transactionValidDuration: { seconds: 120n },
      batchKey: inner === 0 ? undefined : key,
      data,
    });
  }
}

function isBatch(work: Step['work']): work is readonly Data[] {
  return Array.isArray(work);
}

function hbarOf(network: Network): bigint {
  return [...network.state.accounts.values()].reduce((sum, { balance }) => sum + balance, 0n);
}

/** Tokens whose balances do not add up to their supply. */
function unevenTokens(network: Network): number[] {
  const held = new Map<number, bigint>();
  for (const { token, balance } of network.state.relations.values()) {
    held.set(token, (held.get(token) ?? 0n) + balance);
  }
  return [...network.state.tokens.values()]
    .filter(({ num, totalSupply }) => (held.get(num) ?? 0n) !== totalSupply)
    .map(({ num }) => num);
}

/** Everything but hbar: what a failed batch must not change. */
function withoutHbar({ state }: Network): string {
  const rows = [
    [...state.accounts.values()].map((row) => ({ ...row, balance: 0n })),
    [...state.tokens.values()],
    [...state.relations.values()],
    [...state.topics.values()],
    state.nextEntity,
  ];
  return JSON.stringify(rows, (_name, value) => (typeof value === 'bigint' ? `${value}` : value));
}

describe('over any sequence of transactions', () => {
  const sequences = fc.array(step, { minLength: 1, maxLength: 40 });

  it('hbar and every token keep their supply, and replay gives the same state', () => {
    const reached = new Set<number>();
    fc.assert(
      fc.property(sequences, (steps) => {
        const machine = new Machine();
        for (const one of steps) {
          for (const { item } of machine.run(one)) {
            reached.add(item.status);
            const moved = item.transfers.reduce((sum, { amount: units }) => sum + units, 0n);
            expect(moved, item.name).toBe(0n);
          }
          expect(hbarOf(machine.network)).toBe(TOTAL_SUPPLY);
          expect(unevenTokens(machine.network)).toEqual([]);
        }
        const replayed = new Network(crypto, genesis);
        for (const { bytes, now } of machine.inputs) {
          replayed.handle(reopen(bytes, crypto), now);
        }
        expect(replayed.digest()).toBe(machine.network.digest());
      }),
      { numRuns: 150 },
    );
    expect(reached.size, 'kinds of outcome').toBeGreaterThan(8);
    expect(reached.has(Status.FAIL_INVALID), 'an error of ours').toBe(false);
  }, 120_000);

  it('a batch that fails changes nothing but fees', () => {
    let failed = 0;
    const batches = fc.tuple(sequences, fc.array(single, { minLength: 2, maxLength: 6 }));
    fc.assert(
      fc.property(batches, ([steps, work]) => {
        const machine = new Machine();
        for (const one of steps) {
          machine.run(one);
        }
        const before = withoutHbar(machine.network);
        const payers = new Map([...machine.network.state.accounts.values()].map(({ num, balance }) => [num, balance]));
        const handled = machine.run({ payer: 1002, fee: 100_000_000_000n, work });
        if (handled.length === 0 || handled[0]?.item.status === 22) {
          return;
        }
        failed++;
        expect(withoutHbar(machine.network)).toBe(before);
        const charged = handled.reduce((sum, { item }) => sum + item.chargedFee, 0n);
        for (const { num, balance } of machine.network.state.accounts.values()) {
          const change = balance - (payers.get(num) ?? 0n);
          expect(change, `0.0.${num}`).toBe(num === 1002 ? -charged : num === 802 ? charged : 0n);
        }
      }),
      { numRuns: 150 },
    );
    expect(failed, 'failed batches').toBeGreaterThan(20);
  }, 120_000);
});
