import {
  AccountAllowanceApproveTransaction,
  AccountDeleteTransaction,
  Hbar,
  HbarAllowance,
  NftId,
  TokenAllowance,
  TokenAssociateTransaction,
  TokenCreateTransaction,
  type TokenId,
  TokenPauseTransaction,
  TokenSupplyType,
  TokenUnpauseTransaction,
  type Transaction,
  TransferTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rest } from '../mirror/mirror-client.js';
import { newParty, openStage, type Party, type Stage, statusOf } from './support.js';

let stage: Stage;
/** Grants, with tokens of its own. */
let owner: Party;
/** Spends, and pays for it. */
let spender: Party;
let other: Party;
let gone: Party;
let token: TokenId;
let capped: TokenId;

beforeAll(async () => {
  stage = await openStage();
  owner = await newParty(stage, 1_000);
  spender = await newParty(stage, 1_000, -1);
  other = await newParty(stage, 1_000, 1);
  gone = await newParty(stage, 10);
  const remove = new AccountDeleteTransaction().setAccountId(gone.id).setTransferAccountId('0.0.2');
  expect(await statusOf(remove, gone.client)).toBe('SUCCESS');
  token = await newToken(new TokenCreateTransaction().setPauseKey(owner.key.publicKey));
  capped = await newToken(new TokenCreateTransaction().setSupplyType(TokenSupplyType.Finite).setMaxSupply(2_000));
});

afterAll(async () => {
  for (const { client } of [owner, spender, other, gone]) {
    client.close();
  }
  await stage.close();
});

async function newToken(draft: TokenCreateTransaction): Promise<TokenId> {
  draft.setTokenName('T').setTokenSymbol('T').setInitialSupply(1_000).setTreasuryAccountId(owner.id);
  const { tokenId } = await (await draft.execute(owner.client)).getReceipt(owner.client);
  if (tokenId === null) {
    throw new Error('no token in the receipt');
  }
  return tokenId;
}

const byOwner = (transaction: Transaction) => statusOf(transaction, owner.client);
const bySpender = (transaction: Transaction) => statusOf(transaction, spender.client);
const approve = () => new AccountAllowanceApproveTransaction();
const approveHbar = (tinybar: number, to = spender.id) =>
  approve().approveHbarAllowance(owner.id, to, Hbar.fromTinybars(tinybar));
const approveToken = (units: number, of = token, to = spender.id) =>
  approve().approveTokenAllowance(of, owner.id, to, units);
const takeHbar = (tinybar: number, from = owner) =>
  new TransferTransaction()
    .addApprovedHbarTransfer(from.id, Hbar.fromTinybars(-tinybar))
    .addHbarTransfer(spender.id, Hbar.fromTinybars(tinybar));
const takeTokens = (units: number, of = token) =>
  new TransferTransaction().addApprovedTokenTransfer(of, owner.id, -units).addTokenTransfer(of, spender.id, units);

/** What the mirror shows of the owner's allowances, without times. */
async function shown(kind: 'crypto' | 'tokens') {
  const { body } = await rest(stage.ledger.mirror, `/accounts/${owner.id}/allowances/${kind}`);
  return body.allowances.map(({ timestamp, ...allowance }: { timestamp: { from: string; to: null } }) => {
    expect(timestamp).toEqual({ from: expect.stringMatching(/^\d+\.\d{9}$/), to: null });
    return allowance;
  });
}

