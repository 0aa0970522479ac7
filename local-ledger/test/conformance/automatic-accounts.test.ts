import {
  AccountCreateTransaction,
  AccountId,
  AccountInfoQuery,
  Hbar,
  KeyList,
  PrivateKey,
  ScheduleCreateTransaction,
  TokenCreateTransaction,
  TransactionId,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, newParty, openStage, type Stage, statusOf } from '../consensus/support.js';
import { rest } from '../mirror/mirror-client.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(async () => {
  await stage.close();
});

const gift = (to: AccountId, hbar = 5) =>
  new TransferTransaction().addHbarTransfer('0.0.2', new Hbar(-hbar)).addHbarTransfer(to, new Hbar(hbar));
const infoOf = (id: AccountId | string) => new AccountInfoQuery().setAccountId(id).execute(stage.client);
const addressed = (key: PrivateKey) => AccountId.fromEvmAddress(0, 0, key.publicKey.toEvmAddress());
const mirrored = async (path: string) => (await rest(stage.ledger.mirror, path)).body;

/** Transfers to an alias; returns the account it made. */
async function made(transfer: TransferTransaction): Promise<AccountId> {
  const response = await transfer.execute(stage.client);
  const receipt = await response.getReceiptQuery().setIncludeChildren(true).execute(stage.client);
  const [child] = receipt.children;
  if (child?.accountId == null) {
    throw new Error('no account was made');
  }
  return child.accountId;
}

describe('a transfer to a public key alias (HIP-32)', () => {
  it.each(['ED25519', 'ECDSA'] as const)('makes an account with that %s key', async (type) => {
    const key = type === 'ED25519' ? PrivateKey.generateED25519() : PrivateKey.generateECDSA();
    const alias = key.publicKey.toAccountId(0, 0);
    const id = await made(gift(alias));
    const info = await infoOf(id);
    expect(info.key.toString()).toBe(key.publicKey.toString());
    expect(info.aliasKey?.toString()).toBe(key.publicKey.toString());
    expect(info.balance.toString()).toBe('5 ℏ');
    expect(info.maxAutomaticTokenAssociations.toNumber()).toBe(-1);
    expect((await infoOf(alias)).accountId.toString()).toBe(id.toString());
    const client = clientOf(stage.ledger, id.toString(), key);
    const back = new TransferTransaction().addHbarTransfer(id, -1).addHbarTransfer('0.0.2', 1);
    expect(await statusOf(back, client)).toBe('SUCCESS');
    client.close();
  });

  it('makes one account only, known by its EVM address too', async () => {
    const key = PrivateKey.generateECDSA();
    const id = await made(gift(key.publicKey.toAccountId(0, 0)));
    for (const alias of [key.publicKey.toAccountId(0, 0), addressed(key)]) {
      const receipt = await (await gift(alias).execute(stage.client)).getReceiptQuery().setIncludeChildren(true);
      expect((await receipt.execute(stage.client)).children).toEqual([]);
    }
    expect((await infoOf(id)).balance.toString()).toBe('15 ℏ');
    expect((await infoOf(id)).contractAccountId).toBe(key.publicKey.toEvmAddress());
  });

  it('costs the payer a CryptoCreate, seen in the record of its own', async () => {
    const payer = await newParty(stage, 100);
    const response = await new TransferTransaction()
      .addHbarTransfer(payer.id, new Hbar(-1))
      .addHbarTransfer(PrivateKey.generateED25519().publicKey.toAccountId(0, 0), new Hbar(1))
      .execute(payer.client);
    const query = response.getRecordQuery().setIncludeChildren(true);
    const { transactionFee, children } = await query.execute(payer.client);
    // $0.0001 and $0.05 at 12 cents
    expect([transactionFee, ...children.map((child) => child.transactionFee)].map(String)).toEqual([
      '0.00083333 ℏ',
      '0.41666666 ℏ',
    ]);
    payer.client.close();
  });

  it('is seen on the mirror as a CryptoCreate of its own', async () => {
    const response = await gift(PrivateKey.generateED25519().publicKey.toAccountId(0, 0)).execute(stage.client);
    await response.getReceipt(stage.client);
    const id = response.transactionId
      .toString()
      .replace('@', '-')
      .replace(/\.(\d+)$/, '-$1');
    const { transactions } = await mirrored(`/transactions/${id}`);
    expect(transactions.map(({ name, nonce }: { name: string; nonce: number }) => [name, nonce])).toEqual([
      ['CRYPTOTRANSFER', 0],
      ['CRYPTOCREATEACCOUNT', 1],
    ]);
  });

  it('leaves nothing when the transfer fails', async () => {
    const poor = await newParty(stage, 1);
    const alias = PrivateKey.generateED25519().publicKey.toAccountId(0, 0);
    const transfer = await new TransferTransaction()
      .addHbarTransfer(poor.id, new Hbar(-2))
      .addHbarTransfer(alias, new Hbar(2))
      .freezeWith(stage.client)
      .sign(poor.key);
    expect(await statusOf(transfer, stage.client)).toBe('INSUFFICIENT_ACCOUNT_BALANCE');
    await expect(infoOf(alias)).rejects.toThrow('INVALID_ACCOUNT_ID');
    poor.client.close();
  });

  it('takes tokens, associated without limit', async () => {
    const response = await new TokenCreateTransaction()
      .setTokenName('Gift')
      .setTokenSymbol('G')
      .setTreasuryAccountId('0.0.2')
      .setInitialSupply(10)
      .execute(stage.client);
    const { tokenId } = await response.getReceipt(stage.client);
    const alias = PrivateKey.generateED25519().publicKey.toAccountId(0, 0);
    const transfer = new TransferTransaction().addTokenTransfer(`${tokenId}`, '0.0.2', -3);
    const id = await made(transfer.addTokenTransfer(`${tokenId}`, alias, 3));
    expect((await infoOf(id)).tokenRelationships.get(`${tokenId}`)?.balance.toNumber()).toBe(3);
  });

  it('may be scheduled', async () => {
    const alias = PrivateKey.generateED25519().publicKey.toAccountId(0, 0);
    const response = await new ScheduleCreateTransaction()
      .setScheduledTransaction(gift(alias, 1))
      .execute(stage.client);
    await response.getReceipt(stage.client);
    expect((await infoOf(alias)).balance.toString()).toBe('1 ℏ');
  });

  it('refuses an unknown alias as sender', async () => {
    const alias = PrivateKey.generateED25519().publicKey.toAccountId(0, 0);
    const transfer = new TransferTransaction().addHbarTransfer(alias, -1).addHbarTransfer('0.0.2', 1);
    expect(await statusOf(transfer, stage.client)).toBe('INVALID_ACCOUNT_ID');
  });
});

