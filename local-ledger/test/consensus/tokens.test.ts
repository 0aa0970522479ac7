import {
  AccountDeleteTransaction,
  AccountInfoQuery,
  PrivateKey,
  TokenAssociateTransaction,
  TokenBurnTransaction,
  TokenCreateTransaction,
  TokenDeleteTransaction,
  TokenDissociateTransaction,
  TokenFreezeTransaction,
  TokenGrantKycTransaction,
  TokenId,
  TokenInfoQuery,
  TokenMintTransaction,
  TokenPauseTransaction,
  TokenRevokeKycTransaction,
  TokenSupplyType,
  TokenUnfreezeTransaction,
  TokenUnpauseTransaction,
  TokenUpdateTransaction,
  TokenWipeTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Party, type Stage, statusOf } from './support.js';

let stage: Stage;
let bob: Party;

beforeAll(async () => {
  stage = await openStage();
  bob = await newParty(stage, 100);
});

afterAll(async () => {
  bob.client.close();
  await stage.close();
});

const missing = TokenId.fromString('0.0.999999');
type Change = (token: TokenCreateTransaction) => TokenCreateTransaction;
const draft = () =>
  new TokenCreateTransaction()
    .setTokenName('Work')
    .setTokenSymbol('WRK')
    .setDecimals(2)
    .setInitialSupply(1_000)
    .setTreasuryAccountId('0.0.2');
const own = () => stage.operatorKey.publicKey;
const withAllKeys: Change = (token) =>
  token.setAdminKey(own()).setSupplyKey(own()).setFreezeKey(own()).setWipeKey(own()).setPauseKey(own());

async function newToken(change: Change = (token) => token): Promise<TokenId> {
  const response = await change(draft()).execute(stage.client);
  return (await response.getReceipt(stage.client)).tokenId ?? missing;
}

const run = (transaction: Transaction) => statusOf(transaction, stage.client);
const runAsBob = (transaction: Transaction) => statusOf(transaction, bob.client);
const associate = (...tokens: TokenId[]) => new TokenAssociateTransaction().setAccountId(bob.id).setTokenIds(tokens);
const dissociate = (...tokens: TokenId[]) => new TokenDissociateTransaction().setAccountId(bob.id).setTokenIds(tokens);
const give = (token: TokenId, amount: number, to: Party = bob) =>
  new TransferTransaction().addTokenTransfer(token, '0.0.2', -amount).addTokenTransfer(token, to.id, amount);
const info = (token: TokenId) => new TokenInfoQuery().setTokenId(token).execute(stage.client);

describe('TokenCreate', () => {
  const refused: readonly (readonly [string, Change, string])[] = [
    ['no name', (token) => token.setTokenName(''), 'MISSING_TOKEN_NAME'],
    ['a long name', (token) => token.setTokenName('é'.repeat(51)), 'TOKEN_NAME_TOO_LONG'],
    ['no symbol', (token) => token.setTokenSymbol(''), 'MISSING_TOKEN_SYMBOL'],
    ['a long symbol', (token) => token.setTokenSymbol('x'.repeat(101)), 'TOKEN_SYMBOL_TOO_LONG'],
    ['a NUL', (token) => token.setTokenName('a\0b'), 'INVALID_ZERO_BYTE_IN_STRING'],
    [
      'a supply above the maximum',
      (token) => token.setSupplyType(TokenSupplyType.Finite).setMaxSupply(10),
      'INVALID_TOKEN_INITIAL_SUPPLY',
    ],
    ['a maximum without bound', (token) => token.setMaxSupply(10_000), 'INVALID_TOKEN_MAX_SUPPLY'],
    ['a bound without maximum', (token) => token.setSupplyType(TokenSupplyType.Finite), 'INVALID_TOKEN_MAX_SUPPLY'],
    ['a default freeze without key', (token) => token.setFreezeDefault(true), 'TOKEN_HAS_NO_FREEZE_KEY'],
    ['an unknown treasury', (token) => token.setTreasuryAccountId('0.0.999999'), 'INVALID_ACCOUNT_ID'],
    ['a treasury that did not sign', (token) => token.setTreasuryAccountId(bob.id), 'INVALID_SIGNATURE'],
    [
      'an admin that did not sign',
      (token) => token.setAdminKey(PrivateKey.generateED25519().publicKey),
      'INVALID_SIGNATURE',
    ],
    ['an unknown renewer', (token) => token.setAutoRenewAccountId('0.0.999999'), 'INVALID_AUTORENEW_ACCOUNT'],
    ['a long memo', (token) => token.setTokenMemo('x'.repeat(101)), 'MEMO_TOO_LONG'],
  ];
  it.each(refused)('refuses %s', async (_what, change, status) => {
    expect(await run(change(draft()))).toBe(status);
  });

  it('gives the supply to the treasury, associated by itself', async () => {
    const response = await draft().execute(stage.client);
    const record = await response.getRecord(stage.client);
    const token = record.receipt.tokenId?.toString() ?? '';
    expect(record.automaticTokenAssociations.map(({ tokenId }) => tokenId?.toString())).toEqual([token]);
    expect(record.tokenTransfers.get(token)?.get('0.0.2')?.toString()).toBe('1000');
  });
});

