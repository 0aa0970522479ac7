import type { EntityNum } from '../../core/model.js';
import { lowerBound } from './u32-list.js';

/** A set of entity numbers kept in ascending order; adding the largest, the usual case, is constant time. */
export class SortedIds {
  readonly #ids: EntityNum[] = [];

  get size(): number {
    return this.#ids.length;
  }

  add(id: EntityNum): void {
    const last = this.#ids.at(-1);
    if (last === undefined || id > last) {
      this.#ids.push(id);
      return;
    }
    const at = this.#from(id);
    if (this.#ids[at] !== id) this.#ids.splice(at, 0, id);
  }

  delete(id: EntityNum): void {
    const at = this.#from(id);
    if (this.#ids[at] === id) this.#ids.splice(at, 1);
  }

  /** The ids from `lower` to `upper`, both included, in the given order. */
  *between(lower: bigint, upper: bigint, order: 'asc' | 'desc'): Generator<EntityNum> {
    const first = lowerBound(this.#ids.length, (at) => BigInt(this.#ids[at] ?? 0) >= lower);
    const end = lowerBound(this.#ids.length, (at) => BigInt(this.#ids[at] ?? 0) > upper);
    for (let step = 0; step < end - first; step++) {
      const id = this.#ids[order === 'asc' ? first + step : end - 1 - step];
      if (id !== undefined) yield id;
    }
  }

  #from(id: EntityNum): number {
    return lowerBound(this.#ids.length, (at) => (this.#ids[at] ?? 0) >= id);
  }
}
