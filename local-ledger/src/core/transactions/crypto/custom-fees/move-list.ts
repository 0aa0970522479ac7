import { smaller } from '../../../int64.js';
import type { EntityNum } from '../../../model.js';
import type { Move } from '../moves.js';

/** Entries of one currency that custom fees change and add to. */
export class MoveList {
  readonly #moves: Move[];

  constructor(moves: readonly Move[] = []) {
    this.#moves = [...moves];
  }

  get moves(): readonly Move[] {
    return this.#moves;
  }

  /** Adds to the entry of an account, which may have none yet. */
  add(account: EntityNum, amount: bigint): void {
    const index = this.#moves.findIndex((move) => move.account === account);
    const move = this.#moves[index];
    if (move === undefined) {
      this.#moves.push({ account, amount, isApproval: false });
    } else {
      this.#moves[index] = { ...move, amount: move.amount + amount };
    }
  }

  /** Moves `amount` from one account to another. */
  pay(from: EntityNum, to: EntityNum, amount: bigint): void {
    this.add(from, -amount);
    this.add(to, amount);
  }

  /**
   * Takes up to `amount` from the credits that `pays` picks, from each its share, and what rounding leaves from the
   * first that have it. Returns what was taken.
   */
  takeFromCredits(amount: bigint, pays: (account: EntityNum) => boolean): bigint {
    const isPaying = (move: Move) => move.amount > 0n && pays(move.account);
    const available = this.#moves.filter(isPaying).reduce((sum, move) => sum + move.amount, 0n);
    const wanted = smaller(amount, available);
    const taken = this.#take(isPaying, (credit) => (credit * wanted) / available);
    let left = wanted - taken;
    this.#take(isPaying, (credit) => {
      const share = smaller(credit, left);
      left -= share;
      return share;
    });
    return wanted;
  }

  #take(isPaying: (move: Move) => boolean, shareOf: (credit: bigint) => bigint): bigint {
    let taken = 0n;
    for (const [index, move] of this.#moves.entries()) {
      if (isPaying(move)) {
        const share = shareOf(move.amount);
        this.#moves[index] = { ...move, amount: move.amount - share };
        taken += share;
      }
    }
    return taken;
  }
}
