import {
  AccountDeleteTransaction,
  KeyList,
  Long,
  PrivateKey,
  Timestamp,
  TokenAssociateTransaction,
  TokenBurnTransaction,
  TokenCreateTransaction,
  TokenDeleteTransaction,
  TokenDissociateTransaction,
  TokenFreezeTransaction,
  TokenGrantKycTransaction,
  type TokenId,
  TokenInfoQuery,
  TokenMintTransaction,
  TokenRevokeKycTransaction,
  TokenUnfreezeTransaction,
  TokenUpdateTransaction,
  TokenWipeTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Party, type Stage, statusOf } from '../consensus/support.js';

let stage: Stage;
let alice: Party;

beforeAll(async () => {
  stage = await openStage();
  alice = await newParty(stage, 1_000);
});

afterAll(async () => {
  alice.client.close();
  await stage.close();
});

const run = (transaction: Transaction) => statusOf(transaction, stage.client);
const runAsAlice = (transaction: Transaction) => statusOf(transaction, alice.client);
const draft = () =>
  new TokenCreateTransaction().setTokenName('Token').setTokenSymbol('T').setTreasuryAccountId('0.0.2');

async function created(transaction: TokenCreateTransaction): Promise<TokenId> {
  const { tokenId } = await (await transaction.execute(stage.client)).getReceipt(stage.client);
  if (tokenId === null) {
    throw new Error('no token in the receipt');
  }
  return tokenId;
}

const infoOf = (id: TokenId) => new TokenInfoQuery().setTokenId(id).execute(stage.client);

/** A token with every role held by the operator. */
const managed = () => {
  const key = stage.operatorKey.publicKey;
  return draft().setAdminKey(key).setSupplyKey(key).setFreezeKey(key).setKycKey(key).setWipeKey(key).setPauseKey(key);
};

describe('TokenCreate', () => {
  it('refuses any auto-renew period out of range as INVALID_RENEWAL_PERIOD', async () => {
    for (const period of [0, -1, 2_591_999, 8_000_002, Long.MAX_VALUE, Long.MIN_VALUE]) {
      expect(await run(draft().setAutoRenewPeriod(period)), `${period}`).toBe('INVALID_RENEWAL_PERIOD');
    }
    for (const period of [2_592_000, 8_000_001]) {
      const id = await created(draft().setAutoRenewPeriod(period));
      expect((await infoOf(id)).autoRenewPeriod?.seconds.toNumber()).toBe(period);
    }
  });

  it('wants an auto-renew account that exists, not deleted, and signed by it', async () => {
    const gone = await newParty(stage, 1);
    expect(await run(draft().setAutoRenewAccountId('123.456.789'))).toBe('INVALID_AUTORENEW_ACCOUNT');
    expect(await run(draft().setAutoRenewAccountId(alice.id))).toBe('INVALID_SIGNATURE');
    const deletion = new AccountDeleteTransaction().setAccountId(gone.id).setTransferAccountId('0.0.2');
    expect(await statusOf(deletion, gone.client)).toBe('SUCCESS');
    const create = draft().setAutoRenewAccountId(gone.id).freezeWith(stage.client);
    expect(await run(await create.sign(gone.key))).toBe('INVALID_AUTORENEW_ACCOUNT');
    gone.client.close();
  });

  it('says what the treasury lacks', async () => {
    const create = new TokenCreateTransaction().setTokenName('Token').setTokenSymbol('T');
    expect(await run(create)).toBe('INVALID_TREASURY_ACCOUNT_FOR_TOKEN');
    expect(await run(draft().setTreasuryAccountId('123.456.789'))).toBe('INVALID_ACCOUNT_ID');
    expect(await run(draft().setTreasuryAccountId(alice.id))).toBe('INVALID_SIGNATURE');
  });

  it('takes the bounds of a signed 64-bit supply', async () => {
    expect(await run(draft().setInitialSupply(Long.MAX_VALUE))).toBe('SUCCESS');
    expect(await run(draft().setInitialSupply(Long.fromString('9223372036854775808', true)))).toBe(
      'INVALID_TOKEN_INITIAL_SUPPLY',
    );
    expect(await run(draft().setDecimals(2_147_483_648))).toBe('INVALID_TOKEN_DECIMALS');
  });
});

