import type { Signer } from '../ledger/cosigner.js';
import type { AccountId } from '../vocabulary/ids.js';
import { formatTime, NANOS_PER_SECOND } from '../vocabulary/time.js';
import { readRefund, refundedEscrow, rungOfMemo } from './cosigned/refund.js';
import type { MirrorRest } from './mirror-rest.js';
import { type Ladder, type StandingRung, standingLadders, standingRung } from './refund-ladder.js';

/** A refund that comes sooner than this leaves no time to work. */
const SOONEST_SECONDS = 3_600;

/** What a gatekeeper answers who is asked to sign something about a refund. */
export type RefundAnswer = { readonly signature: Uint8Array } | { readonly objection: string };

/** What is known of an escrow. */
interface Ground {
  readonly ladders: readonly Ladder[];
  readonly balance: bigint;
  /** Seconds since the Unix epoch, by the mirror. */
  readonly now: number;
}

/**
 * Signs a transaction about the refund of an escrow, for who holds a key of it, unless it would bring a refund sooner than
 * the one that stands, or leave some of the money without one.
 * @param coordinator who may ask.
 * @throws GatepostError MIRROR_UNREACHABLE
 */
export async function cosignRefund(
  mirror: MirrorRest,
  signer: Signer,
  coordinator: AccountId,
  body: Uint8Array,
): Promise<RefundAnswer> {
  const about = refundedEscrow(body);
  if ('objection' in about) return about;
  const schedule = about.schedule === undefined ? undefined : await mirror.schedule(about.schedule);
  const escrow = about.escrow ?? rungOfMemo(schedule?.memo ?? '')?.escrow;
  if (escrow === undefined) return { objection: `${about.schedule} is no refund` };
  const adminKey = (await mirror.account(escrow)).key?.key ?? '';
  const read = readRefund(body, adminKey);
  if ('objection' in read) return read;
  if (read.payer !== coordinator) return { objection: `its payer is ${read.payer}, not ${coordinator}` };
  const { action } = read;
  const rung = action.kind === 'rung' ? action : schedule && standingRung(schedule, adminKey);
  if (rung === undefined) return { objection: `${about.schedule} is no refund that stands` };
  if (action.kind === 'rung' && rung.owner !== coordinator)
    return { objection: `it goes to ${rung.owner}, not to ${coordinator}` };
  const ladders = await standingLadders(mirror, coordinator, escrow, adminKey);
  const balance = (await mirror.tokenBalance(escrow, rung.token)) ?? 0n;
  const ground = { ladders, balance, now: Number((await mirror.now()) / NANOS_PER_SECOND) };
  const objection = action.kind === 'rung' ? tooSoon(action.refundAt, ground) : leftBare(rung, ground);
  return objection === undefined ? { signature: signer.sign(body) } : { objection };
}

function tooSoon(refundAt: number, { ladders, now }: Ground): string | undefined {
  if (refundAt < now + SOONEST_SECONDS) return `its refund comes within ${SOONEST_SECONDS / 60} minutes`;
  const standing = ladders.find(({ covers }) => covers > 0n);
  return standing !== undefined && refundAt < standing.refundAt
    ? `its refund comes before the one that stands (${formatTime(standing.refundAt * 1_000)})`
    : undefined;
}

function leftBare(
  { refundAt, token }: Pick<StandingRung, 'refundAt' | 'token'>,
  { ladders, balance }: Ground,
): string | undefined {
  const later = ladders.some(
    (ladder) => ladder.refundAt > refundAt && ladder.token === token && ladder.covers >= balance,
  );
  return later ? undefined : `no later refund covers the ${balance} that the escrow holds`;
}
