import { usdPerDay } from '@gatepost/agent-daemon/core/lease-planner';
import { expect, it } from 'vitest';
import { dayOfLeases } from '../../test/src/bench/day-of-leases.js';

const POLICY = { intervalMs: 3_600_000, idleIntervalMs: 21_600_000 };
const MINUTES = { taskMs: 60_000, deadlineMs: 600_000 };

it.each([
  ['idle', undefined, POLICY.idleIntervalMs, 0.05],
  ['busy', MINUTES, POLICY.intervalMs, 0.3],
] as const)(
  '24 hours of %s leases, with tasks of a minute, cost what doctor says to within one renewal',
  async (_what, work, intervalMs, mostUsd) => {
    const agents = 2;
    const { usd, created, deleted, ...trouble } = await dayOfLeases(agents, POLICY, work);
    expect(trouble).toEqual({ lapsed: 0, failed: 0 });
    expect(deleted).toBe(created);
    expect(usd / agents).toBeLessThan(mostUsd);
    expect(Math.abs(usd / agents - usdPerDay(intervalMs))).toBeLessThan(0.0111);
  },
  300_000,
);
