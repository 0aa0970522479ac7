import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransactionKey } from '../../src/core/model.js';
import type { TopicMessage } from '../../src/core/record-item.js';
import { decodeBase32, encodeBase32 } from '../../src/mirror/format/base32.js';
import { ByteLog } from '../../src/mirror/store/byte-log.js';
import { ByteReader } from '../../src/mirror/store/byte-reader.js';
import { ByteWriter } from '../../src/mirror/store/byte-writer.js';
import { HashIndex } from '../../src/mirror/store/hash-index.js';
import { MessageLog } from '../../src/mirror/store/message-log.js';
import { SortedIds } from '../../src/mirror/store/sorted-ids.js';
import type { StoredTransaction } from '../../src/mirror/store/transaction-codec.js';
import { TransactionLog } from '../../src/mirror/store/transaction-log.js';
import { ed25519 } from './hand-made-source.js';

const num = fc.integer({ min: 0, max: 2 ** 38 - 1 });
const entity = fc.integer({ min: 1, max: 2 ** 38 - 1 });
const nanos = fc.bigInt({ min: 0n, max: 2n ** 62n });
const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const hash = fc.uint8Array({ minLength: 48, maxLength: 48 });
const key: fc.Arbitrary<TransactionKey> = fc.record({
  payer: num,
  validStart: nanos,
  scheduled: fc.boolean(),
  nonce: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});
const int32 = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const message: fc.Arbitrary<TopicMessage> = fc.record({
  topic: num,
  sequenceNumber: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }),
  consensusTimestamp: nanos,
  payer: num,
  message: bytes(1024),
  runningHash: hash,
  runningHashVersion: fc.constant(3 as const),
  chunk: fc.option(fc.record({ initialTransactionId: key, number: int32, total: int32 }), { nil: undefined }),
});
const amount = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const move = { account: num, amount, isApproval: fc.boolean() };
const transaction: fc.Arbitrary<StoredTransaction> = fc.record({
  consensusTimestamp: nanos,
  transactionId: key,
  name: fc.constantFrom('CRYPTOTRANSFER', 'ATOMICBATCH', 'TOKENMINT'),
  status: fc.integer({ min: 0, max: 600 }),
  memo: fc.string({ maxLength: 100, unit: 'grapheme' }),
  entity: fc.option(num, { nil: undefined }),
  node: fc.option(num, { nil: undefined }),
  chargedFee: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  maxFee: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  validDurationSeconds: nanos,
  transactionHash: hash,
  transfers: fc.array(fc.record(move), { maxLength: 5 }),
  tokenTransfers: fc.array(fc.record({ ...move, token: num }), { maxLength: 5 }),
  parentConsensusTimestamp: fc.option(nanos, { nil: undefined }),
  batchKey: fc.option(fc.integer({ min: 0, max: 255 }).map(ed25519), { nil: undefined }),
  schedule: fc.option(num, { nil: undefined }),
  assessedFees: fc.array(
    fc.record({
      amount: fc.bigInt(1n, 10n ** 18n),
      token: fc.option(entity, { nil: undefined }),
      collector: num,
      payers: fc.array(num, { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 2 },
  ),
  automaticAssociations: fc.array(fc.record({ account: num, token: num }), { maxLength: 3 }),
});

/** Buffers and arrays of bytes compare as the same, and what a generated key leaves out does not count. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, one) => {
      if (typeof one === 'bigint') return `${one}n`;
      if (name === '_unknownFields') return undefined;
      if (one instanceof Uint8Array) return Buffer.from(one).toString('hex');
      return one?.type === 'Buffer' ? Buffer.from(one.data).toString('hex') : one;
    }),
  );
}

describe('mirror store', () => {
  it('gives messages back as they came', () => {
    fc.assert(
      fc.property(message, (one) => {
        const log = new MessageLog();
        log.append(one);
        expect(plain(log.at(one.topic, 0))).toEqual(plain(one));
      }),
    );
  });

  it('gives transactions back as they came, found by id, hash and account', () => {
    fc.assert(
      fc.property(fc.array(transaction, { minLength: 1, maxLength: 20 }), (items) => {
        const log = new TransactionLog();
        for (const item of items) log.append(item);
        items.forEach((item, number) => {
          expect(plain(log.at(number))).toEqual(plain(item));
          const { payer, validStart } = item.transactionId;
          expect(plain(log.byId(payer, validStart))).toContainEqual(plain(item));
          expect(plain(log.byHash(item.transactionHash))).toContainEqual(plain(item));
          for (const { account } of item.transfers) {
            const list = log.ofAccount(account);
            expect(Array.from({ length: list.length }, (_, at) => list.at(at))).toContain(number);
          }
        });
      }),
      { numRuns: 50 },
    );
  });

  it('keeps entries of any size apart across chunks', () => {
    const log = new ByteLog();
    const sizes = [0, 1, 2, 3, 4, 1000, 300_000, 800_000, 5, (1 << 20) - 4];
    const positions = sizes.map((size, at) => log.append(new Uint8Array(size).fill(at)));
    positions.forEach((position, at) => {
      const read = log.read(position);
      expect(read.length).toBe(sizes[at]);
      expect(read.every((byte) => byte === at)).toBe(true);
    });
    expect(() => log.append(new Uint8Array(1 << 20))).toThrow(RangeError);
  });

  it('reads integers back that it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: Number.MAX_SAFE_INTEGER })), fc.array(amount), (uints, ints) => {
        const writer = new ByteWriter();
        for (const one of uints) writer.uint(one);
        for (const one of ints) writer.i64(one);
        const reader = new ByteReader(Buffer.from(writer.view()));
        expect(uints.map(() => reader.uint())).toEqual(uints);
        expect(ints.map(() => reader.i64())).toEqual(ints);
      }),
    );
  });

  it('finds all numbers under a hash after growing', () => {
    const index = new HashIndex();
    for (let number = 0; number < 5000; number++) index.add(number % 1000, number);
    for (const found of [0, 7, 999]) {
      expect(index.candidates(found).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4].map((n) => n * 1000 + found));
    }
    expect(index.candidates(1000)).toEqual([]);
  });

  it('keeps ids sorted like a set', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(50)), (added, removed) => {
        const ids = new SortedIds();
        for (const id of added) ids.add(id);
        for (const id of removed) ids.delete(id);
        const expected = [...new Set(added)].filter((id) => !removed.includes(id)).sort((a, b) => a - b);
        expect([...ids.between(0n, 100n, 'asc')]).toEqual(expected);
        expect([...ids.between(10n, 20n, 'desc')]).toEqual(expected.filter((id) => id >= 10 && id <= 20).reverse());
      }),
    );
  });

  it('decodes the base32 it encodes', () => {
    fc.assert(
      fc.property(bytes(40), (one) => {
        expect(decodeBase32(encodeBase32(one))).toEqual(one);
      }),
    );
  });
});
