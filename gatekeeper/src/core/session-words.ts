import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import type { SessionWord } from './sessions.js';

/** What a record says of a session of a gatekeeper; undefined for any other. */
export function wordOf({ record, author, at }: LedgerRecord): SessionWord | undefined {
  if (record.type === 'gatekeeper_online') return { author, at, session: record.session, said: 'online' };
  if (record.type === 'gatekeeper_offline') return { author, at, session: record.session, said: 'offline' };
  return undefined;
}