describe('TokenUpdate', () => {
  it('calls a token without any key immutable, whatever the update', async () => {
    const id = await created(draft());
    const key = PrivateKey.generateED25519().publicKey;
    const update = () => new TokenUpdateTransaction().setTokenId(id);
    expect(await run(update())).toBe('SUCCESS');
    expect(await run(update().setTokenName('Other'))).toBe('TOKEN_IS_IMMUTABLE');
    expect(await run(update().setKycKey(key))).toBe('TOKEN_IS_IMMUTABLE');
    expect(await run(update().setSupplyKey(key))).toBe('TOKEN_IS_IMMUTABLE');
    expect(await run(update().setFreezeKey(key))).toBe('TOKEN_IS_IMMUTABLE');
  });

  it('names the missing role of a token that has an admin', async () => {
    const id = await created(draft().setAdminKey(stage.operatorKey.publicKey));
    const key = PrivateKey.generateED25519().publicKey;
    const update = new TokenUpdateTransaction().setTokenId(id).setWipeKey(key);
    expect(await run(update)).toBe('TOKEN_HAS_NO_WIPE_KEY');
  });

  it('refuses unusable keys in precheck', async () => {
    const id = await created(managed());
    const unusable = new KeyList([PrivateKey.generateED25519().publicKey], 3);
    await expect(new TokenUpdateTransaction().setTokenId(id).setKycKey(unusable).execute(stage.client)).rejects.toThrow(
      'INVALID_KYC_KEY',
    );
  });

  it('makes a new treasury fit to hold the token', async () => {
    const id = await created(managed().setInitialSupply(100).setFreezeDefault(true));
    const associate = new TokenAssociateTransaction().setAccountId(alice.id).setTokenIds([id]);
    expect(await runAsAlice(associate)).toBe('SUCCESS');
    const update = await new TokenUpdateTransaction()
      .setTokenId(id)
      .setTreasuryAccountId(alice.id)
      .freezeWith(stage.client)
      .sign(alice.key);
    const receipt = await (await update.execute(stage.client)).getReceipt(stage.client);
    expect(receipt.tokenId).toBeNull();
    expect((await infoOf(id)).treasuryAccountId?.toString()).toBe(alice.id.toString());
    expect(await run(new TokenMintTransaction().setTokenId(id).setAmount(1))).toBe('SUCCESS');
  });

  it('extends the expiry, in whole seconds', async () => {
    const id = await created(managed());
    const { expirationTime } = await infoOf(id);
    const seconds = expirationTime?.seconds ?? Long.ZERO;
    const update = (at: Long) => new TokenUpdateTransaction().setTokenId(id).setExpirationTime(new Timestamp(at, 0));
    expect(expirationTime?.nanos.toNumber()).toBe(0);
    expect(await run(update(seconds))).toBe('SUCCESS');
    expect(await run(update(seconds.sub(1)))).toBe('EXPIRATION_REDUCTION_NOT_ALLOWED');
    expect(await run(update(Long.ZERO))).toBe('INVALID_EXPIRATION_TIME');
  });

  it('refuses to take the auto-renew account away', async () => {
    const id = await created(managed());
    const update = new TokenUpdateTransaction().setTokenId(id).setAutoRenewAccountId('0.0.0');
    expect(await run(update)).toBe('INVALID_AUTORENEW_ACCOUNT');
  });
});

