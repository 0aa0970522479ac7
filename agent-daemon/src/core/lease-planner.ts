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
  readonly schedule: string | undefined;
  readonly expiresAtMs: number;
  /** When its successor is due. */
  readonly renewAtMs: number;
  readonly deleting: boolean;
  readonly failedDeletes: number;
}

export interface LeaseState {
  readonly leases: readonly Lease[];
  readonly nextNumber: number;
  /** No creation before this time. */
  readonly retryAtMs: number;
  readonly failures: number;
  /** Added to the next expiry because the ledger's second was full. */
  readonly shiftMs: number;
  readonly stopping: boolean;
}

export type LeaseInput =
  | { readonly type: 'tick' }
  | { readonly type: 'created'; readonly number: number; readonly schedule: string }
  | { readonly type: 'create_failed'; readonly number: number; readonly expiryBusy: boolean }
  | { readonly type: 'deleted'; readonly number: number }
  | { readonly type: 'delete_failed'; readonly number: number }
  | { readonly type: 'stop' };

export type LeaseCommand =
  | { readonly do: 'create'; readonly number: number; readonly expiresAtMs: number }
  | { readonly do: 'delete'; readonly number: number; readonly schedule: string }
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
const MAX_FAILED_DELETES = 5;
const MAX_BACKOFF_MS = 30_000;

export const NO_LEASES: LeaseState = {
  leases: [],
  nextNumber: 1,
  retryAtMs: 0,
  failures: 0,
  shiftMs: 0,
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

function absorb(state: LeaseState, input: LeaseInput, nowMs: number): LeaseState {
  switch (input.type) {
    case 'tick':
      return state;
    case 'stop':
      return { ...state, stopping: true };
    case 'created':
      return { ...change(state, input.number, { schedule: input.schedule }), failures: 0, retryAtMs: 0, shiftMs: 0 };
    case 'create_failed': {
      const failures = state.failures + 1;
      const backoffMs = input.expiryBusy ? 0 : Math.min(MAX_BACKOFF_MS, 500 * 2 ** Math.min(failures, 10));
      const shiftMs = input.expiryBusy ? state.shiftMs + 1_000 : state.shiftMs;
      return { ...remove(state, input.number), failures, shiftMs, retryAtMs: nowMs + backoffMs };
    }
    case 'deleted':
      return remove(state, input.number);
    case 'delete_failed': {
      const failedDeletes = (state.leases.find((lease) => lease.number === input.number)?.failedDeletes ?? 0) + 1;
      if (failedDeletes >= MAX_FAILED_DELETES) return remove(state, input.number);
      return change(state, input.number, { deleting: false, failedDeletes });
    }
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
    failedDeletes: 0,
  };
  const next = { ...state, leases: [...state.leases, lease], nextNumber: lease.number + 1 };
  return [next, { do: 'create', number: lease.number, expiresAtMs: lease.expiresAtMs }];
}

/** Deletes what is no longer wanted: everything at the end, else whatever is older than the newest live lease. */
function deletions(state: LeaseState): [LeaseState, LeaseCommand[]] {
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
  if (state.stopping || !hears) return undefined;
  // While the ledger owes an answer its coming is what wakes: a renewal that is due but must wait would spin.
  const owed = state.leases.some((lease) => lease.schedule === undefined || lease.deleting);
  if (owed) return undefined;
  const newest = state.leases.filter(isLive).at(-1);
  return Math.max(state.retryAtMs, newest?.renewAtMs ?? 0);
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
  // What expires while the agent does not hear is looked at when it hears again.
  const expired = absorbed.leases.filter((lease) => at.hears && isLive(lease) && lease.expiresAtMs <= at.nowMs);
  let next: LeaseState = { ...absorbed, leases: absorbed.leases.filter((lease) => !expired.includes(lease)) };
  const commands: LeaseCommand[] = [];
  const newest = next.leases.filter(isLive).at(-1);
  const pending = next.leases.some((lease) => lease.schedule === undefined);
  const mayCreate = at.hears && !next.stopping && !pending && next.leases.length < 2 && at.nowMs >= next.retryAtMs;
  if (expired.length > 0 && newest === undefined && !next.stopping) commands.push({ do: 'announce_again' });
  if (mayCreate && renewalDue(newest, policy, at)) {
    const [created, command] = create(next, policy, at);
    next = created;
    commands.push(command);
  }
  const [final, deletes] = deletions(next);
  return { state: final, commands: [...commands, ...deletes], wakeAtMs: wakeAt(final, at) };
}
