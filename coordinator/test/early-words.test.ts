import { EarlyWords } from '@gatepost/coordinator/shell/run/early-words';
import { expect, it } from 'vitest';

it('tells what was said of an attempt in order, once, and not beyond its bound', () => {
  const words = new EarlyWords();
  const told: string[] = [];
  const say = (key: string, word: string) => words.hold(key, () => told.push(`${key} ${word}`));
  for (const word of ['begins', 'goes on']) say('a#1', word);
  say('b#1', 'begins');
  words.release('a#1');
  words.release('a#1');
  expect(told.splice(0)).toEqual(['a#1 begins', 'a#1 goes on']);
  for (let n = 0; n < 2_000; n += 1) say('a#2', `${n}`);
  words.release('b#1');
  words.release('a#2');
  expect(told.splice(0)).toHaveLength(1_000);
  // What was told makes room.
  say('a#3', 'begins');
  words.release('a#3');
  expect(told).toEqual(['a#3 begins']);
});