describe('a missing role key', () => {
  it('is told after the state of the token', async () => {
    const id = await created(draft().setAdminKey(stage.operatorKey.publicKey).setInitialSupply(10));
    const mint = () => new TokenMintTransaction().setTokenId(id).setAmount(1);
    const burn = () => new TokenBurnTransaction().setTokenId(id).setAmount(1);
    const wipe = () => new TokenWipeTransaction().setTokenId(id).setAccountId(alice.id).setAmount(1);
    expect(await run(mint())).toBe('TOKEN_HAS_NO_SUPPLY_KEY');
    expect(await run(burn())).toBe('TOKEN_HAS_NO_SUPPLY_KEY');
    expect(await run(wipe())).toBe('TOKEN_HAS_NO_WIPE_KEY');
    const receipt = await (await new TokenDeleteTransaction().setTokenId(id).execute(stage.client)).getReceipt(
      stage.client,
    );
    expect(receipt.tokenId).toBeNull();
    expect(await run(mint())).toBe('TOKEN_WAS_DELETED');
    expect(await run(burn())).toBe('TOKEN_WAS_DELETED');
    expect(await run(wipe())).toBe('TOKEN_WAS_DELETED');
  });
});

describe('TokenDissociate', () => {
  const dissociate = (...ids: (TokenId | string)[]) =>
    new TokenDissociateTransaction().setAccountId(alice.id).setTokenIds(ids);

  it('says of any token that the account does not hold that it is not associated', async () => {
    const id = await created(draft());
    expect(await runAsAlice(dissociate('123.456.789'))).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    expect(await runAsAlice(dissociate(id))).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    expect(await runAsAlice(dissociate(id, id))).toBe('TOKEN_ID_REPEATED_IN_TOKEN_LIST');
    expect(await runAsAlice(dissociate())).toBe('SUCCESS');
  });

  it('lets go of a deleted token with its balance', async () => {
    const id = await created(draft().setAdminKey(stage.operatorKey.publicKey).setInitialSupply(10));
    await runAsAlice(new TokenAssociateTransaction().setAccountId(alice.id).setTokenIds([id]));
    await run(new TransferTransaction().addTokenTransfer(id, '0.0.2', -5).addTokenTransfer(id, alice.id, 5));
    expect(await runAsAlice(dissociate(id))).toBe('TRANSACTION_REQUIRES_ZERO_TOKEN_BALANCES');
    await run(new TokenDeleteTransaction().setTokenId(id));
    expect(await runAsAlice(dissociate(id))).toBe('SUCCESS');
  });
});

describe('KYC and freeze', () => {
  it('grants, revokes and freezes nothing for a frozen account', async () => {
    const id = await created(managed());
    const target = {
      freeze: () => new TokenFreezeTransaction().setTokenId(id).setAccountId(alice.id),
      unfreeze: () => new TokenUnfreezeTransaction().setTokenId(id).setAccountId(alice.id),
      grant: () => new TokenGrantKycTransaction().setTokenId(id).setAccountId(alice.id),
      revoke: () => new TokenRevokeKycTransaction().setTokenId(id).setAccountId(alice.id),
    };
    expect(await run(target.grant())).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    await runAsAlice(new TokenAssociateTransaction().setAccountId(alice.id).setTokenIds([id]));
    expect(await run(target.freeze())).toBe('SUCCESS');
    expect(await run(target.freeze())).toBe('ACCOUNT_FROZEN_FOR_TOKEN');
    expect(await run(target.grant())).toBe('ACCOUNT_FROZEN_FOR_TOKEN');
    expect(await run(target.revoke())).toBe('ACCOUNT_FROZEN_FOR_TOKEN');
    expect(await run(target.unfreeze())).toBe('SUCCESS');
    expect(await run(target.grant())).toBe('SUCCESS');
  });
});

describe('a transfer of tokens', () => {
  it('names an unknown token before a missing signature', async () => {
    const transfer = new TransferTransaction()
      .addTokenTransfer('0.0.999999', alice.id, -1)
      .addTokenTransfer('0.0.999999', '0.0.2', 1);
    expect(await run(transfer)).toBe('INVALID_TOKEN_ID');
  });
});
