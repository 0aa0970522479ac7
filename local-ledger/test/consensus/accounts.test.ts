import {
  AccountCreateTransaction,
  AccountDeleteTransaction,
  AccountInfoQuery,
  AccountUpdateTransaction,
  Hbar,
  KeyList,
  PrivateKey,
  TokenAssociateTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Stage, statusOf } from './support.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => {
  await stage.close();
});

const run = (transaction: Transaction) => statusOf(transaction, stage.client);
const key = () => PrivateKey.generateED25519().publicKey;
const draft = () => new AccountCreateTransaction().setKeyWithoutAlias(key());

describe('CryptoCreate', () => {
  it('starts numbering at 0.0.1001', async () => {
    const fresh = await openStage();
    const party = await newParty(fresh);
    expect(party.id.toString()).toBe('0.0.1001');
    party.client.close();
    await fresh.close();
  });

  it('refuses what the network refuses', async () => {
    expect(await run(new AccountCreateTransaction())).toBe('KEY_REQUIRED');
    expect(await run(draft().setKeyWithoutAlias(new KeyList()))).toBe('KEY_REQUIRED');
    expect(await run(draft().setInitialBalance(Hbar.fromTinybars(-1)))).toBe('INVALID_INITIAL_BALANCE');
    expect(await run(draft().setAutoRenewPeriod(1))).toBe('AUTORENEW_DURATION_NOT_IN_RANGE');
    expect(await run(draft().setMaxAutomaticTokenAssociations(5_001))).toBe('INVALID_MAX_AUTO_ASSOCIATIONS');
    expect(await run(draft().setMaxAutomaticTokenAssociations(-2))).toBe('INVALID_MAX_AUTO_ASSOCIATIONS');
    expect(await run(draft().setAccountMemo('x'.repeat(101)))).toBe('MEMO_TOO_LONG');
    expect(await run(draft().setReceiverSignatureRequired(true))).toBe('INVALID_SIGNATURE');
  });
});

describe('CryptoUpdate', () => {
  it('changes what is given and keeps the rest', async () => {
    const bob = await newParty(stage, 10);
    const update = () => new AccountUpdateTransaction().setAccountId(bob.id);
    expect(await run(update().setAccountMemo('mine'))).toBe('INVALID_SIGNATURE');
    expect(await statusOf(update().setAccountMemo('mine').setMaxAutomaticTokenAssociations(7), bob.client)).toBe(
      'SUCCESS',
    );
    const info = await new AccountInfoQuery().setAccountId(bob.id).execute(stage.client);
    expect(info.accountMemo).toBe('mine');
    expect(info.maxAutomaticTokenAssociations?.toString()).toBe('7');
    expect(info.key.toString()).toBe(bob.key.publicKey.toString());
    expect(await run(new AccountUpdateTransaction().setAccountId('0.0.999999').setAccountMemo('x'))).toBe(
      'INVALID_ACCOUNT_ID',
    );
    bob.client.close();
  });
});

describe('CryptoDelete', () => {
  it('spares the accounts of the system', async () => {
    const system = new AccountDeleteTransaction().setAccountId('0.0.98').setTransferAccountId('0.0.2');
    expect(await run(system)).toBe('ENTITY_NOT_ALLOWED_TO_DELETE');
  });

  it('hands the balance on and closes the account', async () => {
    const bob = await newParty(stage, 10);
    const remove = (heir: string) => new AccountDeleteTransaction().setAccountId(bob.id).setTransferAccountId(heir);
    expect(await run(remove('0.0.2'))).toBe('INVALID_SIGNATURE');
    expect(await statusOf(remove(bob.id.toString()), bob.client)).toBe('TRANSFER_ACCOUNT_SAME_AS_DELETE_ACCOUNT');
    expect(await statusOf(remove('0.0.999999'), bob.client)).toBe('INVALID_TRANSFER_ACCOUNT_ID');
    const signed = await remove('0.0.2').freezeWith(stage.client).sign(bob.key);
    expect(await run(signed)).toBe('SUCCESS');
    await expect(new AccountInfoQuery().setAccountId(bob.id).execute(stage.client)).rejects.toThrow('ACCOUNT_DELETED');
    const pay = () => new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer(bob.id, 1);
    expect(await run(pay())).toBe('ACCOUNT_DELETED');
    const asBob = new TransferTransaction().addHbarTransfer('0.0.2', 0).addHbarTransfer('0.0.3', 0);
    expect(await statusOf(asBob, bob.client)).toBe('PAYER_ACCOUNT_DELETED');
    const associate = () => new TokenAssociateTransaction().setAccountId(bob.id).setTokenIds([]);
    expect(await run(associate())).toBe('INVALID_SIGNATURE');
    expect(await run(await associate().freezeWith(stage.client).sign(bob.key))).toBe('ACCOUNT_DELETED');
    bob.client.close();
  });
});

describe('CryptoTransfer of hbar', () => {
  it('needs every debited account, and a receiver that asks for it', async () => {
    const shy = PrivateKey.generateED25519();
    const created = await draft()
      .setKeyWithoutAlias(shy.publicKey)
      .setReceiverSignatureRequired(true)
      .freezeWith(stage.client)
      .sign(shy);
    const { accountId } = await (await created.execute(stage.client)).getReceipt(stage.client);
    const pay = () =>
      new TransferTransaction()
        .addHbarTransfer('0.0.2', -1)
        .addHbarTransfer(accountId ?? '', 1)
        .freezeWith(stage.client);
    expect(await run(pay())).toBe('INVALID_SIGNATURE');
    expect(await run(await pay().sign(shy))).toBe('SUCCESS');
  });

  it('is all or nothing and bounded', async () => {
    const bob = await newParty(stage, 1);
    const drain = new TransferTransaction().addHbarTransfer(bob.id, new Hbar(-2)).addHbarTransfer('0.0.2', new Hbar(2));
    expect(await run(await drain.freezeWith(stage.client).sign(bob.key))).toBe('INSUFFICIENT_ACCOUNT_BALANCE');
    const many = new TransferTransaction().addHbarTransfer('0.0.2', Hbar.fromTinybars(-10));
    for (let num = 10; num < 20; num++) {
      many.addHbarTransfer(`0.0.${num}`, Hbar.fromTinybars(1));
    }
    expect(await run(many)).toBe('TRANSFER_LIST_SIZE_LIMIT_EXCEEDED');
    const nobody = new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer('0.0.999999', 1);
    expect(await run(nobody)).toBe('INVALID_ACCOUNT_ID');
    const fees = new TransferTransaction().addHbarTransfer('0.0.2', -1).addHbarTransfer('0.0.802', 1);
    expect(await run(fees)).toBe('TRANSFER_TO_FEE_COLLECTION_ACCOUNT_NOT_ALLOWED');
    bob.client.close();
  });
});
