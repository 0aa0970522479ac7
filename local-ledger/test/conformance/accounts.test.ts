import {
  AccountCreateTransaction,
  AccountDeleteTransaction,
  AccountInfoQuery,
  AccountUpdateTransaction,
  Hbar,
  Long,
  PrivateKey,
  Timestamp,
  type Transaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Party, type Stage, statusOf } from '../consensus/support.js';
import { rest } from '../mirror/mirror-client.js';

let stage: Stage;
let alice: Party;

beforeAll(async () => {
  stage = await openStage();
  alice = await newParty(stage, 100);
});

afterAll(async () => {
  alice.client.close();
  await stage.close();
});

const create = () => new AccountCreateTransaction().setKeyWithoutAlias(PrivateKey.generateED25519().publicKey);
const update = () => new AccountUpdateTransaction().setAccountId(alice.id);
const run = (transaction: Transaction) => statusOf(transaction, stage.client);
const runAsAlice = (transaction: Transaction) => statusOf(transaction, alice.client);
const infoOf = (id = alice.id) => new AccountInfoQuery().setAccountId(id).execute(stage.client);
const mirrored = async (id = alice.id) => (await rest(stage.ledger.mirror, `/accounts/${id}`)).body;

describe('the staking settings of an account', () => {
  it('are kept from its creation, and shown by both sides', async () => {
    const response = await create().setStakedNodeId(0).setDeclineStakingReward(true).execute(stage.client);
    const { accountId } = await response.getReceipt(stage.client);
    const { stakingInfo } = await infoOf(accountId ?? alice.id);
    expect(stakingInfo?.stakedNodeId?.toNumber()).toBe(0);
    expect(stakingInfo?.declineStakingReward).toBe(true);
    expect(Number(stakingInfo?.stakePeriodStart?.seconds) % 86_400).toBe(0);
    expect(await mirrored(accountId ?? alice.id)).toMatchObject({
      decline_reward: true,
      staked_node_id: 0,
      staked_account_id: null,
      stake_period_start: expect.stringMatching(/^\d+\.0{9}$/),
    });
  });

  it('are there when nothing is staked', async () => {
    const { stakingInfo } = await infoOf();
    expect(stakingInfo?.declineStakingReward).toBe(false);
    expect(stakingInfo?.stakedAccountId).toBeNull();
    expect(stakingInfo?.stakePeriodStart).toBeNull();
  });

  it('are changed and removed by updates', async () => {
    expect(await runAsAlice(update().setStakedAccountId('0.0.2'))).toBe('SUCCESS');
    expect((await infoOf()).stakingInfo?.stakedAccountId?.toString()).toBe('0.0.2');
    expect(await mirrored()).toMatchObject({ staked_account_id: '0.0.2', staked_node_id: null });
    expect(await runAsAlice(update().clearStakedAccountId())).toBe('SUCCESS');
    expect((await infoOf()).stakingInfo?.stakedAccountId).toBeNull();
    expect(await runAsAlice(update().setStakedNodeId(0))).toBe('SUCCESS');
    expect(await runAsAlice(update().clearStakedNodeId())).toBe('SUCCESS');
    expect((await infoOf()).stakingInfo?.stakedNodeId).toBeNull();
  });

  it('name accounts and nodes that exist', async () => {
    expect(await run(create().setStakedAccountId('123.456.789'))).toBe('INVALID_STAKING_ID');
    expect(await run(create().setStakedNodeId(123_456_789))).toBe('INVALID_STAKING_ID');
    expect(await run(create().setStakedNodeId(-100))).toBe('INVALID_STAKING_ID');
    expect(await run(create().setStakedNodeId(-1))).toBe('INVALID_STAKING_ID');
    expect(await runAsAlice(update().setStakedAccountId('0.0.999999'))).toBe('INVALID_STAKING_ID');
    expect(await runAsAlice(update().setStakedNodeId(7))).toBe('INVALID_STAKING_ID');
  });
});

