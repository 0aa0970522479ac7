import { expect, it } from 'vitest';
import { isHeld, keysTrial, refundTrial } from '../src/escrow/trial.js';

it('neither key of an escrow alone pays, mints, changes the key or takes the refund back; both together do', async () => {
  const tried = await keysTrial();
  expect(tried.filter((one) => !isHeld(one))).toEqual([]);
  expect(tried).toHaveLength(15);
  expect(tried).toContainEqual({ what: 'the same in a batch', holder: 'both', status: 'SUCCESS' });
}, 30_000);

it.each([1n, 77n, 1_000n])(
  '%s in an escrow that nobody attends to any more goes back by the ledger alone',
  async (amount) => {
    const { before, after } = await refundTrial(amount);
    expect(before).toEqual({ escrow: amount, owner: 1_000n - amount });
    expect(after).toEqual({ escrow: 0n, owner: 1_000n });
  },
  30_000,
);
