import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import { CustomFixedFee, CustomFractionalFee, FeeAssessmentMethod, Hbar, TokenCreateTransaction } from '@hashgraph/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lookAtTokenFees } from '../src/doctor/token-looks.js';
import { generateAccountKey, parseAccountKey } from '../src/hedera/account-key.js';
import { createAccount } from '../src/hedera/accounts.js';
import { type Connection, connect } from '../src/hedera/connection.js';
import { associateToken } from '../src/hedera/tokens.js';
import { send } from '../src/hedera/transaction.js';
import { accountId, type TokenId } from '../src/vocabulary/ids.js';

let ledger: Ledger;
let issuer: Connection;
let payer: Connection;

beforeAll(async () => {
  ledger = await startLedger({ ports: { fees: false, control: false } });
  const { consensus, mirrorGrpc, mirrorRest } = ledger.ports;
  const network = {
    name: 'local' as const,
    node: `127.0.0.1:${consensus}`,
    mirrorGrpc: `127.0.0.1:${mirrorGrpc}`,
    mirrorRest: `http://127.0.0.1:${mirrorRest}`,
  };
  const key = parseAccountKey(ledger.operator.privateKey, 'operator');
  issuer = connect(network, accountId(ledger.operator.accountId), key);
  const own = generateAccountKey();
  payer = connect(network, await createAccount(issuer, own.key.publicKey, 100), own.key);
});

afterAll(async () => {
  issuer.close();
  payer.close();
  await ledger.close();
});

const token = async (
  fees: readonly (CustomFixedFee | CustomFractionalFee)[],
  isChangeable = false,
): Promise<TokenId> => {
  const create = new TokenCreateTransaction().setTokenName('T').setTokenSymbol('T').setInitialSupply(1_000);
  create.setTreasuryAccountId(issuer.account).setCustomFees([...fees]);
  if (isChangeable) create.setFeeScheduleKey(issuer.key.publicKey);
  const { tokenId } = await send(issuer, create, { maxFeeHbar: 60 });
  if (tokenId === undefined) throw new Error('no token');
  return tokenId as unknown as TokenId;
};

const fraction = () =>
  new CustomFractionalFee().setNumerator(1).setDenominator(10).setFeeCollectorAccountId(issuer.account);

const look = async (connection: Connection, id: TokenId) =>
  (await lookAtTokenFees(connection, `${id}` as TokenId)).map(({ id: found, detail }) => [found, detail]);

it('a fee out of what is sent is an error, whatever else is owed; the treasury owes none', async () => {
  const net = fraction().setAssessmentMethod(FeeAssessmentMethod.Exclusive);
  const fixed = new CustomFixedFee().setHbarAmount(Hbar.fromTinybars(5)).setFeeCollectorAccountId(issuer.account);
  const id = await token([fixed, fraction(), net]);
  const [[problem, detail] = []] = await look(payer, id);
  expect(problem).toBe('token-fees.from-payee');
  expect(detail).toContain('1/10 of each transfer, from who is paid');
  expect(detail).toContain(`${payer.account} is not exempt`);
  expect(await look(issuer, id)).toEqual([['token-fees', `${id} takes nothing from ${issuer.account}`]]);
});

it('fees that the payer bears are named with their amounts, as a warning', async () => {
  const own = new CustomFixedFee().setAmount(3).setDenominatingTokenToSameToken();
  own.setFeeCollectorAccountId(issuer.account);
  const net = fraction().setAssessmentMethod(FeeAssessmentMethod.Exclusive);
  const id = await token([own, net]);
  const [[problem, detail] = []] = await look(payer, id);
  expect(problem).toBe('token-fees.owed');
  expect(detail).toContain(`3 of ${id} with each transfer`);
  expect(detail).toContain('1/10 of each transfer, from who pays');
});

it('a fee in another token is an error when the payer cannot hold that, or when that takes fees itself', async () => {
  const feeIn = (unit: TokenId) =>
    token([new CustomFixedFee().setAmount(2).setDenominatingTokenId(unit).setFeeCollectorAccountId(issuer.account)]);
  const unit = await token([]);
  const paid = await feeIn(unit);
  const [[problem, detail] = []] = await look(payer, paid);
  expect([problem, detail]).toEqual(['token-fees.unpayable', expect.stringMatching(/is not associated with/)]);
  const found = (await look(payer, await feeIn(paid))).map(([id]) => id);
  expect(found).toEqual(['token-fees.nested', 'token-fees.owed']);
  await associateToken(payer, unit);
  expect((await look(payer, paid)).map(([id]) => id)).toEqual(['token-fees.owed']);
});

it('of a token whose fees may yet change, others than the treasury are warned', async () => {
  const id = await token([], true);
  expect((await look(payer, id)).map(([found]) => found)).toEqual(['token-fees.changeable']);
  expect((await look(payer, await token([]))).map(([found]) => found)).toEqual(['token-fees']);
});
