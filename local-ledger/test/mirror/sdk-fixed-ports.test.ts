import { FeeEstimateQuery, Hbar, MirrorNodeAccountBalanceQuery, TransferTransaction } from '@hashgraph/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newParty, openStage, type Stage } from '../consensus/support.js';

/** For a local network the SDK reads REST from port 5551, and fee estimates from 8084, whatever it was told. */
const PORTS = { mirrorRest: 5551, fees: 8084 };

describe('what the SDK asks of REST on its fixed ports', () => {
  let stage: Stage | undefined;

  beforeAll(async () => {
    stage = await openStage({ ports: PORTS }).catch((cause: NodeJS.ErrnoException) => {
      // Another ledger on this machine has them; its tests are not ours.
      if (cause.code === 'EADDRINUSE') return undefined;
      throw cause;
    });
  });
  afterAll(() => stage?.close());

  it('MirrorNodeAccountBalanceQuery', async ({ skip }) => {
    if (stage === undefined) return skip('ports 5551 and 8084 are taken');
    const bob = await newParty(stage, 5);
    const balance = await new MirrorNodeAccountBalanceQuery().setAccountId(bob.id).execute(stage.client);
    expect(balance.hbars.toString()).toBe('5 ℏ');
    bob.client.close();
  });

  it('FeeEstimateQuery', async ({ skip }) => {
    if (stage === undefined) return skip('ports 5551 and 8084 are taken');
    const transfer = new TransferTransaction()
      .addHbarTransfer('0.0.2', new Hbar(-1))
      .addHbarTransfer('0.0.3', new Hbar(1));
    const estimate = await new FeeEstimateQuery().setTransaction(transfer).execute(stage.client);
    // $0.0001 = 1,000,000 tinycents: node 100,000 and network nine times that.
    expect(estimate.total.toString()).toBe('1000000');
    expect(estimate.networkFee.multiplier).toBe(9);
  });
});
