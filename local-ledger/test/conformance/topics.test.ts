import {
  AccountDeleteTransaction,
  KeyList,
  Long,
  PrivateKey,
  Timestamp,
  TopicCreateTransaction,
  TopicDeleteTransaction,
  type TopicId,
  TopicInfoQuery,
  TopicUpdateTransaction,
  type Transaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Party, type Stage, statusOf } from '../consensus/support.js';
import { rest } from '../mirror/mirror-client.js';

let stage: Stage;
let gone: Party;

beforeAll(async () => {
  stage = await openStage();
  gone = await newParty(stage, 1);
  await statusOf(new AccountDeleteTransaction().setAccountId(gone.id).setTransferAccountId('0.0.2'), gone.client);
});

afterAll(async () => {
  gone.client.close();
  await stage.close();
});

const run = (transaction: Transaction) => statusOf(transaction, stage.client);
const admin = () => stage.operatorKey.publicKey;
const infoOf = (id: TopicId) => new TopicInfoQuery().setTopicId(id).execute(stage.client);

async function created(transaction = new TopicCreateTransaction().setAdminKey(admin())): Promise<TopicId> {
  const { topicId } = await (await transaction.execute(stage.client)).getReceipt(stage.client);
  if (topicId === null) {
    throw new Error('no topic in the receipt');
  }
  return topicId;
}

describe('ConsensusCreateTopic', () => {
  it('has one code for any auto-renew period out of range', async () => {
    for (const period of [2_591_000, 9_000_000, 0, -1, Long.MAX_VALUE, Long.MIN_VALUE]) {
      const create = new TopicCreateTransaction().setAutoRenewPeriod(period);
      expect(await run(create), `${period}`).toBe('AUTORENEW_DURATION_NOT_IN_RANGE');
    }
  });

  it('asks a deleted auto-renew account for its signature before it refuses it', async () => {
    const create = () => new TopicCreateTransaction().setAdminKey(admin()).setAutoRenewAccountId(gone.id);
    expect(await run(create())).toBe('INVALID_SIGNATURE');
    expect(await run(await create().freezeWith(stage.client).sign(gone.key))).toBe('INVALID_AUTORENEW_ACCOUNT');
    expect(await run(new TopicCreateTransaction().setAutoRenewAccountId('0.0.999999'))).toBe(
      'INVALID_AUTORENEW_ACCOUNT',
    );
  });

  it('refuses keys that nobody could sign for', async () => {
    const unusable = new KeyList([PrivateKey.generateED25519().publicKey], 2);
    expect(await run(new TopicCreateTransaction().setAdminKey(unusable))).toBe('BAD_ENCODING');
    expect(await run(new TopicCreateTransaction().setSubmitKey(unusable))).toBe('BAD_ENCODING');
  });

  it('keeps the keys for custom fees', async () => {
    const exempt = PrivateKey.generateECDSA().publicKey;
    const create = () => new TopicCreateTransaction().setFeeScheduleKey(admin());
    const id = await created(create().setFeeExemptKeys([exempt]));
    const info = await infoOf(id);
    expect(info.feeScheduleKey?.toString()).toBe(admin().toString());
    expect(info.feeExemptKeys?.map(String)).toEqual([exempt.toString()]);
    expect((await rest(stage.ledger.mirror, `/topics/${id}`)).body).toMatchObject({
      fee_schedule_key: { _type: 'ED25519', key: admin().toStringRaw() },
      fee_exempt_key_list: [{ _type: 'ECDSA_SECP256K1', key: exempt.toStringRaw() }],
    });
    expect(await run(create().setFeeExemptKeys([exempt, exempt]))).toBe('FEE_EXEMPT_KEY_LIST_CONTAINS_DUPLICATED_KEYS');
    const many = Array.from({ length: 11 }, () => PrivateKey.generateED25519().publicKey);
    expect(await run(create().setFeeExemptKeys(many))).toBe('MAX_ENTRIES_FOR_FEE_EXEMPT_KEY_LIST_EXCEEDED');
  });
});

describe('ConsensusUpdateTopic', () => {
  const update = (id: TopicId) => new TopicUpdateTransaction().setTopicId(id);

  it('needs the admin even to change nothing', async () => {
    expect(await run(update(await created(new TopicCreateTransaction())))).toBe('UNAUTHORIZED');
    const key = PrivateKey.generateED25519();
    const create = await new TopicCreateTransaction().setAdminKey(key.publicKey).freezeWith(stage.client).sign(key);
    const id = await created(create);
    expect(await run(update(id))).toBe('INVALID_SIGNATURE');
    expect(await run(await update(id).freezeWith(stage.client).sign(key))).toBe('SUCCESS');
  });

  it('lets anybody extend the expiry, in whole seconds', async () => {
    const id = await created(new TopicCreateTransaction());
    const { expirationTime } = await infoOf(id);
    const seconds = expirationTime?.seconds ?? Long.ZERO;
    const extend = (at: Long) => update(id).setExpirationTime(new Timestamp(at, 0));
    expect(expirationTime?.nanos.toNumber()).toBe(0);
    expect(await run(extend(seconds.sub(1)))).toBe('EXPIRATION_REDUCTION_NOT_ALLOWED');
    expect(await run(extend(seconds.add(60)))).toBe('SUCCESS');
    expect(await run(extend(Long.MAX_VALUE))).toBe('INVALID_EXPIRATION_TIME');
    expect(await run(extend(Long.MIN_VALUE))).toBe('INVALID_EXPIRATION_TIME');
  });

  it('does not leave an auto-renew account to a topic without an admin', async () => {
    const id = await created();
    expect(await run(update(id).setAdminKey(new KeyList()))).toBe('AUTORENEW_ACCOUNT_NOT_ALLOWED');
    expect(await run(update(id).setAdminKey(new KeyList()).setAutoRenewAccountId('0.0.0'))).toBe('SUCCESS');
    expect((await infoOf(id)).adminKey).toBeNull();
  });

  it('refuses a deleted auto-renew account', async () => {
    const id = await created();
    const signed = await update(id).setAutoRenewAccountId(gone.id).freezeWith(stage.client).sign(gone.key);
    expect(await run(signed)).toBe('INVALID_AUTORENEW_ACCOUNT');
  });

  it('changes a fee schedule key only where there is one', async () => {
    const key = PrivateKey.generateED25519().publicKey;
    expect(await run(update(await created()).setFeeScheduleKey(key))).toBe('FEE_SCHEDULE_KEY_CANNOT_BE_UPDATED');
    const id = await created(new TopicCreateTransaction().setAdminKey(admin()).setFeeScheduleKey(admin()));
    expect(await run(update(id).setFeeScheduleKey(key))).toBe('SUCCESS');
    expect((await infoOf(id)).feeScheduleKey?.toString()).toBe(key.toString());
  });

  it('names no topic in the receipt, and neither does its deletion', async () => {
    const id = await created();
    const updated = await update(id).setTopicMemo('memo').execute(stage.client);
    expect((await updated.getReceipt(stage.client)).topicId).toBeNull();
    const deleted = await new TopicDeleteTransaction().setTopicId(id).execute(stage.client);
    expect((await deleted.getReceipt(stage.client)).topicId).toBeNull();
  });
});
