import type { ScheduleId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import { SCHEDULE_GONE } from '@gatepost/shared/vocabulary/outcome';

/**
 * When one of many daemons of an owner may create a lease. The network takes 100 schedules a second from all the world;
 * daemons that take turns never ask for more of them together than their owner wants.
 */
export interface LeaseTurn {
  /** From one turn of a daemon to its next, milliseconds. */
  readonly everyMs: number;
  /** From the beginning of a round of all daemons to this one's turn, milliseconds. */
  readonly afterMs: number;
}

/** How long a lease is for. */
export interface LeasePolicy {
  /** Beyond the latest deadline of the work that is held, and so how often work renews it; milliseconds. */
  readonly intervalMs: number;
  /** While there is nothing to do; milliseconds. */
  readonly idleIntervalMs: number;
  /** At any time when left out. */
  readonly turn?: LeaseTurn;
}

/** A scheduled death notice on the ledger. */
export interface Lease {
  /** From 1 within a session. */
  readonly number: number;
  /** Undefined until the ledger has answered. */
  readonly schedule: ScheduleId | undefined;
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  /** When its successor is due. */
  readonly renewAtMs: number;
  /** Its deletion is under way. */
  readonly deleting: boolean;
}

export interface LeaseState {
  readonly leases: readonly Lease[];
  readonly nextNumber: number;
  /** Nothing is tried before this time. */
  readonly retryAtMs: number;
  readonly failures: number;
  /** Added to the next expiry because the ledger's second was full. */
  readonly shiftMs: number;
  /** The turn at which a lease that is due is created; undefined while none is, or when none need be waited for. */
  readonly turnAtMs: number | undefined;
  /** The ledger has posted a death notice that is to be answered. */
  readonly lapsed: boolean;
  readonly stopping: boolean;
}

export type LeaseInput =
  | { readonly type: 'tick' }
  | { readonly type: 'create_outcome'; readonly number: number; readonly outcome: Outcome }
  | { readonly type: 'delete_outcome'; readonly number: number; readonly outcome: Outcome }
  | { readonly type: 'stop' };

export type LeaseCommand =
  | { readonly do: 'create'; readonly number: number; readonly expiresAtMs: number }
  | { readonly do: 'delete'; readonly number: number; readonly schedule: ScheduleId }
  /** The ledger has declared this living agent dead; it has to say that it is online. */
  | { readonly do: 'announce_again' };

export interface LeasePlan {
  readonly state: LeaseState;
  readonly commands: readonly LeaseCommand[];
  /** When to tick again at the latest; undefined when only an answer can change anything. */
  readonly wakeAtMs: number | undefined;
}

export interface LeaseCircumstances {
  readonly nowMs: number;
  /** The latest deadline of the attempts that run or wait; undefined while there are none. */
  readonly heldUntilMs: number | undefined;
  /** Whether the agent reads its inbox. One that does not could not do what it is assigned, and renews nothing. */
  readonly hears: boolean;
  /** 0 to 1: spreads renewals and expiries, so that agents started or given work together do not do all in one second. */
  readonly jitter: number;
}

type ExpiryCircumstances = Pick<LeaseCircumstances, 'nowMs' | 'heldUntilMs' | 'jitter'>;

/** A renewal is one ScheduleCreate and one ScheduleDelete. */
export const RENEWAL_USD = 0.011;
const MIN_MARGIN_MS = 5_000;
const MAX_MARGIN_MS = 60_000;
const MAX_BACKOFF_MS = 30_000;
/** Leases for work of the same deadline expire within so long after one another: a second of the ledger has room for 100. */
const MAX_SPREAD_MS = 60_000;
/** Work beyond that is covered later: the network takes no schedule of more than 62 days. */
const MAX_COVERED_MS = 30 * 86_400_000;
/** The ledger's second has no room for another schedule; the next one may. */
const EXPIRY_BUSY = 'SCHEDULE_EXPIRY_IS_BUSY';

export const NO_LEASES: LeaseState = {
  leases: [],
  nextNumber: 1,
  retryAtMs: 0,
  failures: 0,
  shiftMs: 0,
  turnAtMs: undefined,
  lapsed: false,
  stopping: false,
};

/** How late a renewal may be. */
const marginOf = (intervalMs: number): number => Math.min(MAX_MARGIN_MS, Math.max(MIN_MARGIN_MS, intervalMs / 2));

/** How much later than others a lease expires. */
const spreadOf = (intervalMs: number, jitter: number): number =>
  Math.round((1 - jitter) * Math.min(MAX_SPREAD_MS, intervalMs / 2));

/** What renewals at an interval cost in a day. */
export const usdPerDay = (intervalMs: number): number => (86_400_000 / intervalMs) * RENEWAL_USD;

/** When a lease that is made now expires: some time after the latest deadline that it covers. */
export function expiryOf({ intervalMs, idleIntervalMs }: LeasePolicy, at: ExpiryCircumstances): number {
  const { nowMs, heldUntilMs, jitter } = at;
  if (heldUntilMs === undefined) return nowMs + idleIntervalMs + marginOf(idleIntervalMs);
  return Math.max(nowMs, heldUntilMs) + intervalMs + marginOf(intervalMs) + spreadOf(intervalMs, jitter);
}

function change(state: LeaseState, number: number, by: Partial<Lease>): LeaseState {
  return { ...state, leases: state.leases.map((lease) => (lease.number === number ? { ...lease, ...by } : lease)) };
}

const remove = (state: LeaseState, number: number): LeaseState => ({
  ...state,
  leases: state.leases.filter((lease) => lease.number !== number),
});

/** Something failed: the pause before the next try grows. */
function failed(state: LeaseState, nowMs: number): LeaseState {
  const failures = state.failures + 1;
  return { ...state, failures, retryAtMs: nowMs + Math.min(MAX_BACKOFF_MS, 500 * 2 ** Math.min(failures, 10)) };
}

const succeeded = (state: LeaseState): LeaseState => ({ ...state, failures: 0, retryAtMs: 0 });

function created(state: LeaseState, number: number, outcome: Outcome, nowMs: number): LeaseState {
  if (outcome.kind === 'unknown') return state;
  if (outcome.kind === 'done' && outcome.receipt.scheduleId !== undefined) {
    return { ...change(succeeded(state), number, { schedule: outcome.receipt.scheduleId }), shiftMs: 0 };
  }
  const without = remove(state, number);
  const shifted = { ...without, shiftMs: without.shiftMs + 1_000 };
  if (outcome.kind === 'refused' && outcome.status === EXPIRY_BUSY) return { ...shifted, retryAtMs: nowMs };
  // A node that is told of a full second may call itself busy, until the transaction is too late.
  return failed(outcome.kind === 'never' ? shifted : without, nowMs);
}

/** A lease whose deletion failed stays until it is deleted or has expired. */
function deleted(state: LeaseState, number: number, outcome: Outcome, nowMs: number): LeaseState {
  if (outcome.kind === 'unknown') return state;
  if (outcome.kind === 'done') return remove(succeeded(state), number);
  if (isGone(outcome)) return settled(state, number, nowMs);
  return failed(change(state, number, { deleting: false }), nowMs);
}

/** A lease that is gone, by deletion or because its time had come. */
function settled(state: LeaseState, number: number, nowMs: number): LeaseState {
  const lapsed = state.leases.some((lease) => lease.number === number && lease.expiresAtMs <= nowMs);
  return { ...remove(state, number), lapsed: state.lapsed || lapsed };
}

/** Whether a deletion found nothing left to delete. */
export const isGone = (outcome: Outcome): boolean => outcome.kind === 'refused' && SCHEDULE_GONE.has(outcome.status);

function absorb(state: LeaseState, input: LeaseInput, nowMs: number): LeaseState {
  switch (input.type) {
    case 'tick':
      return state;
    case 'stop':
      return { ...state, stopping: true, retryAtMs: 0 };
    case 'create_outcome':
      return created(state, input.number, input.outcome, nowMs);
    case 'delete_outcome':
      return deleted(state, input.number, input.outcome, nowMs);
  }
}

const isLive = (lease: Lease): boolean => lease.schedule !== undefined && !lease.deleting;

/**
 * Whether the newest lease ends soon, before what is held is over, or, which is looked at no more often than work renews
 * leases, long after that: the notice of a death now would come late.
 */
function renewalDue(newest: Lease | undefined, policy: LeasePolicy, at: LeaseCircumstances): boolean {
  if (newest === undefined) return true;
  const { nowMs, heldUntilMs } = at;
  if (nowMs >= newest.renewAtMs) return true;
  if (heldUntilMs === undefined) return false;
  if (newest.expiresAtMs < heldUntilMs + marginOf(policy.intervalMs)) return true;
  return newest.expiresAtMs > expiryOf(policy, at) && nowMs >= shortenableAt(newest, policy);
}

const shortenableAt = ({ madeAtMs }: Lease, { intervalMs }: LeasePolicy): number => madeAtMs + intervalMs;

/** The first turn from a time on: rounds are those of the clock, so that daemons agree on them without a word. */
function nextTurn({ everyMs, afterMs }: LeaseTurn, nowMs: number): number {
  return Math.ceil((nowMs - afterMs) / everyMs) * everyMs + afterMs;
}

function create(state: LeaseState, policy: LeasePolicy, at: LeaseCircumstances): [LeaseState, LeaseCommand] {
  const { nowMs, heldUntilMs, jitter } = at;
  const intervalMs = heldUntilMs === undefined ? policy.idleIntervalMs : policy.intervalMs;
  const expiresAtMs = expiryOf(policy, at) + state.shiftMs;
  // Agents that were started together do not renew together.
  const early = state.nextNumber === 1 ? 0.5 * (1 - jitter) * intervalMs : 0;
  const lease: Lease = {
    number: state.nextNumber,
    schedule: undefined,
    madeAtMs: nowMs,
    expiresAtMs,
    renewAtMs: expiresAtMs - state.shiftMs - marginOf(intervalMs) - early - (policy.turn?.everyMs ?? 0),
    deleting: false,
  };
  const next = { ...state, leases: [...state.leases, lease], nextNumber: lease.number + 1, turnAtMs: undefined };
  return [next, { do: 'create', number: lease.number, expiresAtMs: lease.expiresAtMs }];
}

/** Deletes what is no longer wanted: everything at the end, else whatever is older than the newest live lease. */
function deletions(state: LeaseState, nowMs: number): [LeaseState, LeaseCommand[]] {
  if (nowMs < state.retryAtMs) return [state, []];
  const newest = state.leases.filter(isLive).at(-1);
  const commands: LeaseCommand[] = [];
  let next = state;
  for (const lease of state.leases) {
    const wanted = !state.stopping && lease.number === newest?.number;
    if (!isLive(lease) || wanted || lease.schedule === undefined) continue;
    next = change(next, lease.number, { deleting: true });
    commands.push({ do: 'delete', number: lease.number, schedule: lease.schedule });
  }
  return [next, commands];
}

function wakeAt(state: LeaseState, policy: LeasePolicy, at: LeaseCircumstances): number | undefined {
  const { hears, heldUntilMs } = at;
  // While the ledger owes an answer its coming is what wakes: a renewal that is due but must wait would spin.
  const owed = state.leases.some((lease) => lease.schedule === undefined || lease.deleting);
  if (owed) return undefined;
  if (state.turnAtMs !== undefined && hears && !state.stopping) return Math.max(state.retryAtMs, state.turnAtMs);
  const live = state.leases.filter(isLive);
  if (live.length > (state.stopping ? 0 : 1)) return state.retryAtMs;
  if (state.stopping || !hears) return undefined;
  const [newest] = live;
  if (newest === undefined) return state.retryAtMs;
  const isLong = heldUntilMs !== undefined && newest.expiresAtMs > expiryOf(policy, at);
  const dueMs = isLong ? Math.min(newest.renewAtMs, shortenableAt(newest, policy)) : newest.renewAtMs;
  return Math.max(state.retryAtMs, dueMs);
}

/**
 * Plans the leases: the next is created, then the previous deleted, so that a healthy agent never has none and never
 * more than two. Pure and total; answers of the ledger come back as inputs.
 */
export function planLeases(
  state: LeaseState,
  input: LeaseInput,
  policy: LeasePolicy,
  circumstances: LeaseCircumstances,
): LeasePlan {
  const { nowMs, heldUntilMs } = circumstances;
  const covered = heldUntilMs === undefined ? undefined : Math.min(heldUntilMs, nowMs + MAX_COVERED_MS);
  const at = { ...circumstances, heldUntilMs: covered };
  const absorbed = absorb(state, input, at.nowMs);
  const expired = absorbed.leases.filter((lease) => isLive(lease) && lease.expiresAtMs <= at.nowMs);
  let next = expired.reduce((state, { number }) => settled(state, number, at.nowMs), absorbed);
  const commands: LeaseCommand[] = [];
  const newest = next.leases.filter(isLive).at(-1);
  const pending = next.leases.some((lease) => lease.schedule === undefined);
  const mayCreate = at.hears && !next.stopping && !pending && next.leases.length < 2 && at.nowMs >= next.retryAtMs;
  // Any lapse counts, whatever lives on; it is answered when the agent hears again.
  if (next.lapsed && at.hears && !next.stopping) {
    next = { ...next, lapsed: false };
    commands.push({ do: 'announce_again' });
  }
  const isDue = renewalDue(newest, policy, at);
  if (!isDue || policy.turn === undefined) next = { ...next, turnAtMs: undefined };
  else next = { ...next, turnAtMs: next.turnAtMs ?? nextTurn(policy.turn, at.nowMs) };
  if (mayCreate && isDue && at.nowMs >= (next.turnAtMs ?? 0)) {
    const [created, command] = create(next, policy, at);
    next = created;
    commands.push(command);
  }
  const [final, deletes] = deletions(next, at.nowMs);
  return { state: final, commands: [...commands, ...deletes], wakeAtMs: wakeAt(final, policy, at) };
}