describe('a transfer to an EVM address (HIP-583)', () => {
  it('makes a hollow account, whose owner completes it as payer', async () => {
    const key = PrivateKey.generateECDSA();
    const id = await made(gift(addressed(key)));
    const hollow = await infoOf(id);
    expect(hollow.key).toBeInstanceOf(KeyList);
    expect([...(hollow.key as KeyList)]).toEqual([]);
    expect(hollow.contractAccountId).toBe(key.publicKey.toEvmAddress());
    const client = clientOf(stage.ledger, id.toString(), key);
    const back = new TransferTransaction().addHbarTransfer(id, -1).addHbarTransfer('0.0.2', 1);
    expect(await statusOf(back, client)).toBe('SUCCESS');
    expect((await infoOf(id)).key.toString()).toBe(key.publicKey.toString());
    client.close();
  });

  it('takes nobody else as the owner', async () => {
    const id = await made(gift(addressed(PrivateKey.generateECDSA())));
    const client = clientOf(stage.ledger, id.toString(), PrivateKey.generateECDSA());
    const back = new TransferTransaction().addHbarTransfer(id, -1).addHbarTransfer('0.0.2', 1);
    expect(await statusOf(back, client)).toBe('INVALID_SIGNATURE');
    client.close();
  });

  it('is completed by its signature on what another account pays for', async () => {
    const key = PrivateKey.generateECDSA();
    const id = await made(gift(addressed(key)));
    const transfer = () => new TransferTransaction().addHbarTransfer(id, -1).addHbarTransfer('0.0.2', 1);
    expect(await statusOf(transfer(), stage.client)).toBe('INVALID_SIGNATURE');
    const signed = await transfer().freezeWith(stage.client).sign(key);
    const response = await signed.execute(stage.client);
    const record = await response.getReceiptQuery().setIncludeChildren(true).execute(stage.client);
    expect(record.children.map(({ accountId }) => accountId?.toString())).toEqual([id.toString()]);
    expect((await infoOf(id)).key.toString()).toBe(key.publicKey.toString());
  });

  it('keeps the address from being taken by another account', async () => {
    const key = PrivateKey.generateECDSA();
    await made(gift(addressed(key)));
    const create = new AccountCreateTransaction().setECDSAKeyWithAlias(key);
    expect(await statusOf(create, stage.client)).toBe('ALIAS_ALREADY_ASSIGNED');
  });

  it('is found by its address on the mirror', async () => {
    const key = PrivateKey.generateECDSA();
    const id = await made(gift(addressed(key)));
    const account = await mirrored(`/accounts/0x${key.publicKey.toEvmAddress()}`);
    expect(account).toMatchObject({ account: id.toString(), key: null, max_automatic_token_associations: -1 });
    expect(account.alias).toMatch(/^[A-Z2-7]+$/);
  });

  it('knows an account number in the address, and makes none from it', async () => {
    const known = AccountId.fromEvmAddress(0, 0, '3'.padStart(40, '0'));
    expect(await statusOf(gift(known), stage.client)).toBe('SUCCESS');
    const unknown = AccountId.fromEvmAddress(0, 0, 'ffffff'.padStart(40, '0'));
    expect(await statusOf(gift(unknown), stage.client)).toBe('INVALID_ACCOUNT_ID');
  });

  it('cannot be asked to sign a schedule before its key is known', async () => {
    const key = PrivateKey.generateECDSA();
    const id = await made(gift(addressed(key)));
    const debit = new TransferTransaction().addHbarTransfer(id, -7).addHbarTransfer('0.0.2', 7);
    const schedule = () => new ScheduleCreateTransaction().setScheduledTransaction(debit);
    expect(await statusOf(schedule(), stage.client)).toBe('UNRESOLVABLE_REQUIRED_SIGNERS');
    const signed = await schedule().freezeWith(stage.client).sign(key);
    expect(await statusOf(signed, stage.client)).toBe('SUCCESS');
  });

  it('has the transaction id of the hollow account at once', async () => {
    const key = PrivateKey.generateECDSA();
    const id = await made(gift(addressed(key)));
    const transfer = await new TransferTransaction()
      .setTransactionId(TransactionId.generate(id))
      .addHbarTransfer(id, -1)
      .addHbarTransfer('0.0.2', 1)
      .freezeWith(stage.client)
      .sign(key);
    expect(await statusOf(transfer, stage.client)).toBe('SUCCESS');
  });
});
