import { GatepostError } from '../vocabulary/errors.js';
import { type AccountId, scheduleId, transactionIdFromMirror } from '../vocabulary/ids.js';
import { formatNanos, type Nanos } from '../vocabulary/time.js';
import type { MirrorRest } from './mirror-rest.js';

/**
 * Whether the network posted a topic message by a schedule that its author both created and pays for, as the mirror
 * shows it. A message that somebody submitted has no such schedule.
 * @throws GatepostError MIRROR_UNREACHABLE, also while the mirror does not show the transaction yet.
 */
export async function isOfOwnSchedule(mirror: MirrorRest, author: AccountId, at: Nanos): Promise<boolean> {
  const posted = await mirror.transactionAt(at);
  if (posted === undefined) {
    throw new GatepostError(
      'MIRROR_UNREACHABLE',
      `the mirror shows a message of ${formatNanos(at)}, but not its cause`,
    );
  }
  if (!posted.scheduled || posted.result !== 'SUCCESS') return false;
  const created = await mirror.transaction(transactionIdFromMirror(posted.transaction_id));
  const creation = created.find(({ name, scheduled }) => name === 'SCHEDULECREATE' && !scheduled);
  if (creation?.entity_id == null) return false;
  const schedule = await mirror.schedule(scheduleId(creation.entity_id));
  const { creator_account_id: creator, payer_account_id: payer, executed_timestamp: executed } = schedule;
  return creator === author && payer === author && executed === formatNanos(at);
}
