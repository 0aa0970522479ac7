import type { BatchReading, Cosignature, Cosigner, UnsignedBatch } from '@gatepost/shared/ledger/cosigner';
import type { Action, Ledger, PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LedgerStage } from './ledger-compliance.js';

/** What the suite has for all its parts. */
interface Ground {
  readonly stage: () => LedgerStage;
  readonly owner: () => Ledger;
  /** A topic to which anybody may write. */
  readonly freshTopic: () => Promise<TopicId>;
  readonly settledContents: (of: TopicId) => Promise<string[]>;
  readonly eventually: <T>(look: () => Promise<T>, isThere: (found: T) => boolean) => Promise<T>;
}

/** What every implementation of the ledger port promises of a transfer out of an escrow. */
export function describeEscrow(ground: Ground): void {
  const { settledContents, eventually } = ground;
  describe('an escrow', () => {
    let stage: LedgerStage;
    let owner: Ledger;
    let topic: TopicId;
    let token: TokenId;
    let payee: Ledger;
    let gatekeeper: Ledger;
    let escrow: AccountId;

    beforeAll(async () => {
      [stage, owner] = [ground.stage(), ground.owner()];
      token = await stage.newToken(owner, 1_000n);
      [payee, gatekeeper] = [await stage.newAccount(), await stage.newAccount()];
      await stage.associate(payee, token);
      escrow = await stage.newEscrow(owner, [owner, gatekeeper]);
      requireDone(await owner.execute(await owner.prepare([pay(escrow, 100n)])));
    });

    const pay = (to: AccountId, amount: bigint): Action => ({ kind: 'transfer', token, payees: [{ to, amount }] });

    /** Signs whatever it can read, after `look`. */
    function cosignerOf(who: Ledger, look: (batch: UnsignedBatch) => UnsignedBatch = (batch) => batch): Cosigner {
      const { signer, read } = stage.cosigning(who);
      return {
        account: who.account,
        publicKey: signer.publicKey,
        cosign: async (batch) => {
          const reading = read(look(batch));
          if ('objection' in reading) throw new Error(reading.objection);
          return reading.sign(signer);
        },
      };
    }

    const settle = (cosigner: Cosigner, amount: bigint, firstId = owner.nextTransactionId()) =>
      owner.prepare([pay(payee.account, amount), messageOf(topic, 'settled')], {
        firstId,
        validSeconds: 30,
        escrow: { account: escrow, cosigner },
      });
    const balances = async () => [await stage.balance(payee, token), await stage.balance({ account: escrow }, token)];

    it('pays in a batch that its cosigner has read and signed, once', async () => {
      topic = await ground.freshTopic();
      const { read } = stage.cosigning(gatekeeper);
      const seen: BatchReading[] = [];
      const cosigner = cosignerOf(gatekeeper, (batch) => {
        seen.push(read(batch));
        return batch;
      });
      const firstId = owner.nextTransactionId();
      const batch = await settle(cosigner, 7n, firstId);
      const parties = { payer: owner.account, from: escrow, token, payees: [{ to: payee.account, amount: 7n }] };
      const about = { id: batch.id, transfer: firstId, validSeconds: 30, unscheduled: [] };
      expect(seen).toEqual([expect.objectContaining({ ...parties, ...about })]);
      const [said] = seen;
      const messages = said !== undefined && 'messages' in said ? said.messages : [];
      expect(messages.map(({ message }) => Buffer.from(message).toString())).toEqual(['settled']);
      expect(await owner.execute(batch)).toMatchObject({ kind: 'done' });
      expect(await stage.again(owner).execute(fromElsewhere(batch))).toMatchObject({ kind: 'done' });
      expect(await settledContents(topic)).toEqual(['settled']);
      expect(await balances()).toEqual([7n, 93n]);
      expect(await eventually(() => owner.resultOf(firstId), Boolean)).toBe('SUCCESS');
    });

    it('is asked of its cosigner with a start that the mirror has passed', async () => {
      topic = await ground.freshTopic();
      const before = await owner.mirrorTime();
      const starts: Nanos[] = [];
      const { read } = stage.cosigning(gatekeeper);
      const cosigner = cosignerOf(gatekeeper, (batch) => {
        const reading = read(batch);
        if ('validStart' in reading) starts.push(reading.validStart);
        return batch;
      });
      await Promise.all(Array.from({ length: 5 }, () => settle(cosigner, 1n)));
      const after = await owner.mirrorTime();
      expect(new Set(starts).size).toBe(5);
      for (const start of starts) expect(start).toBeLessThanOrEqual(after);
      expect(before).toBeLessThanOrEqual(after);
    });

    it('does not pay with the signature of another key than its own asks for', async () => {
      topic = await ground.freshTopic();
      const before = await balances();
      const firstId = owner.nextTransactionId();
      const forged = await settle(cosignerOf(payee), 7n, firstId);
      expect(await owner.execute(forged)).toMatchObject({ kind: 'refused', status: 'INNER_TRANSACTION_FAILED' });
      expect(await eventually(() => owner.resultOf(firstId), Boolean)).toBe('INVALID_SIGNATURE');
      expect([await settledContents(topic), await balances()]).toEqual([[], before]);
    });

    it('does not pay another amount, nor with another record, than what was signed', async () => {
      topic = await ground.freshTopic();
      const before = await balances();
      const { cosign, ...who } = cosignerOf(gatekeeper);
      const given: Cosignature[] = [];
      const first = { ...who, cosign: async (batch: UnsignedBatch) => given[given.push(await cosign(batch)) - 1] };
      await settle(first as Cosigner, 7n);
      const again = await settle({ ...who, cosign: async () => given[0] as Cosignature }, 9n);
      expect(await owner.execute(again)).toMatchObject({ kind: 'refused', status: 'INVALID_SIGNATURE' });
      expect([await settledContents(topic), await balances()]).toEqual([[], before]);
    });

    it('is not asked for anything when its cosigner refuses', async () => {
      const refusing = { ...cosignerOf(gatekeeper), cosign: () => Promise.reject(new Error('not due')) };
      await expect(settle(refusing, 7n)).rejects.toThrow('not due');
    });
  });
}

const messageOf = (topic: TopicId, content: string): Action => ({
  kind: 'message',
  topic,
  message: Buffer.from(content),
});
/** As another process has it, which cannot say whether the bytes were submitted before. */
const fromElsewhere = (prepared: PreparedTransaction): PreparedTransaction => ({
  ...prepared,
  bytes: Uint8Array.from(prepared.bytes),
});
