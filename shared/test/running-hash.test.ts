import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { nextRunningHash } from '@gatepost/shared/vocabulary/running-hash';
import { expect, it } from 'vitest';
import { REAL_RUNNING_HASHES } from './running-hashes.js';

it.each(REAL_RUNNING_HASHES)('the running hash of a real message: $kind, $topic/$sequence', (real) => {
  const hash = nextRunningHash(Buffer.from(real.before, 'hex'), {
    payer: real.payer as AccountId,
    topic: real.topic as TopicId,
    handledAt: BigInt(real.handledAt),
    sequence: real.sequence,
    content: Buffer.from(real.content),
  });
  expect(Buffer.from(hash).toString('hex')).toBe(real.hash);
});
