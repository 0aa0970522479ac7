import { pause, systemClock } from '@gatepost/shared/clock';
import { stopController } from '@gatepost/shared/stop-controller';
import { afterEach, expect, it } from 'vitest';

const warnings: Error[] = [];
const hear = (warning: Error) => void warnings.push(warning);
afterEach(() => {
  process.off('warning', hear);
  warnings.length = 0;
});

it('has any number wait for a stop, without a word about it', async () => {
  process.on('warning', hear);
  const stop = stopController();
  const waiting = Array.from({ length: 50 }, () => pause(systemClock, 60_000, stop.signal));
  stop.abort();
  await Promise.all(waiting);
  // A warning is told in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});
