import { isDeeperThan } from '@gatepost/shared/vocabulary/json-depth';
import { expect, it } from 'vitest';

it.each([
  ['a text', 'x', 0],
  ['nothing', null, 0],
  ['an empty list', [], 1],
  ['lists and objects in each other', [{ a: [1, {}] }, 2], 4],
  ['the deepest of several', { a: [], b: [[[]]], c: 1 }, 4],
])('counts levels: %s', (_what, value, levels) => {
  expect([isDeeperThan(value, levels - 1), isDeeperThan(value, levels)]).toEqual([levels > 0, false]);
});

it('is no deeper than a stack itself', () => {
  expect(isDeeperThan(JSON.parse(`${'[{"a":'.repeat(500_000)}1${'}]'.repeat(500_000)}`), 900_000)).toBe(true);
});