describe('association', () => {
  it('is made once, for existing tokens, by the account', async () => {
    const token = await newToken();
    expect(await run(associate(token))).toBe('INVALID_SIGNATURE');
    expect(await run(give(token, 1))).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    expect(await runAsBob(associate(token))).toBe('SUCCESS');
    expect(await runAsBob(associate(token))).toBe('TOKEN_ALREADY_ASSOCIATED_TO_ACCOUNT');
    expect(await runAsBob(associate(token, token))).toBe('TOKEN_ID_REPEATED_IN_TOKEN_LIST');
    expect(await runAsBob(associate(missing))).toBe('INVALID_TOKEN_ID');
  });

  it('ends only with nothing left', async () => {
    const token = await newToken();
    await runAsBob(associate(token));
    expect(await run(give(token, 1))).toBe('SUCCESS');
    expect(await runAsBob(dissociate(token))).toBe('TRANSACTION_REQUIRES_ZERO_TOKEN_BALANCES');
    const back = new TransferTransaction().addTokenTransfer(token, bob.id, -1).addTokenTransfer(token, '0.0.2', 1);
    expect(await runAsBob(back)).toBe('SUCCESS');
    expect(await runAsBob(dissociate(token))).toBe('SUCCESS');
    expect(await runAsBob(dissociate(token))).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    const treasury = new TokenDissociateTransaction().setAccountId('0.0.2').setTokenIds([token]);
    expect(await run(treasury)).toBe('ACCOUNT_IS_TREASURY');
  });

  it('is automatic while slots last, at the cost of who pays the transfer', async () => {
    const carol = await newParty(stage, 1, 1);
    const [first, second] = [await newToken(), await newToken()];
    const payer = await newParty(stage, 100);
    const signed = await give(first, 5, carol).freezeWith(payer.client).sign(stage.operatorKey);
    const response = await signed.execute(payer.client);
    const record = await response.getRecord(payer.client);
    expect(record.automaticTokenAssociations).toHaveLength(1);
    expect(record.transactionFee.toTinybars().toString()).toBe('42583332');
    expect(await run(give(second, 5, carol))).toBe('NO_REMAINING_AUTOMATIC_ASSOCIATIONS');
    const open = await newParty(stage, 1, -1);
    expect(await run(give(first, 5, open))).toBe('SUCCESS');
    expect(await run(give(second, 5, open))).toBe('SUCCESS');
    const relations = (await new AccountInfoQuery().setAccountId(open.id).execute(stage.client)).tokenRelationships;
    expect(relations.get(first)?.automaticAssociation).toBe(true);
    payer.client.close();
    carol.client.close();
    open.client.close();
  });
});

