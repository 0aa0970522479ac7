import { Gangway } from '@gatepost/coordinator/shell/agents/gangway';
import { expect, it } from 'vitest';

it('lets so many through at the same time, all in their order, also after those who stumble', async () => {
  const gangway = new Gangway(3);
  const begun: number[] = [];
  let at = 0;
  let most = 0;
  const passing = Array.from({ length: 20 }, (_, number) =>
    gangway.pass(async () => {
      begun.push(number);
      at += 1;
      most = Math.max(most, at);
      await new Promise((resolve) => setTimeout(resolve, 1));
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
