import { gatherBill } from '@gatepost/coordinator/shell/reports/bill-evidence';
import { gatherEvidence } from '@gatepost/coordinator/shell/reports/verify-evidence';
import { verify } from '@gatepost/rules/verify/verify';
import { prepareBatch } from '@gatepost/shared/hedera/batch';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { termsFor } from '@gatepost/shared/hedera/payer-fees';
import { associateToken, createToken, tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { messageTransaction } from '@gatepost/shared/hedera/topics';
import { execute, send } from '@gatepost/shared/hedera/transaction';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { namesOf } from '@gatepost/shared/records/task-names';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import {
  type CustomFee,
  CustomFixedFee,
  CustomFractionalFee,
  FeeAssessmentMethod,
  Hbar,
  TokenCreateTransaction,
  TokenFeeScheduleUpdateTransaction,
  TokenFreezeTransaction,
  TokenPauseTransaction,
  TokenUnfreezeTransaction,
  TokenUnpauseTransaction,
} from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { estimatePlan } from '../src/core/estimate.js';
import { planOf, taskOf } from './core/plans.js';
import { Lane, TestLedger } from './support/stage.js';

const EXECUTORS = {
  work: { command: ['node', '-e', "process.stdin.resume().on('end', () => process.stdout.write('1'))"] },
};
const never = new AbortController().signal;

let ledger: TestLedger;
let lane: Lane;
/** Treasury and key holder of the tokens, and collector of their custom fees. */
let issuer: Connection;
/** Another token of the issuer's, in which custom fees can be paid. */
let other: TokenId;
let names = 0;

/** A token of the issuer's whose fees, pauses and freezes are its too; the coordinator is associated with it. */
async function issue(coordinator: Connection, withKyc = false): Promise<TokenId> {
  const create = new TokenCreateTransaction().setTokenName('T').setTokenSymbol('T').setInitialSupply(1_000_000);
  create.setTreasuryAccountId(issuer.account).setFeeScheduleKey(issuer.key.publicKey);
  create.setPauseKey(issuer.key.publicKey).setFreezeKey(issuer.key.publicKey);
  if (withKyc) create.setKycKey(issuer.key.publicKey);
  const { tokenId } = await send(issuer, create, { maxFeeHbar: 60 });
  const token = `${tokenId}` as TokenId;
  await associateToken(coordinator, token);
  if (!withKyc) await send(issuer, tokenTransfer(issuer, token, [{ to: coordinator.account, amount: 10_000n }]));
  return token;
}

beforeAll(async () => {
  ledger = await TestLedger.start();
  issuer = ledger.operator;
  other = await createToken(issuer, { name: 'O', symbol: 'O', decimals: 0, initialSupply: 1_000n });
  lane = await Lane.open(ledger, EXECUTORS, 1, {}, (coordinator) => issue(coordinator));
}, 120_000);

afterAll(async () => {
  await lane.close();
  await ledger.close();
});

async function setFees(...fees: CustomFee[]): Promise<void> {
  await send(issuer, new TokenFeeScheduleUpdateTransaction().setTokenId(lane.token).setCustomFees(fees), {
    maxFeeHbar: 5,
  });
}

const fixed = (): CustomFixedFee => new CustomFixedFee().setFeeCollectorAccountId(issuer.account);
const tenth = (method: FeeAssessmentMethod): CustomFractionalFee =>
  new CustomFractionalFee()
    .setNumerator(1)
    .setDenominator(10)
    .setAssessmentMethod(method)
    .setFeeCollectorAccountId(issuer.account);

/** A plan of its own, of one task, so that there is one payment. */
function nextPlan() {
  names += 1;
  return planOf([taskOf(`task-${names}`, { gates: [{ kind: 'none' as const }] })]);
}

/** What accounts hold of a token, and hbar of the issuer. */
async function holdings() {
  const { mirror, account } = lane.coordinator.connection;
  const [agent = 0n, own = 0n, others = 0n] = [
    await lane.held(),
    await mirror.tokenBalance(account, lane.token),
    await mirror.tokenBalance(account, other),
  ];
  return { agent, own, others };
}

/** Runs a plan and tells how holdings changed; demands that it is complete, paid once, and clean for `verify`. */
async function pays() {
  const { mirror, account } = lane.coordinator.connection;
  const plan = nextPlan();
  const before = await holdings();
  const proxy = await lane.proxy();
  const { why, summary } = await lane.run(plan, proxy, never);
  proxy.close();
  expect([why, summary.outcome]).toEqual(['closed', 'complete']);
  const after = await holdings();
  const report = verify(await gatherEvidence(mirror, lane.journal), { plan });
  expect(report.findings).toEqual([]);
  const { bill } = await gatherBill(mirror, lane.journal, undefined);
  const estimate = estimatePlan(plan, termsFor(account, await mirror.token(lane.token)));
  return {
    agent: after.agent - before.agent,
    own: after.own - before.own,
    others: after.others - before.others,
    bill,
    least: estimate.least.customFees.map(({ amount }) => amount),
    most: estimate.most.customFees.map(({ amount }) => amount),
    billed: bill.customFees.map(({ unit, collector, amount }) => [unit, collector, amount]),
  };
}

/** How a plan is refused; nothing may be written for it. */
async function refusal(token = lane.token): Promise<string> {
  const before = (await lane.records(undefined)).length;
  const proxy = await lane.proxy();
  const end = lane.run(nextPlan(), proxy, never, { token });
  await expect(end).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  proxy.close();
  expect((await lane.records(undefined)).length).toBe(before);
  return end.then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
}

describe('a token whose treasury is another account pays', () => {
  it('without custom fees', async () => {
    expect(await pays()).toMatchObject({ agent: 10n, own: -10n, billed: [], most: [] });
  });

  it('with a fixed fee in itself: the agent gets its price, the coordinator pays the fee besides', async () => {
    await setFees(fixed().setAmount(3).setDenominatingTokenId(lane.token));
    const { agent, own, billed, least, most, bill } = await pays();
    expect({ agent, own, most }).toEqual({ agent: 10n, own: -13n, most: [3n] });
    expect(billed).toEqual([[lane.token, issuer.account, 3n]]);
    expect(least).toEqual([3n]);
    expect(bill.tokens).toBe(10n);
  });

  it('with fixed fees in hbar and in another token', async () => {
    await associateToken(lane.coordinator.connection, other);
    await send(issuer, tokenTransfer(issuer, other, [{ to: lane.coordinator.connection.account, amount: 100n }]));
    await setFees(fixed().setHbarAmount(Hbar.fromTinybars(5)), fixed().setAmount(2).setDenominatingTokenId(other));
    const { agent, own, others, billed } = await pays();
    expect({ agent, own, others }).toEqual({ agent: 10n, own: -10n, others: -2n });
    expect(billed).toEqual([
      ['hbar', issuer.account, 5n],
      [other, issuer.account, 2n],
    ]);
  });

  it('with a fraction net of transfers: the coordinator pays it besides', async () => {
    await setFees(tenth(FeeAssessmentMethod.Exclusive));
    const { agent, own, billed, most } = await pays();
    expect({ agent, own, most }).toEqual({ agent: 10n, own: -11n, most: [1n] });
    expect(billed).toEqual([[lane.token, issuer.account, 1n]]);
  });

  it('and all these runs together keep every rule, each compared with the fees of its time', async () => {
    const { findings, runs } = verify(await gatherEvidence(issuer.mirror, lane.journal));
    expect(findings).toEqual([]);
    expect(runs.map(({ paid }) => paid)).toEqual([10n, 10n, 10n, 10n]);
  });
});

describe('a plan is refused before anything is written', () => {
  it('when the fee would be taken from the agent', async () => {
    await setFees(tenth(FeeAssessmentMethod.Inclusive));
    expect(await refusal()).toMatch(/1\/10 of each transfer, from who is paid.*nothing was written.*net of transfers/);
  });

  it('when the coordinator holds the prices and not the fees', async () => {
    await setFees(fixed().setAmount(9_950).setDenominatingTokenId(lane.token));
    expect(await refusal()).toMatch(
      /the plan costs at least 9960 of .*, 9950 of .* of it for custom fees.*nothing was started/,
    );
  });

  it('when the token is paused', async () => {
    await send(issuer, new TokenPauseTransaction().setTokenId(lane.token));
    expect(await refusal()).toMatch(/is paused; nothing was written\. Have the holder of its pause key unpause it/);
    await send(issuer, new TokenUnpauseTransaction().setTokenId(lane.token));
  });

  it('when the coordinator is frozen for the token, or lacks its KYC', async () => {
    const { connection } = lane.coordinator;
    const freeze = new TokenFreezeTransaction().setTokenId(lane.token).setAccountId(connection.account);
    await send(issuer, freeze);
    expect(await refusal()).toMatch(/is frozen for .*; nothing was written\. Have the holder of the freeze or KYC key/);
    const thaw = new TokenUnfreezeTransaction().setTokenId(lane.token).setAccountId(connection.account);
    await send(issuer, thaw);
    const kyc = await issue(connection, true);
    expect(await refusal(kyc)).toMatch(
      /has no KYC for .*; nothing was written\. Have the holder of the freeze or KYC key/,
    );
  });
});

it('a coordinator that sends a collector more than its fee is found out, to the unit', async () => {
  await setFees(fixed().setAmount(3).setDenominatingTokenId(lane.token));
  const { connection } = lane.coordinator;
  const [agent] = lane.agents.map((member) => member.connection.account);
  if (agent === undefined) throw new Error('no agent');
  const { journal, token } = lane;
  const say = (...records: AnyRecord[]) =>
    packRecords('cheat', records, namesOf(['a'])).map((message) => messageTransaction(journal, message));
  const digest = '0'.repeat(64);
  for (const opening of say({ type: 'run_opened', plan_sha256: digest, name: 'cheat', tasks: 1, token })) {
    await send(connection, opening);
  }
  const transfer = connection.nextTransactionId();
  const payees = [
    { to: agent, amount: 10n },
    { to: issuer.account, amount: 5n },
  ];
  const payments = [{ task: 'a', attempt: 1, to: agent, amount: '10' }];
  const inner = [tokenTransfer(connection, token, payees), ...say({ type: 'settled', token, transfer, payments })];
  requireDone(await execute(connection, await prepareBatch(connection, inner, { innerIds: [transfer] })));
  const { mirror } = connection;
  await expect.poll(async () => (await mirror.transaction(transfer)).length).toBe(1);
  const { findings } = verify(await gatherEvidence(mirror, journal), { run: 'cheat' });
  const ofMoney = findings.filter(({ rule }) => /^(custom|transfer)-/.test(rule));
  expect(ofMoney).toMatchObject([
    { rule: 'transfer-unrecorded', message: `5 to ${issuer.account} ${token} moved in the batch and are not recorded` },
  ]);
});
