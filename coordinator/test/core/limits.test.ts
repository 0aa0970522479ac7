import { DEFAULT_LIMITS, limitsOn, settleFrom } from '@gatepost/coordinator/core/decide/limits';
import { expect, it } from 'vitest';

it('has payments wait for others on a public network, unless the configuration says when they are made', () => {
  const { settleAfter, settleWithinMs, ...others } = limitsOn(true);
  expect(limitsOn(false)).toEqual(DEFAULT_LIMITS);
  expect({ ...DEFAULT_LIMITS, ...others }).toEqual(DEFAULT_LIMITS);
  expect(settleAfter).toBeGreaterThan(DEFAULT_LIMITS.settleAfter);
  // Longer than a public mirror takes to show a verdict: else nothing would ever wait.
  expect(settleWithinMs).toBeGreaterThan(6_000);
  for (const isPublic of [true, false]) {
    expect(limitsOn(isPublic, { settleAfter: 3, settleWithinMs: 1_000 })).toMatchObject({
      settleAfter: 3,
      settleWithinMs: 1_000,
    });
  }
});

it('settles once a quarter of what is open is payable, unless the configuration gives a number', () => {
  for (const isPublic of [true, false]) {
    const limits = limitsOn(isPublic);
    expect(settleFrom(limits, 0)).toBe(limits.settleAfter);
    expect(settleFrom(limits, 400)).toBe(100);
    expect(settleFrom(limitsOn(isPublic, { settleAfter: 3 }), 400)).toBe(3);
  }
});
