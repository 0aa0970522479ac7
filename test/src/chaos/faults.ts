import { AGENTS } from './plan.js';
import type { Random } from './random.js';

export const AGENT_NAMES: readonly string[] = Array.from({ length: AGENTS }, (_, at) => `agent-${at + 1}`);
export const PARTIES: readonly string[] = ['coordinator', ...AGENT_NAMES];
/** What each party has a wire of its own to. */
export const SERVERS = ['node', 'mirror-grpc', 'mirror-rest'] as const;
export type Server = (typeof SERVERS)[number];

/** Something that goes wrong in a round. Durations are in milliseconds. */
export type Fault =
  | { readonly kind: 'kill'; readonly party: string; readonly downMs: number; readonly forgets: boolean }
  | { readonly kind: 'restart'; readonly party: string; readonly downMs: number }
  | { readonly kind: 'pause'; readonly party: string; readonly ms: number }
  | { readonly kind: 'cut' | 'stall'; readonly wires: readonly string[]; readonly ms: number }
  | { readonly kind: 'take-over'; readonly pausedMs: number }
  | { readonly kind: 'lag'; readonly lagMs: number }
  | { readonly kind: 'end-streams'; readonly code: string }
  | { readonly kind: 'ledger'; readonly fault: Readonly<Record<string, unknown>> };

/** A fault and when it comes, counted from the start of the run. */
export interface Planned {
  readonly atMs: number;
  readonly fault: Fault;
}

/** The process of the embedded network, as a party that can be paused. */
export const LEDGER = 'ledger';

const wiresTo = (server: Server): string[] => PARTIES.map((party) => `${party}/${server}`);

/** One wire, all wires of a server, or the session of an agent. */
function wires(random: Random): readonly string[] {
  const draw = random.fraction();
  if (draw < 0.25) return [`${random.pick(AGENT_NAMES)}/session`];
  if (draw < 0.5) return wiresTo(random.pick(SERVERS));
  return [`${random.pick(PARTIES)}/${random.pick(SERVERS)}`];
}

const METHODS = ['submitMessage', 'atomicBatch', 'createSchedule', 'deleteSchedule'];

function ledgerFault(random: Random): Readonly<Record<string, unknown>> {
  const kind = random.pick([
    'busy',
    'platform-not-active',
    'lost-response',
    'unknown-receipt',
    'stream-break',
    'rest-error',
  ]);
  const count = random.whole(1, 4);
  switch (kind) {
    case 'stream-break':
      return { kind, count, after_messages: random.whole(0, 6), code: random.pick(['UNAVAILABLE', 'OK', 'INTERNAL']) };
    case 'rest-error':
      return { kind, count, status: random.pick([429, 500, 502, 503]) };
    case 'unknown-receipt':
      return { kind, count };
    default:
      return random.chance(0.5) ? { kind, count } : { kind, count, method: random.pick(METHODS) };
  }
}

function makeFault(random: Random): Fault {
  const draw = random.fraction();
  if (draw < 0.16) {
    return { kind: 'kill', party: 'coordinator', downMs: random.whole(0, 1_500), forgets: random.chance(0.3) };
  }
  if (draw < 0.28) {
    return { kind: 'kill', party: random.pick(AGENT_NAMES), downMs: random.whole(0, 3_000), forgets: false };
  }
  if (draw < 0.34) return { kind: 'restart', party: random.pick(PARTIES), downMs: random.whole(0, 1_000) };
  if (draw < 0.44) return { kind: 'pause', party: random.pick([...PARTIES, LEDGER]), ms: random.whole(200, 4_000) };
  if (draw < 0.62) {
    return { kind: random.pick(['cut', 'stall']), wires: wires(random), ms: random.whole(100, 3_000) };
  }
  if (draw < 0.68) return { kind: 'take-over', pausedMs: random.whole(500, 3_000) };
  if (draw < 0.76) return { kind: 'lag', lagMs: random.pick([300, 1_000, 3_000]) };
  if (draw < 0.8) return { kind: 'end-streams', code: random.pick(['OK', 'UNAVAILABLE', 'INTERNAL']) };
  return { kind: 'ledger', fault: ledgerFault(random) };
}

/** The mirror falls far behind, and then the coordinator dies: its successor does not see yet what was paid. */
function deathInTheDark(random: Random): Planned[] {
  const atMs = random.whole(1_500, 6_000);
  return [
    { atMs, fault: { kind: 'lag', lagMs: random.pick([3_000, 6_000]) } },
    {
      atMs: atMs + random.whole(100, 1_000),
      fault: { kind: 'kill', party: 'coordinator', downMs: random.whole(0, 300), forgets: random.chance(0.3) },
    },
  ];
}

/** What goes wrong in a round, in the order of time; at most one take-over. */
export function makeSchedule(random: Random): Planned[] {
  const lastMs = random.whole(2_000, 6_000);
  const planned: Planned[] = Array.from({ length: random.whole(2, 7) }, () => ({
    atMs: random.whole(0, lastMs),
    fault: makeFault(random),
  }));
  const firstTakeOver = planned.find(({ fault }) => fault.kind === 'take-over');
  const kept = planned.filter((one) => one.fault.kind !== 'take-over' || one === firstTakeOver);
  return [...kept, ...(random.chance(0.25) ? deathInTheDark(random) : [])].sort((a, b) => a.atMs - b.atMs);
}

/** A fault in a few words. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill ${fault.party}${fault.forgets ? ' and its files' : ''} for ${fault.downMs} ms`;
    case 'restart':
      return `restart ${fault.party} after ${fault.downMs} ms`;
    case 'pause':
      return `pause ${fault.party} for ${fault.ms} ms`;
    case 'cut':
    case 'stall':
      return `${fault.kind} ${fault.wires.join(', ')} for ${fault.ms} ms`;
    case 'take-over':
      return `take over, the other is paused for ${fault.pausedMs} ms`;
    case 'lag':
      return `mirror lag ${fault.lagMs} ms`;
    case 'end-streams':
      return `end streams with ${fault.code}`;
    case 'ledger':
      return `ledger ${JSON.stringify(fault.fault)}`;
  }
}