describe('moving', () => {
  it('refuses what the holder does not have, too many entries, and wrong decimals', async () => {
    const token = await newToken();
    await runAsBob(associate(token));
    expect(await run(give(token, 1_001))).toBe('INSUFFICIENT_TOKEN_BALANCE');
    const exact = new TransferTransaction()
      .addTokenTransferWithDecimals(token, '0.0.2', -1, 3)
      .addTokenTransferWithDecimals(token, bob.id, 1, 3);
    expect(await run(exact)).toBe('UNEXPECTED_TOKEN_DECIMALS');
    const many = new TransferTransaction().addTokenTransfer(token, '0.0.2', -10);
    for (let num = 10; num < 20; num++) {
      many.addTokenTransfer(token, `0.0.${num}`, 1);
    }
    expect(await run(many)).toBe('TOKEN_TRANSFER_LIST_SIZE_LIMIT_EXCEEDED');
    const uneven = new TransferTransaction().addTokenTransfer(token, '0.0.2', -1);
    expect(await run(uneven)).toBe('TRANSFERS_NOT_ZERO_SUM_FOR_TOKEN');
  });
});

describe('supply', () => {
  it('grows by minting, up to the maximum, and shrinks by burning and wiping', async () => {
    const token = await newToken((t) => withAllKeys(t).setSupplyType(TokenSupplyType.Finite).setMaxSupply(1_500));
    const mint = (amount: number) => new TokenMintTransaction().setTokenId(token).setAmount(amount);
    const burn = (amount: number) => new TokenBurnTransaction().setTokenId(token).setAmount(amount);
    const wipe = (account: Party['id'] | string, amount: number) =>
      new TokenWipeTransaction().setTokenId(token).setAccountId(account).setAmount(amount);
    const minted = await (await mint(500).execute(stage.client)).getReceipt(stage.client);
    expect(minted.totalSupply?.toString()).toBe('1500');
    expect(await run(mint(1))).toBe('TOKEN_MAX_SUPPLY_REACHED');
    expect(await runAsBob(mint(1))).toBe('INVALID_SIGNATURE');
    const burned = await (await burn(300).execute(stage.client)).getReceipt(stage.client);
    expect(burned.totalSupply?.toString()).toBe('1200');
    await runAsBob(associate(token));
    await run(give(token, 100));
    expect(await run(burn(1_150))).toBe('INSUFFICIENT_TOKEN_BALANCE');
    expect(await run(wipe('0.0.2', 1))).toBe('CANNOT_WIPE_TOKEN_TREASURY_ACCOUNT');
    expect(await run(wipe(bob.id, 101))).toBe('INVALID_WIPING_AMOUNT');
    expect(await run(wipe(bob.id, 100))).toBe('SUCCESS');
    expect((await info(token)).totalSupply.toString()).toBe('1100');
  });

  it('is fixed without a supply key', async () => {
    const token = await newToken();
    expect(await run(new TokenMintTransaction().setTokenId(token).setAmount(1))).toBe('TOKEN_HAS_NO_SUPPLY_KEY');
    const wipe = new TokenWipeTransaction().setTokenId(token).setAccountId(bob.id).setAmount(1);
    expect(await run(wipe)).toBe('TOKEN_HAS_NO_WIPE_KEY');
  });
});

