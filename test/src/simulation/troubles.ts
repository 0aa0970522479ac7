import type { Random } from '../chaos/random.js';

/** What may go wrong, for a while. */
export const TROUBLES = [
  'kill the coordinator',
  'move the coordinator',
  'start a second coordinator',
  'kill a daemon',
  'stop a daemon',
  'lose a daemon\u2019s disk',
  'cut a session',
  'node away',
  'mirror away',
  'stall the journal\u2019s stream',
  'stall an inbox',
  'REST lags',
  'streams lag',
  'busy',
  'requests are lost',
  'answers are lost',
  'answers are doubled',
  'transactions are dropped',
  'receipts are lost',
  'executions give up',
  'consensus throttles',
  'consensus is slow',
  'a disk is full',
  'the coordinator\u2019s disk is full',
  'a payee is frozen',
  'lies',
  'a task is cancelled',
  'the run is cancelled',
] as const;

/** What may go wrong with a gatekeeper besides; often, for it is what such a run is there to see. */
const GATEKEEPER_TROUBLES = [
  'kill the gatekeeper',
  'stop the gatekeeper',
  'start a second gatekeeper',
  'cut the gatekeeper',
] as const;

/** All that may go wrong in a run with a gatekeeper. */
export const ALL_TROUBLES = [...TROUBLES, ...GATEKEEPER_TROUBLES, ...GATEKEEPER_TROUBLES, ...GATEKEEPER_TROUBLES];

export type TroubleKind = (typeof ALL_TROUBLES)[number];

/** One trouble: what, when, for how long and how bad. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** After the beginning, milliseconds. */
  readonly atMs: number;
  readonly forMs: number;
  /** From 0 to below 1; what it means depends on the kind. */
  readonly degree: number;
  /** Which agent, where there is one. */
  readonly agent: number;
}

const MOST = 10;
/** Ends a run for good, so it must be rare. */
const RARE: ReadonlySet<TroubleKind> = new Set(['the run is cancelled', 'a task is cancelled']);

/** The troubles of one run; some runs have none. */
export function troublesFrom(
  random: Random,
  untilMs: number,
  agents: number,
  kinds: readonly TroubleKind[] = TROUBLES,
): readonly Trouble[] {
  const count = random.chance(0.1) ? 0 : random.whole(1, MOST);
  const troubles: Trouble[] = [];
  for (let index = 0; index < count; index += 1) {
    const kind = random.pick(kinds);
    if (RARE.has(kind) && random.chance(0.7)) continue;
    troubles.push({
      kind,
      atMs: random.whole(0, untilMs),
      forMs: random.chance(0.2) ? random.whole(1_000, 60_000) : random.whole(200, 15_000),
      degree: random.fraction(),
      agent: random.whole(0, agents - 1),
    });
  }
  return troubles.sort((a, b) => a.atMs - b.atMs);
}
