import { createLogger } from '@gatepost/shared/log';
import { expect, it } from 'vitest';

it('listens once for the end of the process, however many logs there are', () => {
  const before = process.listenerCount('exit');
  for (let n = 0; n < 20; n += 1) createLogger(`log ${n}`, { GATEPOST_LOG_LEVEL: 'silent' });
  expect(process.listenerCount('exit')).toBe(before);
});
