import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { FIRST_RUNNING_HASH, type HashedMessage } from '@gatepost/shared/vocabulary/running-hash';

/** A message with the hash before and after it. */
export interface RunningHashed {
  readonly before: Uint8Array;
  readonly message: HashedMessage;
  readonly hash: string;
}

/** The first message of a topic on a public network, as its mirror shows it. */
export const runningHashVector: RunningHashed = {
  before: FIRST_RUNNING_HASH,
  message: {
    payer: '0.0.4368166' as AccountId,
    topic: '0.0.5671138' as TopicId,
    at: 1713898880739044003n,
    sequence: 1,
    content: Buffer.from(
      'eyJ0X2lkIjoiMC4wLjU2NzExNTUiLCJvcCI6InJlZ2lzdGVyIiwibSI6IlZlcnNpb24gMS4iLCJwIjoiaGNzLTYifQ==',
      'base64',
    ),
  },
  hash: 'H9o6QzEEJDOxcdfIkT9Rw0zf+1VxLfyeod18r4faaObHbBy/qkxLgFVjWRB5JzAn',
};
