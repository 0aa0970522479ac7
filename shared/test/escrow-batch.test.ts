import { generateAccountKey } from '@gatepost/shared/hedera/account-key';
import { innerTransaction, readBatch, sealedBatch } from '@gatepost/shared/hedera/cosigned/batch';
import { signerOf } from '@gatepost/shared/hedera/cosigned/prepare';
import { long, signedTransaction } from '@gatepost/shared/hedera/cosigned/wire';
import type { EscrowBatch, UnsignedBatch } from '@gatepost/shared/ledger/cosigner';
import { accountId, scheduleId, type TransactionId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { PublicKey, Transaction } from '@hashgraph/sdk';
import { proto } from '@hiero-ledger/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const payer = signerOf(generateAccountKey().key);
const gatekeeper = signerOf(generateAccountKey().key);
const [COORDINATOR, ESCROW, TOKEN] = [accountId('0.0.100'), accountId('0.0.102'), tokenId('0.0.300')];
const AGENTS = [accountId('0.0.1'), accountId('0.0.2')] as const;
const idAt = (nanos: number, account = COORDINATOR) =>
  `${account}@1800000000.${String(nanos).padStart(9, '0')}` as TransactionId;
const FRAME = { validSeconds: 60, batchKey: gatekeeper.publicKey };
const OUTER = { id: idAt(9), validSeconds: 60, node: accountId('0.0.3'), maxFeeTinybar: 7n };
const message = Buffer.from('settled');

const transfer = innerTransaction(
  idAt(1),
  FRAME,
  {
    kind: 'transfer',
    from: ESCROW,
    token: TOKEN,
    payees: AGENTS.map((to, index) => ({ to, amount: BigInt(index + 5) })),
  },
  payer,
);
const record = innerTransaction(idAt(2), FRAME, { kind: 'message', topic: topicId('0.0.200'), message }, payer);
const deletion = innerTransaction(idAt(3), FRAME, { kind: 'unschedule', schedule: scheduleId('0.0.400') }, payer);
const BATCH: UnsignedBatch = { inner: [transfer, record, deletion], outer: OUTER };

const read = (batch: UnsignedBatch) => readBatch(batch, gatekeeper.publicKey);
const withInner = (...inner: Uint8Array[]): UnsignedBatch => ({ ...BATCH, inner });

/** An inner transaction with something else in its body, signed by whoever made it. */
function edited(bytes: Uint8Array, edit: (body: proto.TransactionBody) => unknown): Uint8Array {
  const body = proto.TransactionBody.decode(proto.SignedTransaction.decode(bytes).bodyBytes);
  edit(body);
  const made = proto.TransactionBody.encode(body).finish();
  const pubKeyPrefix = PublicKey.fromString(payer.publicKey).toBytesRaw();
  return signedTransaction(made, [{ pubKeyPrefix, ed25519: payer.sign(made) }]);
}

type Transfers = proto.ITokenTransferList;
const inTransfer = (edit: (list: Transfers, all: proto.ICryptoTransferTransactionBody) => unknown) =>
  edited(transfer, ({ cryptoTransfer }) => {
    const list = cryptoTransfer?.tokenTransfers?.[0];
    if (list && cryptoTransfer) edit(list, cryptoTransfer);
  });
const account = (num: number): proto.IAccountID => ({
  shardNum: long(0n),
  realmNum: long(0n),
  accountNum: long(BigInt(num)),
});
const entry = (num: number, amount: bigint) => ({ accountID: account(num), amount: long(amount) });

describe('a batch that pays out of an escrow', () => {
  it('is read as what it does, and signed so that the SDK takes it', () => {
    const batch = read(BATCH) as EscrowBatch;
    const { sign, ...said } = batch;
    expect(said).toMatchObject({
      id: idAt(9),
      payer: COORDINATOR,
      validStart: 1_800_000_000_000_000_009n,
      validSeconds: 60,
      from: ESCROW,
      token: TOKEN,
      payees: [
        { to: AGENTS[0], amount: 5n },
        { to: AGENTS[1], amount: 6n },
      ],
      transfer: idAt(1),
      messages: [{ topic: '0.0.200' }],
      unscheduled: ['0.0.400'],
    });
    const signature = sign(gatekeeper);
    const bytes = sealedBatch(BATCH, { publicKey: gatekeeper.publicKey, signature }, payer);
    const outer = Transaction.fromBytes(bytes);
    expect(outer.transactionId?.toString()).toBe(OUTER.id);
    for (const { publicKey } of [payer, gatekeeper])
      expect(PublicKey.fromString(publicKey).verifyTransaction(outer)).toBe(true);
    const body = proto.TransactionBody.decode(proto.SignedTransaction.decode(transfer).bodyBytes);
    expect(body.memo).toBe('');
    expect(
      PublicKey.fromString(gatekeeper.publicKey).verify(
        proto.SignedTransaction.decode(transfer).bodyBytes,
        signature.transfer,
      ),
    ).toBe(true);
  });

  it('has the digest of what is signed: the same for the same bytes, another for any other', () => {
    const digestOf = (batch: UnsignedBatch) => (read(batch) as EscrowBatch).digest;
    const others = [
      { ...BATCH, inner: [transfer, record] },
      { ...BATCH, outer: { ...OUTER, id: idAt(8) } },
    ];
    expect(digestOf({ ...BATCH })).toBe(digestOf(BATCH));
    expect(new Set([BATCH, ...others, { ...BATCH, outer: { ...OUTER, maxFeeTinybar: 8n } }].map(digestOf)).size).toBe(
      4,
    );
  });

  const REFUSED: readonly (readonly [string, UnsignedBatch])[] = [
    ['nothing in it', withInner()],
    ['no transfer', withInner(record)],
    ['the transfer in a later place', withInner(record, transfer)],
    ['two transfers', withInner(transfer, record, transfer)],
    [
      'hbar',
      withInner(
        inTransfer((_list, all) =>
          Object.assign(all, { transfers: { accountAmounts: [entry(1, 5n), entry(102, -5n)] } }),
        ),
      ),
    ],
    ['an NFT', withInner(inTransfer((list) => Object.assign(list, { nftTransfers: [{ serialNumber: long(1n) }] })))],
    [
      'decimals that are expected',
      withInner(inTransfer((list) => Object.assign(list, { expectedDecimals: { value: 2 } }))),
    ],
    ['a second token', withInner(inTransfer((list, all) => all.tokenTransfers?.push(list)))],
    ['a second account that pays', withInner(inTransfer((list) => list.transfers?.unshift(entry(103, -5n))))],
    [
      'an approval',
      withInner(inTransfer((list) => list.transfers?.map((one) => Object.assign(one, { isApproval: true })))),
    ],
    ['a sum that is not nought', withInner(inTransfer((list) => list.transfers?.unshift(entry(7, 5n))))],
    ['a payment of nothing', withInner(inTransfer((list) => list.transfers?.unshift(entry(7, 0n))))],
    ['an account twice', withInner(inTransfer((list) => list.transfers?.unshift(entry(1, 0n))))],
    ['a payment to the escrow itself', withInner(inTransfer((list) => list.transfers?.unshift(entry(102, 1n))))],
    ['nobody paid', withInner(inTransfer((list) => list.transfers?.splice(0, 2)))],
    [
      'another batch key',
      withInner(edited(transfer, (body) => Object.assign(body, { batchKey: { ed25519: Buffer.alloc(32, 1) } }))),
    ],
    ['no batch key', withInner(edited(transfer, (body) => Object.assign(body, { batchKey: null })))],
    [
      'a record for another batch key',
      withInner(
        transfer,
        edited(record, (body) => Object.assign(body, { batchKey: null })),
      ),
    ],
    ['a node', withInner(edited(transfer, (body) => Object.assign(body, { nodeAccountID: account(3) })))],
    ['a memo', withInner(edited(transfer, (body) => Object.assign(body, { memo: 'x' })))],
    ['another fee', withInner(edited(transfer, (body) => Object.assign(body, { transactionFee: long(1n) })))],
    [
      'another window',
      withInner(edited(transfer, (body) => Object.assign(body, { transactionValidDuration: { seconds: long(120n) } }))),
    ],
    [
      'another payer',
      withInner(
        edited(transfer, (body) =>
          Object.assign(body, { transactionID: { ...body.transactionID, accountID: account(5) } }),
        ),
      ),
    ],
    [
      'a record of another payer',
      withInner(
        transfer,
        edited(record, (body) =>
          Object.assign(body, { transactionID: { ...body.transactionID, accountID: account(5) } }),
        ),
      ),
    ],
    [
      'a schedule’s id',
      withInner(
        edited(transfer, (body) => Object.assign(body, { transactionID: { ...body.transactionID, scheduled: true } })),
      ),
    ],
    [
      'a nonce',
      withInner(
        edited(transfer, (body) => Object.assign(body, { transactionID: { ...body.transactionID, nonce: 1 } })),
      ),
    ],
    [
      'a chunk',
      withInner(
        transfer,
        edited(record, ({ consensusSubmitMessage: said }) =>
          Object.assign(said ?? {}, { chunkInfo: { total: 1, number: 1 } }),
        ),
      ),
    ],
    [
      'another kind',
      withInner(
        transfer,
        edited(record, (body) => {
          body.consensusSubmitMessage = null;
          body.tokenMint = { amount: long(1n) };
        }),
      ),
    ],
    [
      'two signatures',
      withInner(
        signedTransaction(proto.SignedTransaction.decode(transfer).bodyBytes, [
          { ed25519: Buffer.alloc(64) },
          { ed25519: Buffer.alloc(64) },
        ]),
      ),
    ],
    ['no signature', withInner(signedTransaction(proto.SignedTransaction.decode(transfer).bodyBytes, []))],
    ['more bytes than are understood', withInner(Buffer.concat([transfer, Buffer.from([0x7a, 0])]))],
    ['a window that is not that of its outer transaction', { ...BATCH, outer: { ...OUTER, validSeconds: 61 } }],
    ['an id that is none', { ...BATCH, outer: { ...OUTER, id: 'x' as TransactionId } }],
    ['more inner transactions than a batch takes', withInner(...Array.from({ length: 51 }, () => transfer))],
  ];
  it.each(REFUSED)('is refused with %s', (_what, batch) => {
    expect(read(batch)).toEqual({ objection: expect.any(String) });
  });

  it('is refused by a cosigner whose key it is not for', () => {
    expect(readBatch(BATCH, payer.publicKey)).toEqual({ objection: expect.any(String) });
  });

  it('is refused, and nothing thrown, with any byte of it changed but those of a signature or of what is said openly', () => {
    const said = JSON.stringify(read(BATCH), (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    fc.assert(
      fc.property(fc.nat({ max: transfer.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, by) => {
        const bytes = Uint8Array.from(transfer);
        bytes[place] = (bytes[place] ?? 0) ^ by;
        const again = read(withInner(bytes, record, deletion));
        if ('objection' in again) return;
        // It is read as something else then, or as the same with another signature of its payer, which the network checks.
        const { digest: _, ...rest } = again;
        const text = JSON.stringify({ ...rest }, (_key, value: unknown) =>
          typeof value === 'bigint' ? `${value}` : value,
        );
        const isSignature = place >= transfer.length - 100;
        expect(isSignature || text !== said).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), (inner) => 'objection' in read(withInner(...inner))),
    );
  });
});
