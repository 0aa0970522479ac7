import type { Allowance, EntityNum } from '../../core/model.js';

/** The allowances that there are, by owner, then by spender and token; hbar comes before tokens. */
export class AllowanceBook {
  readonly #byOwner = new Map<EntityNum, Allowance[]>();

  set(allowance: Allowance): void {
    this.remove(allowance);
    const all = [...this.of(allowance.owner), allowance];
    this.#byOwner.set(
      allowance.owner,
      all.sort((a, b) => a.spender - b.spender || (a.token ?? 0) - (b.token ?? 0)),
    );
  }

  remove({ owner, spender, token }: Allowance): void {
    const others = this.of(owner).filter((one) => one.spender !== spender || one.token !== token);
    this.#byOwner.set(owner, others);
  }

  /** What an account lets others spend. */
  of(owner: EntityNum): readonly Allowance[] {
    return this.#byOwner.get(owner) ?? [];
  }
}
