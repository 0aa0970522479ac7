import { type AccountId, type ScheduleId, scheduleId, type TokenId } from '../vocabulary/ids.js';
import { NANOS_PER_SECOND, parseNanos } from '../vocabulary/time.js';
import { expiryOf, MAX_RUNGS, memoOf, type Rung, rungOfMemo, scheduledBody } from './cosigned/refund.js';
import type { MirrorRest, MirrorSchedule } from './mirror-rest.js';

/** A rung that the network will carry out unless it is deleted. */
export type StandingRung = Omit<Rung, 'adminKey'> & { readonly schedule: ScheduleId };

/** The rungs of one time, owner and token. */
export interface Ladder {
  readonly token: TokenId;
  readonly owner: AccountId;
  /** Whole seconds since the Unix epoch. */
  readonly refundAt: number;
  readonly rungs: readonly StandingRung[];
  /** The most that it gives back: whatever is left up to this goes to the owner. */
  readonly covers: bigint;
}

/** Schedules of a creator that are looked at for rungs, newest first. */
const MOST_SCHEDULES = 5_000;

/** What a schedule gives back of an escrow; undefined unless it does exactly that, and waits for it. */
export function standingRung(shown: MirrorSchedule, adminKey: string): StandingRung | undefined {
  const rung = rungOfMemo(shown.memo);
  if (rung === undefined || rung.exponent >= MAX_RUNGS || memoOf(rung) !== shown.memo) return undefined;
  if (shown.deleted || shown.executed_timestamp !== null || shown.wait_for_expiry !== true) return undefined;
  if (shown.expiration_time === null || shown.admin_key?.key !== adminKey) return undefined;
  if (parseNanos(shown.expiration_time) / NANOS_PER_SECOND !== BigInt(expiryOf(rung))) return undefined;
  if (shown.transaction_body !== Buffer.from(scheduledBody(rung)).toString('base64')) return undefined;
  return { ...rung, schedule: scheduleId(shown.schedule_id) };
}

/**
 * The ladders that stand for an escrow, the latest first.
 * @param adminKey the escrow's key as the mirror shows it, protobuf hex.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function standingLadders(
  mirror: Pick<MirrorRest, 'allSchedulesBy'>,
  creator: AccountId,
  escrow: AccountId,
  adminKey: string,
): Promise<readonly Ladder[]> {
  const found: StandingRung[] = [];
  let looked = 0;
  for await (const shown of mirror.allSchedulesBy(creator)) {
    const rung = standingRung(shown, adminKey);
    if (rung?.escrow === escrow) found.push(rung);
    looked += 1;
    if (looked >= MOST_SCHEDULES) break;
  }
  return laddersOf(found);
}

/** Puts rungs together, the latest ladder first. */
export function laddersOf(rungs: readonly StandingRung[]): readonly Ladder[] {
  const byLadder = new Map<string, StandingRung[]>();
  for (const rung of rungs) {
    const name = `${rung.refundAt} ${rung.owner} ${rung.token}`;
    byLadder.set(name, [...(byLadder.get(name) ?? []), rung]);
  }
  return [...byLadder.values()]
    .flatMap((ladder) => {
      const [first] = ladder;
      if (first === undefined) return [];
      const { token, owner, refundAt } = first;
      return [{ token, owner, refundAt, rungs: ladder, covers: covered(ladder) }];
    })
    .sort((a, b) => b.refundAt - a.refundAt);
}

/** All exponents from 0 on together make any amount below the next power of two. */
function covered(rungs: readonly StandingRung[]): bigint {
  const exponents = new Set(rungs.map(({ exponent }) => exponent));
  let count = 0;
  while (exponents.has(count)) count += 1;
  return (1n << BigInt(count)) - 1n;
}

/** How many rungs a ladder needs to give back an amount. */
export const rungsFor = (amount: bigint): number => (amount <= 0n ? 0 : amount.toString(2).length);
