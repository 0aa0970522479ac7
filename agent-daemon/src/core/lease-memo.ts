import { LEASE_MEMO } from '@gatepost/shared/vocabulary/lease';

/** Most bytes of a schedule's memo. */
const MAX_MEMO_BYTES = 100;

/** What the memo of a lease's schedule says. */
export interface LeaseMemo {
  /** Start of the daemon whose lease it is. */
  readonly session: string;
  /** Where that daemon serves, host:port; undefined when it was too long to say. */
  readonly address: string | undefined;
}

/** The memo of a lease, by which the next daemon of the account finds the one before. */
export function leaseMemo(session: string, number: number, address: string): string {
  const short = `${LEASE_MEMO} ${session} ${number}`;
  const whole = `${short} ${address}`;
  return new TextEncoder().encode(whole).length <= MAX_MEMO_BYTES ? whole : short;
}

/** Undefined for the memo of anything but a lease. */
export function readLeaseMemo(memo: string): LeaseMemo | undefined {
  if (!memo.startsWith(`${LEASE_MEMO} `)) return undefined;
  const [session, , address] = memo.slice(LEASE_MEMO.length + 1).split(' ');
  return session === undefined || session === '' ? undefined : { session, address };
}