describe('creating an account', () => {
  it('tells a missing auto-renew period from one out of range', async () => {
    expect(await run(create().setAutoRenewPeriod(-1))).toBe('INVALID_RENEWAL_PERIOD');
    expect(await run(create().setAutoRenewPeriod(0))).toBe('INVALID_RENEWAL_PERIOD');
    expect(await run(create().setAutoRenewPeriod(2_591_999))).toBe('AUTORENEW_DURATION_NOT_IN_RANGE');
    expect(await run(create().setAutoRenewPeriod(2_592_000))).toBe('SUCCESS');
    expect(await run(create().setAutoRenewPeriod(8_000_001))).toBe('SUCCESS');
    expect(await run(create().setAutoRenewPeriod(8_000_002))).toBe('AUTORENEW_DURATION_NOT_IN_RANGE');
  });

  it('refuses an alias without a key, and one that nobody signed for', async () => {
    const key = PrivateKey.generateECDSA();
    const address = key.publicKey.toEvmAddress();
    expect(await run(new AccountCreateTransaction().setAlias(address))).toBe('INVALID_ALIAS_KEY');
    expect(await run(create().setAlias(address))).toBe('INVALID_SIGNATURE');
    expect(await run(create().setAlias('1'.padStart(40, '0')))).toBe('INVALID_SIGNATURE');
    const signed = await create().setAlias(address).freezeWith(stage.client).sign(key);
    expect(await run(signed)).toBe('SUCCESS');
    expect(await run(create().setAlias(address))).not.toBe('SUCCESS');
  });

  it('needs the initial balance', async () => {
    expect(await runAsAlice(create().setInitialBalance(new Hbar(1_000)))).toBe('INSUFFICIENT_PAYER_BALANCE');
  });
});

describe('updating an account', () => {
  it('has codes of its own for slots and periods', async () => {
    const slots = (count: number) => update().setMaxAutomaticTokenAssociations(count);
    expect(await runAsAlice(slots(5_001))).toBe('REQUESTED_NUM_AUTOMATIC_ASSOCIATIONS_EXCEEDS_ASSOCIATION_LIMIT');
    expect(await runAsAlice(slots(-2))).toBe('INVALID_MAX_AUTO_ASSOCIATIONS');
    expect(await runAsAlice(slots(5_000))).toBe('SUCCESS');
    expect(await runAsAlice(slots(-1))).toBe('SUCCESS');
    expect(await runAsAlice(update().setAutoRenewPeriod(-1))).toBe('INVALID_RENEWAL_PERIOD');
    expect(await runAsAlice(update().setAutoRenewPeriod(2_591_999))).toBe('AUTORENEW_DURATION_NOT_IN_RANGE');
  });

  it('counts the expiry in whole seconds, and never takes it back', async () => {
    const { expirationTime } = await infoOf();
    expect(expirationTime.nanos.toNumber()).toBe(0);
    const at = (seconds: Long) => update().setExpirationTime(new Timestamp(seconds, 0));
    expect(await runAsAlice(at(expirationTime.seconds.sub(1)))).toBe('EXPIRATION_REDUCTION_NOT_ALLOWED');
    expect(await runAsAlice(at(expirationTime.seconds))).toBe('SUCCESS');
    expect(await runAsAlice(at(expirationTime.seconds.add(100)))).toBe('SUCCESS');
    expect(await runAsAlice(at(Long.ZERO))).toBe('INVALID_EXPIRATION_TIME');
    expect(await runAsAlice(at(Long.MAX_VALUE))).toBe('INVALID_EXPIRATION_TIME');
    expect(await runAsAlice(at(Long.MIN_VALUE))).toBe('INVALID_EXPIRATION_TIME');
  });

  it('wants the account, its signature, and that of a new key', async () => {
    expect(await run(new AccountUpdateTransaction())).toBe('ACCOUNT_ID_DOES_NOT_EXIST');
    expect(await run(update())).toBe('INVALID_SIGNATURE');
    expect(await runAsAlice(update())).toBe('SUCCESS');
    expect(await runAsAlice(update().setKey(PrivateKey.generateED25519().publicKey))).toBe('INVALID_SIGNATURE');
  });
});

describe('deleting an account', () => {
  it('names neither account in the receipt', async () => {
    const bob = await newParty(stage, 10);
    const deletion = new AccountDeleteTransaction().setAccountId(bob.id).setTransferAccountId('0.0.2');
    const receipt = await (await deletion.execute(bob.client)).getReceipt(stage.client);
    expect(receipt.accountId).toBeNull();
    bob.client.close();
  });

  it('refuses system accounts and accounts of other shards', async () => {
    const deletion = (id: string, to: string) =>
      new AccountDeleteTransaction().setAccountId(id).setTransferAccountId(to);
    expect(await run(deletion('0.0.4', '0.0.2'))).toBe('ENTITY_NOT_ALLOWED_TO_DELETE');
    expect(await run(deletion('123.456.789', '0.0.2'))).toBe('INVALID_ACCOUNT_ID');
    expect(await runAsAlice(deletion(`${alice.id}`, '123.456.789'))).toBe('INVALID_TRANSFER_ACCOUNT_ID');
    expect(await runAsAlice(deletion(`${alice.id}`, `${alice.id}`))).toBe('TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT');
  });
});
