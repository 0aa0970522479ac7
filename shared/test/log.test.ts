import { createLogger } from '@gatepost/shared/log';
import { expect, it } from 'vitest';

it('listens once for the end of the process, however many logs there are', () => {
  const before = process.listenerCount('exit');
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logs = Array.from({ length: 20 }, (_, n) => createLogger(`log ${n}`, {}, destination));
  for (const log of logs) log.info('one');
  expect(process.listenerCount('exit')).toBe(before);
});

it('writes the lines of a turn together, each whole', async () => {
  const written: string[] = [];
  const log = createLogger('some', {}, { write: (text: string) => void written.push(text) });
  log.info('first');
  log.warn('second');
  expect(written).toEqual([]);
  await new Promise((resolve) => process.nextTick(resolve));
  expect(written).toHaveLength(1);
  const messages = written[0]
    ?.trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages).toEqual(['first', 'second']);
});
