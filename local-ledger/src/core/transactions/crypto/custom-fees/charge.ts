import type { EntityNum, FixedTokenFee, Token } from '../../../model.js';
import type { AssessedFee } from '../../../record-item.js';
import type { TokenMoves, Transfers } from '../moves.js';
import { MoveList } from './move-list.js';

/**
 * The custom fees of one level: what they change in its transfers, and the transfers of the next level, which they
 * cause. Only fees in other tokens can be subject to custom fees again.
 */
export class Charge {
  readonly fees: AssessedFee[] = [];
  readonly #level: Transfers;
  readonly #changed: ReadonlyMap<EntityNum, MoveList>;
  readonly #nextHbar = new MoveList();
  readonly #nextTokens = new Map<EntityNum, MoveList>();

  constructor(level: Transfers) {
    this.#level = level;
    this.#changed = new Map(level.tokens.map(({ token, moves }) => [token, new MoveList(moves)]));
  }

  /** The entries of a token of this level, fees included so far. */
  listOf(token: EntityNum): MoveList {
    return this.#changed.get(token) ?? new MoveList();
  }

  /** Makes `payer` pay a fee of `token`: beside what it sends when it is in that token, else at the next level. */
  payFixed(token: Token, payer: EntityNum, fee: FixedTokenFee): void {
    this.#listFor(token, fee).pay(payer, fee.collector, fee.amount);
    this.fees.push({ amount: fee.amount, token: fee.token, collector: fee.collector, payers: [payer] });
  }

  #listFor(token: Token, { token: denomination }: FixedTokenFee): MoveList {
    if (denomination === undefined) {
      return this.#nextHbar;
    }
    if (denomination === token.num) {
      return this.listOf(token.num);
    }
    const list = this.#nextTokens.get(denomination) ?? new MoveList();
    this.#nextTokens.set(denomination, list);
    return list;
  }

  /** This level with its fees. */
  get level(): Transfers {
    const tokens = this.#level.tokens.map((list) => ({ ...list, moves: this.listOf(list.token).moves }));
    return { ...this.#level, tokens };
  }

  /** What the fees of this level move besides. */
  get next(): Transfers {
    const tokens = [...this.#nextTokens].map(([token, { moves }]): TokenMoves => {
      return { token, moves, expectedDecimals: undefined };
    });
    return { ...this.#level, hbar: this.#nextHbar.moves, tokens };
  }
}
