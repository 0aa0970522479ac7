import type { ScheduleId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import { SCHEDULE_GONE } from '@gatepost/shared/vocabulary/outcome';

/** How often the lease is renewed. */
export interface LeasePolicy {
  /** While attempts run or wait; milliseconds. */
  readonly intervalMs: number;
  /** While there is nothing to do; milliseconds. */
  readonly idleIntervalMs: number;
}

/** A scheduled death notice on the ledger. */
export interface Lease {
  /** From 1 within a session. */
  readonly number: number;
  /** Undefined until the ledger has answered. */
  readonly schedule: ScheduleId | undefined;
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
  /** Whether attempts run or wait. */
  readonly busy: boolean;
  /** Whether the agent reads its inbox. One that does not could not do what it is assigned, and renews nothing. */
  readonly hears: boolean;
  /** 0 to 1: spreads the first renewal, so that agents started together do not renew together. */
  readonly jitter: number;
}

/** A renewal is one ScheduleCreate and one ScheduleDelete. */
export const RENEWAL_USD = 0.011;
const MIN_MARGIN_MS = 5_000;
const MAX_MARGIN_MS = 60_000;
const MAX_BACKOFF_MS = 30_000;
/** The ledger's second has no room for another schedule; the next one may. */
const EXPIRY_BUSY = 'SCHEDULE_EXPIRY_IS_BUSY';

export const NO_LEASES: LeaseState = {
  leases: [],
  nextNumber: 1,
  retryAtMs: 0,
  failures: 0,
  shiftMs: 0,
  lapsed: false,
  stopping: false,
};

/** How long a lease lives: its interval and a margin in which the renewal may be late. */
export const leaseLifeMs = (intervalMs: number): number =>
  intervalMs + Math.min(MAX_MARGIN_MS, Math.max(MIN_MARGIN_MS, intervalMs / 2));

/** What renewals at an interval cost in a day. */
export const usdPerDay = (intervalMs: number): number => (86_400_000 / intervalMs) * RENEWAL_USD;

const intervalOf = (policy: LeasePolicy, busy: boolean): number => (busy ? policy.intervalMs : policy.idleIntervalMs);

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
  const busy = outcome.kind === 'refused' && outcome.status === EXPIRY_BUSY;
  return busy ? { ...without, shiftMs: without.shiftMs + 1_000, retryAtMs: nowMs } : failed(without, nowMs);
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

function renewalDue(newest: Lease | undefined, policy: LeasePolicy, { nowMs, busy }: LeaseCircumstances): boolean {
  if (newest === undefined) return true;
  // Work has begun under a lease of the slow interval: the notice of a death now would come too late.
  const tooLong = busy && newest.expiresAtMs > nowMs + leaseLifeMs(policy.intervalMs);
  return tooLong || nowMs >= newest.renewAtMs;
}

function create(state: LeaseState, policy: LeasePolicy, at: LeaseCircumstances): [LeaseState, LeaseCommand] {
  const intervalMs = intervalOf(policy, at.busy);
  const first = state.nextNumber === 1;
  const lease: Lease = {
    number: state.nextNumber,
    schedule: undefined,
    expiresAtMs: at.nowMs + leaseLifeMs(intervalMs) + state.shiftMs,
    renewAtMs: at.nowMs + (first ? intervalMs * (0.5 + 0.5 * at.jitter) : intervalMs),
    deleting: false,
  };
  const next = { ...state, leases: [...state.leases, lease], nextNumber: lease.number + 1 };
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

function wakeAt(state: LeaseState, { hears }: LeaseCircumstances): number | undefined {
  // While the ledger owes an answer its coming is what wakes: a renewal that is due but must wait would spin.
  const owed = state.leases.some((lease) => lease.schedule === undefined || lease.deleting);
  if (owed) return undefined;
  const live = state.leases.filter(isLive);
  if (live.length > (state.stopping ? 0 : 1)) return state.retryAtMs;
  if (state.stopping || !hears) return undefined;
  return Math.max(state.retryAtMs, live.at(-1)?.renewAtMs ?? 0);
}

/**
 * Plans the leases: the next is created, then the previous deleted, so that a healthy agent never has none and never
 * more than two. Pure and total; answers of the ledger come back as inputs.
 */
export function planLeases(
  state: LeaseState,
  input: LeaseInput,
  policy: LeasePolicy,
  at: LeaseCircumstances,
): LeasePlan {
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
  if (mayCreate && renewalDue(newest, policy, at)) {
    const [created, command] = create(next, policy, at);
    next = created;
    commands.push(command);
  }
  const [final, deletes] = deletions(next, at.nowMs);
  return { state: final, commands: [...commands, ...deletes], wakeAtMs: wakeAt(final, at) };
}