describe('freeze, KYC and pause', () => {
  it('stop an account, and let it go on', async () => {
    const token = await newToken(withAllKeys);
    await runAsBob(associate(token));
    const freeze = () => new TokenFreezeTransaction().setTokenId(token).setAccountId(bob.id);
    const unfreeze = () => new TokenUnfreezeTransaction().setTokenId(token).setAccountId(bob.id);
    expect(await runAsBob(freeze())).toBe('INVALID_SIGNATURE');
    expect(await run(freeze())).toBe('SUCCESS');
    expect(await run(give(token, 1))).toBe('ACCOUNT_FROZEN_FOR_TOKEN');
    expect(await run(unfreeze())).toBe('SUCCESS');
    expect(await run(give(token, 1))).toBe('SUCCESS');
    const plain = await newToken();
    const other = new TokenFreezeTransaction().setTokenId(plain).setAccountId(bob.id);
    expect(await run(other)).toBe('TOKEN_HAS_NO_FREEZE_KEY');
  });

  it('ask for KYC first', async () => {
    const token = await newToken((t) => t.setKycKey(own()));
    await runAsBob(associate(token));
    expect(await run(give(token, 1))).toBe('ACCOUNT_KYC_NOT_GRANTED_FOR_TOKEN');
    expect(await run(new TokenGrantKycTransaction().setTokenId(token).setAccountId(bob.id))).toBe('SUCCESS');
    expect(await run(give(token, 1))).toBe('SUCCESS');
    expect(await run(new TokenRevokeKycTransaction().setTokenId(token).setAccountId(bob.id))).toBe('SUCCESS');
    expect(await run(give(token, 1))).toBe('ACCOUNT_KYC_NOT_GRANTED_FOR_TOKEN');
  });

  it('stop the whole token', async () => {
    const token = await newToken(withAllKeys);
    await runAsBob(associate(token));
    expect(await run(new TokenPauseTransaction().setTokenId(token))).toBe('SUCCESS');
    expect(await run(give(token, 1))).toBe('TOKEN_IS_PAUSED');
    expect(await run(new TokenMintTransaction().setTokenId(token).setAmount(1))).toBe('TOKEN_IS_PAUSED');
    expect(await run(new TokenUnpauseTransaction().setTokenId(token))).toBe('SUCCESS');
    expect(await run(give(token, 1))).toBe('SUCCESS');
  });
});

describe('TokenUpdate and TokenDelete', () => {
  it('need the admin key', async () => {
    const token = await newToken(withAllKeys);
    const fixed = await newToken();
    const rename = (id: TokenId) => new TokenUpdateTransaction().setTokenId(id).setTokenName('Renamed');
    expect(await run(rename(fixed))).toBe('TOKEN_IS_IMMUTABLE');
    expect(await runAsBob(rename(token))).toBe('INVALID_SIGNATURE');
    expect(await run(rename(token))).toBe('SUCCESS');
    expect((await info(token)).name).toBe('Renamed');
    expect(await run(new TokenDeleteTransaction().setTokenId(fixed))).toBe('TOKEN_IS_IMMUTABLE');
    expect(await run(new TokenDeleteTransaction().setTokenId(token))).toBe('SUCCESS');
    expect(await run(new TokenDeleteTransaction().setTokenId(token))).toBe('TOKEN_WAS_DELETED');
    expect(await runAsBob(associate(token))).toBe('TOKEN_WAS_DELETED');
    expect((await info(token)).isDeleted).toBe(true);
  });

  it('move the treasury with its balance', async () => {
    const token = await newToken(withAllKeys);
    await runAsBob(associate(token));
    const move = () =>
      new TokenUpdateTransaction().setTokenId(token).setTreasuryAccountId(bob.id).freezeWith(stage.client);
    expect(await run(move())).toBe('INVALID_SIGNATURE');
    expect(await run(await move().sign(bob.key))).toBe('SUCCESS');
    expect((await info(token)).treasuryAccountId?.toString()).toBe(bob.id.toString());
    const remove = new AccountDeleteTransaction().setAccountId(bob.id).setTransferAccountId('0.0.2');
    expect(await runAsBob(remove)).toBe('ACCOUNT_IS_TREASURY');
  });

  it('let the holder of a role hand it on', async () => {
    const [old, next] = [PrivateKey.generateED25519(), PrivateKey.generateED25519()];
    const token = await newToken((t) => t.setSupplyKey(old.publicKey));
    const hand = () =>
      new TokenUpdateTransaction().setTokenId(token).setSupplyKey(next.publicKey).freezeWith(stage.client);
    expect(await run(await hand().sign(old))).toBe('INVALID_SIGNATURE');
    expect(await run(await (await hand().sign(old)).sign(next))).toBe('SUCCESS');
    const mint = () => new TokenMintTransaction().setTokenId(token).setAmount(1).freezeWith(stage.client);
    expect(await run(await mint().sign(old))).toBe('INVALID_SIGNATURE');
    expect(await run(await mint().sign(next))).toBe('SUCCESS');
  });
});
