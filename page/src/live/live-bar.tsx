import { Text } from '../parts/text.js';
import type { Connection, Known } from './follow.js';
import { Problem } from './problem.js';
import type { Me } from './service.js';

/** How far back runs that are over can be shown. */
const REACHES = [
  ['7d', 'of the last 7 days'],
  ['30d', 'of the last 30 days'],
  ['', 'of all time'],
] as const;

interface LiveBarProps {
  readonly known: Known;
  readonly me: Me;
  readonly since: string;
  readonly setSince: (since: string) => void;
  readonly leave: () => void;
}

/** Whether what is shown is what is, who looks, and how far back. */
export function LiveBar({ known: { connection, isRead }, me, since, setSince, leave }: LiveBarProps) {
  return (
    <section class="live" aria-label="Connection">
      <p role="status">
        <span class={`connection c-${connection.state}`}>
          <i aria-hidden="true">{MARKS[connection.state]}</i>
          {wordsOf(connection, isRead)}
        </span>
      </p>
      <p>
        <Text of={`${me.name} (${me.roles.join(', ')})`} />
      </p>
      <label>
        Runs{' '}
        <select value={since} onChange={(event) => setSince(event.currentTarget.value)}>
          {REACHES.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={leave}>
        Forget the token
      </button>
      {connection.state === 'broken' && <Problem error={connection.error} />}
    </section>
  );
}

const MARKS = { connecting: '…', live: '✓', broken: '×' } as const;

function wordsOf(connection: Connection, isRead: boolean): string {
  if (connection.state === 'broken') return `not connected; next try at ${timeOf(connection.retryAt)}`;
  if (connection.state === 'connecting') return 'connecting';
  return isRead ? 'live' : 'reading the runs';
}

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;
