import { Heap } from '@gatepost/rules/run/heap';

/** What a run has under way, and what it could begin now. */
export interface Claim {
  readonly run: string;
  /** Order of submission: of two that are equally far behind, the earlier one is served first. */
  readonly ordinal: number;
  /** Its share is this much of the sum of all weights; a whole number from 1. */
  readonly weight: number;
  /** Attempts under way. */
  readonly open: number;
  /** Most that it may have under way. */
  readonly mostOpen: number;
  /** Attempts that it could begin now. */
  readonly wanted: number;
}

interface Turn {
  readonly claim: Claim;
  readonly granted: number;
}

/** Who has the fewest attempts under way for its weight; numbers are multiplied across, so that nothing is rounded. */
const fewestFirst = (a: Turn, b: Turn): number =>
  (a.claim.open + a.granted) * b.claim.weight - (b.claim.open + b.granted) * a.claim.weight ||
  a.claim.ordinal - b.claim.ordinal;

/**
 * How many attempts each run may begin now: slot by slot the one that has the fewest under way for its weight. This is
 * max-min fair: nobody gets a slot while another that wants one has fewer for its weight. Nothing is kept idle for a run
 * that wants nothing, and nothing is owed to it later. What counts is time in slots and not the number of attempts, since a
 * run of long attempts has its slots for longer.
 * @param free slots that are to be given away: those of the agents, and no more than the bound of all runs leaves.
 */
export function shareOut(claims: readonly Claim[], free: number): ReadonlyMap<string, number> {
  const turns = new Heap<Turn>(fewestFirst);
  const queue = (turn: Turn): void => {
    const { wanted, open, mostOpen } = turn.claim;
    if (turn.granted < wanted && open + turn.granted < mostOpen) turns.add(turn);
  };
  for (const claim of claims) queue({ claim, granted: 0 });
  const granted = new Map<string, number>();
  for (let left = free; left > 0; left -= 1) {
    const next = turns.pop();
    if (next === undefined) break;
    const turn = { claim: next.claim, granted: next.granted + 1 };
    granted.set(turn.claim.run, turn.granted);
    queue(turn);
  }
  return granted;
}