describe('an allowance of hbar', () => {
  it('lets its spender, who pays, take hbar until it is used up', async () => {
    expect(await byOwner(approveHbar(1_000))).toBe('SUCCESS');
    const response = await takeHbar(600).execute(spender.client);
    const record = await response.getRecord(spender.client);
    const moved = record.transfers.find(({ accountId }) => accountId.equals(owner.id));
    expect(moved).toMatchObject({ isApproved: false });
    expect(`${moved?.amount.toTinybars()}`).toBe('-600');
    const parties = { owner: `${owner.id}`, spender: `${spender.id}` };
    expect(await shown('crypto')).toEqual([{ ...parties, amount: 400, amount_granted: 1_000 }]);
    const { seconds, nanos } = record.consensusTimestamp;
    const at = `${seconds}.${`${nanos}`.padStart(9, '0')}`;
    const { body } = await rest(stage.ledger.mirror, `/transactions?timestamp=${at}`);
    expect(body.transactions[0].transfers).toContainEqual({ account: `${owner.id}`, amount: -600, is_approval: true });
    expect(await bySpender(takeHbar(401))).toBe('AMOUNT_EXCEEDS_ALLOWANCE');
    expect(await bySpender(takeHbar(400))).toBe('SUCCESS');
    expect(await bySpender(takeHbar(1))).toBe('SPENDER_DOES_NOT_HAVE_ALLOWANCE');
    expect(await shown('crypto')).toEqual([]);
  });

  it("is nobody else's to spend, and no signature replaces it", async () => {
    await byOwner(approveHbar(1_000));
    expect(await statusOf(takeHbar(1), other.client)).toBe('SPENDER_DOES_NOT_HAVE_ALLOWANCE');
    const signed = await takeHbar(1).freezeWith(other.client).sign(owner.key);
    expect(await statusOf(signed, other.client)).toBe('SPENDER_DOES_NOT_HAVE_ALLOWANCE');
    const unsigned = new TransferTransaction().addHbarTransfer(owner.id, -1).addHbarTransfer(spender.id, 1);
    expect(await bySpender(unsigned)).toBe('INVALID_SIGNATURE');
  });

  it('does not make the owner richer', async () => {
    const poor = await newParty(stage, 1);
    const grant = approve().approveHbarAllowance(poor.id, spender.id, new Hbar(50));
    expect(await statusOf(await grant.freezeWith(spender.client).sign(poor.key), spender.client)).toBe('SUCCESS');
    expect(await bySpender(takeHbar(200_000_000, poor))).toBe('INSUFFICIENT_ACCOUNT_BALANCE');
    expect(await bySpender(takeHbar(100_000_000, poor))).toBe('SUCCESS');
    poor.client.close();
  });

  it('is replaced by the next, and taken back by one of nothing', async () => {
    expect(await byOwner(approveHbar(5))).toBe('SUCCESS');
    expect(await byOwner(approveHbar(7))).toBe('SUCCESS');
    expect(await shown('crypto')).toMatchObject([{ amount: 7, amount_granted: 7 }]);
    expect(await byOwner(approveHbar(0))).toBe('SUCCESS');
    expect(await shown('crypto')).toEqual([]);
    expect(await byOwner(approveHbar(0, gone.id))).toBe('SUCCESS');
  });
});

describe('an allowance of a token', () => {
  it('lets its spender take units until it is used up', async () => {
    expect(await byOwner(approveToken(100))).toBe('SUCCESS');
    expect(await bySpender(takeTokens(70))).toBe('SUCCESS');
    expect(await shown('tokens')).toEqual([
      { amount: 30, amount_granted: 100, owner: `${owner.id}`, spender: `${spender.id}`, token_id: `${token}` },
    ]);
    expect(await bySpender(takeTokens(31))).toBe('AMOUNT_EXCEEDS_ALLOWANCE');
    expect(await bySpender(takeTokens(30))).toBe('SUCCESS');
    expect(await bySpender(takeTokens(1))).toBe('SPENDER_DOES_NOT_HAVE_ALLOWANCE');
    expect(await bySpender(takeTokens(1, capped))).toBe('SPENDER_DOES_NOT_HAVE_ALLOWANCE');
  });

  it('may be given to oneself', async () => {
    expect(await byOwner(approveToken(4, token, owner.id))).toBe('SUCCESS');
    expect(await byOwner(takeTokens(5))).toBe('AMOUNT_EXCEEDS_ALLOWANCE');
    expect(await byOwner(takeTokens(4))).toBe('SUCCESS');
  });

  it('waits while the token is paused', async () => {
    await byOwner(approveToken(10));
    await byOwner(new TokenPauseTransaction().setTokenId(token));
    expect(await bySpender(takeTokens(1))).toBe('TOKEN_IS_PAUSED');
    expect(await byOwner(approveToken(11))).toBe('TOKEN_IS_PAUSED');
    await byOwner(new TokenUnpauseTransaction().setTokenId(token));
    expect(await bySpender(takeTokens(1))).toBe('SUCCESS');
  });
});

