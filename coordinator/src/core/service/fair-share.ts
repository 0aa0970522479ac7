import { Heap } from '@gatepost/rules/run/heap';

/** What a run has under way, and how much more it may have. */
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
}

interface Turn {
  readonly claim: Claim;
  readonly begun: number;
}

/** Who has the fewest attempts under way for its weight; numbers are multiplied across, so that nothing is rounded. */
const fewestFirst = (a: Turn, b: Turn): number =>
  (a.claim.open + a.begun) * b.claim.weight - (b.claim.open + b.begun) * a.claim.weight ||
  a.claim.ordinal - b.claim.ordinal;

/**
 * Lets runs begin attempts, slot by slot the one that has the fewest under way for its weight. This is max-min fair:
 * nobody gets a slot while another that could use it has fewer for its weight. Nothing is kept idle for a run that can
 * use nothing, and nothing is owed to it later. What counts is time in slots and not the number of attempts, since a run
 * of long attempts has its slots for longer.
 * @param most attempts that may be begun now, in all runs together.
 * @param begin has a run begin one attempt more; false when there is nothing that it could begin now.
 */
export function takeTurns(claims: readonly Claim[], most: number, begin: (run: string) => boolean): void {
  const turns = new Heap<Turn>(fewestFirst);
  const queue = (turn: Turn): void => {
    if (turn.claim.open + turn.begun < turn.claim.mostOpen) turns.add(turn);
  };
  for (const claim of claims) queue({ claim, begun: 0 });
  for (let left = most; left > 0; ) {
    const next = turns.pop();
    if (next === undefined) return;
    if (!begin(next.claim.run)) continue;
    left -= 1;
    queue({ claim: next.claim, begun: next.begun + 1 });
  }
}
