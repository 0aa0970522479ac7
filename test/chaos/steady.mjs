// Takes input.ms, then delivers the same whoever works. With input.trouble the first attempt is bad or fails.

import { setTimeout as sleep } from 'node:timers/promises';

export default async (input, { feedback, signal, progress }) => {
  progress(0.5, 'half way');
  await sleep(input.ms, undefined, { signal });
  const isFirst = feedback === undefined;
  if (input.trouble === 'fail' && isFirst) throw new Error('the first attempt fails');
  const good = input.trouble !== 'bad' || !isFirst;
  return { good, of: input.of, padding: 'x'.repeat(input.size) };
};
