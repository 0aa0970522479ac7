import type { Connection } from '@gatepost/shared/hedera/connection';
import { signerOf } from '@gatepost/shared/hedera/cosigned/prepare';
import {
  MAX_RUNGS,
  type RefundAction,
  type Rung,
  refundBody,
  sealedRefund,
} from '@gatepost/shared/hedera/cosigned/refund';
import { type Ladder, rungsFor, standingLadders } from '@gatepost/shared/hedera/refund-ladder';
import { tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { execute, freshlyPrepared, nodesOf, send } from '@gatepost/shared/hedera/transaction';
import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId, type TokenId } from '@gatepost/shared/vocabulary/ids';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import { formatTime, NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import { assertNoCustomFees } from './escrow-token.js';

/** Who signs what concerns a refund besides the coordinator. */
export interface RefundCosigner {
  /** DER hex. */
  readonly publicKey: string;
  /** The signature over a body. @throws GatepostError when there is none to be had. */
  cosign(body: Uint8Array): Promise<Uint8Array>;
}

export interface FundOptions {
  readonly escrow: AccountId;
  readonly token: TokenId;
  /** What is added, in the smallest unit; 0 only renews the refund. */
  readonly amount: TokenAmount;
  /** How long the money stays at least; the one that stands is kept when left out. */
  readonly refundAfterMs: number | undefined;
}

/** What an escrow holds now, and when the rest of it goes back. */
export interface Funded {
  readonly escrow: AccountId;
  readonly token: TokenId;
  readonly balance: TokenAmount;
  /** Whole seconds since the Unix epoch. */
  readonly refundAt: number;
  readonly owner: AccountId;
  readonly rungs: { readonly made: number; readonly deleted: number };
}

/** How long money stays in an escrow when nothing is said. */
const DEFAULT_REFUND_MS = 30 * 86_400_000;
/** A day. */
const DAY_SECONDS = 86_400;
/** The network takes schedules up to 62 days ahead. */
const LATEST_SECONDS = 62 * DAY_SECONDS - MAX_RUNGS - 3_600;
/** A refund that comes sooner leaves no time to work. */
const SOONEST_SECONDS = 3_600;
/** Schedules that are made at the same time. */
const AT_ONCE = 10;
/** How long the network may take each of them. */
const VALID_SECONDS = 120;

/**
 * Adds to an escrow, after its refund stands for all that it will hold; then takes earlier refunds back. Done again after
 * it broke off, it makes nothing twice. Costs $0.01 for each rung of the refund, as many as the amount has bits.
 * @throws GatepostError USAGE, LEDGER_REJECTED, MIRROR_UNREACHABLE, or as the cosigner does.
 */
export async function fund(connection: Connection, options: FundOptions, cosigner: RefundCosigner): Promise<Funded> {
  const { escrow, token, amount } = options;
  const { mirror, account: owner } = connection;
  if (amount > 0n) await assertNoCustomFees(connection, token);
  const held = (await mirror.tokenBalance(escrow, token)) ?? 0n;
  const own = (await mirror.tokenBalance(owner, token)) ?? 0n;
  if (own < amount) throw new GatepostError('USAGE', `${owner} holds ${own} of ${token}, not ${amount}`);
  const adminKey = (await mirror.account(escrow)).key?.key;
  if (adminKey === undefined) throw new GatepostError('INVALID_CONFIG', `${escrow} has no key: it is no escrow`);
  const ladders = await standingLadders(mirror, owner, escrow, adminKey);
  const refundAt = await refundTime(connection, options, ladders);
  const total = held + amount;
  const standing = ladders.find((one) => one.refundAt === refundAt && one.token === token && one.owner === owner);
  const there = new Set(standing?.rungs.map(({ exponent }) => exponent));
  const missing = Array.from({ length: rungsFor(total) }, (_, exponent) => exponent).filter((one) => !there.has(one));
  const rung = { escrow, token, owner, refundAt, adminKey };
  await inTurns(missing, (exponent) => makeRung(connection, { ...rung, exponent }, cosigner));
  if (amount > 0n) await send(connection, tokenTransfer(connection, token, [{ to: escrow, amount }]));
  const old = ladders.filter((one) => one.refundAt < refundAt).flatMap(({ rungs }) => rungs);
  await inTurns(old, ({ schedule }) => deleteRung(connection, { kind: 'deletion', schedule }, cosigner));
  return { escrow, token, balance: total, refundAt, owner, rungs: { made: missing.length, deleted: old.length } };
}

async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE) await Promise.all(all.slice(from, from + AT_ONCE).map(work));
}

/** Whole days, so that the same command on the same day goes on with the same ladder. */
async function refundTime(
  { mirror }: Connection,
  { refundAfterMs, token }: FundOptions,
  ladders: readonly Ladder[],
): Promise<number> {
  const now = Number((await mirror.now()) / NANOS_PER_SECOND);
  const standing = ladders.find(
    (one) => one.token === token && one.covers > 0n && one.refundAt > now + SOONEST_SECONDS,
  );
  if (refundAfterMs === undefined && standing !== undefined) return standing.refundAt;
  const wanted = now + Math.ceil((refundAfterMs ?? DEFAULT_REFUND_MS) / 1_000);
  const day = Math.ceil(wanted / DAY_SECONDS) * DAY_SECONDS;
  const refundAt = day > now + LATEST_SECONDS ? day - DAY_SECONDS : day;
  if (wanted > now + LATEST_SECONDS) throw new GatepostError('USAGE', 'a refund can wait for at most 61 days');
  if (refundAt < now + SOONEST_SECONDS) throw new GatepostError('USAGE', 'a refund has to wait for at least an hour');
  if (standing === undefined || refundAt >= standing.refundAt) return refundAt;
  const until = formatTime(standing.refundAt * 1_000);
  throw new GatepostError('USAGE', `a refund stands at ${until}; it can be put off, not brought forward`);
}

const IS_THERE: ReadonlySet<string> = new Set(['IDENTICAL_SCHEDULE_ALREADY_CREATED']);
const IS_GONE: ReadonlySet<string> = new Set([
  'SCHEDULE_ALREADY_DELETED',
  'SCHEDULE_ALREADY_EXECUTED',
  'INVALID_SCHEDULE_ID',
]);

const makeRung = (connection: Connection, rung: Rung, cosigner: RefundCosigner): Promise<void> =>
  submit(connection, { kind: 'rung', ...rung }, cosigner, IS_THERE);

const deleteRung = (connection: Connection, action: RefundAction, cosigner: RefundCosigner): Promise<void> =>
  submit(connection, action, cosigner, IS_GONE);

/** @param fine statuses that say that it is so already. */
async function submit(
  connection: Connection,
  action: RefundAction,
  cosigner: RefundCosigner,
  fine: ReadonlySet<string>,
): Promise<void> {
  const [node] = nodesOf(connection);
  if (node === undefined) throw new GatepostError('INTERNAL', 'a network without nodes');
  const id = connection.nextTransactionId();
  const body = refundBody({ id, validSeconds: VALID_SECONDS, node: accountId(node.toString()) }, action);
  const signature = await cosigner.cosign(body);
  const bytes = sealedRefund(body, { publicKey: cosigner.publicKey, signature }, signerOf(connection.key));
  const outcome = await execute(connection, freshlyPrepared(id, bytes, VALID_SECONDS));
  if (outcome.kind === 'refused' && fine.has(outcome.status)) return;
  requireDone(outcome);
}
