import { setImmediate as turn } from 'node:timers/promises';
import { Semaphore } from '@gatepost/shared/semaphore';
import { expect, it } from 'vitest';

it('lets so many through at the same time, all in their order, also after those who stumble', async () => {
  const semaphore = new Semaphore(3);
  const begun: number[] = [];
  let at = 0;
  let most = 0;
  const passing = Array.from({ length: 20 }, (_, number) =>
    semaphore.run(async () => {
      begun.push(number);
      at += 1;
      most = Math.max(most, at);
      await turn();
      at -= 1;
      if (number % 2 === 0) throw new Error(`${number} stumbles`);
      return number;
    }),
  );
  const ends = await Promise.allSettled(passing);
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, number) => number));
  expect(most).toBe(3);
});
