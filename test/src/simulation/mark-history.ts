import { unpackMessage } from '@gatepost/shared/records/codec';
import { idOfTask, LearntNames } from '@gatepost/shared/records/task-names';
import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import type { World } from './world.js';

/** Marks what can be seen on the ledger when a run is over. */
export function markHistory({ events, network, journal, hosts, owner, parties }: World): void {
  const deadlines = new Map<string, number>();
  const names = new LearntNames();
  for (const { inbox } of hosts) {
    for (const { message } of network.entities.topics.get(inbox)?.messages ?? []) {
      const decoded = unpackMessage(message);
      if ('malformed' in decoded) continue;
      for (const record of decoded.records) {
        if (record.type !== 'assign') continue;
        names.learn(record.task, record.numbered);
        deadlines.set(`${record.task}#${record.attempt}`, record.deadline_ms);
      }
    }
  }
  for (const { payer, message, consensusTimestamp } of network.entities.topics.get(journal)?.messages ?? []) {
    const decoded = unpackMessage(message);
    if ('malformed' in decoded) continue;
    for (const record of decoded.records) {
      if (record.type === 'lapsed') events.mark('a lease lapsed');
      if (record.type === 'timed_out') events.mark('a guard spoke');
      if (
        record.type === 'result' &&
        msFromNanos(consensusTimestamp) >
          (deadlines.get(`${idOfTask(record.task, names)}#${record.attempt}`) ?? Infinity)
      ) {
        events.mark('a result came late');
      }
      const judged = record.type === 'verdict' && record.accepted && payer === parties.judge;
      if (judged && record.task.includes('~')) events.mark('a review was done');
      if (payer !== owner) continue;
      if (record.type === 'verdict' && record.gate === 'superseded') events.mark('an attempt was superseded');
      if (record.type === 'run_closed') {
        events.mark(
          record.outcome === 'complete'
            ? 'a run was complete'
            : record.outcome === 'failed'
              ? 'a run failed'
              : 'a run was cancelled',
        );
      }
    }
  }
}
