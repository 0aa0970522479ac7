import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { ATTACKS } from '../src/hostile/attacks.js';
import { hostileRound } from '../src/hostile/round.js';

const ROUNDS = 12;

it('a coordinator that uses its key freely gets nothing paid that no gate accepted, and nobody is paid twice', async () => {
  const seeds = [...Array.from({ length: ROUNDS }, (_, index) => index + 1), randomInt(2 ** 31)];
  const tried = new Set<string>();
  let paid = 0n;
  for (const seed of seeds) {
    const { violations, attempts, paid: here } = await hostileRound(seed);
    expect(violations, `replay: npm run hostile -- --attempts 1 --from ${seed}`).toEqual([]);
    for (const attack of attempts.keys()) tried.add(attack);
    paid += here;
  }
  // What is due is paid all the same: it is not for want of signatures that nothing was lost.
  expect(paid).toBeGreaterThan(0n);
  expect([...tried].sort()).toEqual([...ATTACKS].sort());
}, 120_000);