describe('an approval', () => {
  const refused: readonly (readonly [string, () => Transaction, string])[] = [
    ['of nothing', () => approve(), 'EMPTY_ALLOWANCES'],
    ['of less than nothing', () => negativeHbar(), 'NEGATIVE_ALLOWANCE_AMOUNT'],
    ['of less than no units', () => negativeUnits(), 'NEGATIVE_ALLOWANCE_AMOUNT'],
    ['to oneself', () => approveHbar(1, owner.id), 'SPENDER_ACCOUNT_SAME_AS_OWNER'],
    [
      'to nobody',
      () => approve().approveHbarAllowance(owner.id, '0.0.999999', new Hbar(1)),
      'INVALID_ALLOWANCE_SPENDER_ID',
    ],
    ['to a deleted account', () => approveHbar(1, gone.id), 'INVALID_ALLOWANCE_SPENDER_ID'],
    [
      'by nobody',
      () => approve().approveHbarAllowance('0.0.999999', spender.id, new Hbar(1)),
      'INVALID_ALLOWANCE_OWNER_ID',
    ],
    [
      'by another account',
      () => approve().approveHbarAllowance(other.id, spender.id, new Hbar(1)),
      'INVALID_SIGNATURE',
    ],
    [
      'of an unknown token',
      () => approve().approveTokenAllowance('0.0.999999', owner.id, spender.id, 1),
      'INVALID_TOKEN_ID',
    ],
    ['of more units than there can be', () => approveToken(2_001, capped), 'AMOUNT_EXCEEDS_TOKEN_MAX_SUPPLY'],
    [
      'of a fungible token as NFT',
      () => approve().approveTokenNftAllowance(new NftId(token, 1), owner.id, spender.id),
      'FUNGIBLE_TOKEN_IN_NFT_ALLOWANCES',
    ],
    ['of too much at once', () => many(21), 'MAX_ALLOWANCES_EXCEEDED'],
  ];

  /** The SDK refuses negative amounts in its setters, not in its constructor. */
  function negativeHbar(): Transaction {
    const amount = Hbar.fromTinybars(-1);
    const parties = { ownerAccountId: owner.id, spenderAccountId: spender.id };
    return new AccountAllowanceApproveTransaction({ hbarApprovals: [new HbarAllowance({ ...parties, amount })] });
  }

  function negativeUnits(): Transaction {
    const parties = { ownerAccountId: owner.id, spenderAccountId: spender.id, tokenId: token };
    const allowance = TokenAllowance._fromProtobuf({
      ...new TokenAllowance({ ...parties, amount: null })._toProtobuf(),
      amount: -1 as never,
    });
    return new AccountAllowanceApproveTransaction({ tokenApprovals: [allowance] });
  }

  function many(count: number): Transaction {
    const transaction = approve().setMaxTransactionFee(new Hbar(50));
    for (let index = 0; index < count; index++) {
      transaction.approveHbarAllowance(owner.id, spender.id, Hbar.fromTinybars(index + 1));
    }
    return transaction;
  }

  it.each(refused)('%s is refused', async (_what, build, status) => {
    expect(await byOwner(build())).toBe(status);
  });

  it('needs the token associated with the owner', async () => {
    const grant = approve().approveTokenAllowance(capped, other.id, spender.id, 1);
    expect(await statusOf(grant, other.client)).toBe('TOKEN_NOT_ASSOCIATED_TO_ACCOUNT');
    await statusOf(new TokenAssociateTransaction().setAccountId(other.id).setTokenIds([capped]), other.client);
    const again = approve().approveTokenAllowance(capped, other.id, spender.id, 2_000);
    expect(await statusOf(again, other.client)).toBe('SUCCESS');
  });

  it('is refused to an account that has given a hundred', async () => {
    const many = await newParty(stage, 100);
    const status = (spenders: number[]) => {
      const transaction = approve().setMaxTransactionFee(new Hbar(50));
      for (const num of spenders) {
        transaction.approveHbarAllowance(many.id, `0.0.${num}`, Hbar.fromTinybars(1));
      }
      return statusOf(transaction, many.client);
    };
    for (let first = 1; first <= 81; first += 20) {
      expect(await status(Array.from({ length: 20 }, (_, index) => first + index))).toBe('SUCCESS');
    }
    expect(await status([800])).toBe('MAX_ALLOWANCES_EXCEEDED');
    expect(await status([1])).toBe('SUCCESS');
    many.client.close();
  });

  it('costs $0.05 for each allowance', async () => {
    const record = await (await approveHbar(1).execute(owner.client)).getRecord(owner.client);
    expect(record.transactionFee.toTinybars().toNumber()).toBe(41_666_666);
    const two = approveHbar(1).approveTokenAllowance(token, owner.id, spender.id, 1);
    const second = await (await two.execute(owner.client)).getRecord(owner.client);
    expect(second.transactionFee.toTinybars().toNumber()).toBe(83_333_333);
  });
});
