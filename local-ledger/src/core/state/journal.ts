/** One write, with what it replaced, so that it can be undone and reported. */
interface Write {
  readonly table: Revertible;
  readonly key: string | number;
  readonly before: unknown;
}

/** A table as the journal sees it. */
export interface Revertible {
  restore(key: string | number, before: unknown): void;
}

/** A row's state before the first write since a mark. */
export interface Touched {
  readonly key: string | number;
  readonly before: unknown;
}

/** The writes of the transaction in progress, in order: the ground of savepoints, rollback and change reports. */
export class Journal {
  #writes: Write[] = [];

  record(table: Revertible, key: string | number, before: unknown): void {
    this.#writes.push({ table, key, before });
  }

  /** A savepoint: rolling back to it undoes all later writes. */
  mark(): number {
    return this.#writes.length;
  }

  rollback(mark: number): void {
    for (let index = this.#writes.length - 1; index >= mark; index--) {
      const write = this.#writes[index];
      write?.table.restore(write.key, write.before);
    }
    this.#writes.length = mark;
  }

  /** Rows of `table` written since `mark`, each once, in the order of their first write. */
  touched(table: Revertible, mark: number): Touched[] {
    const first = new Map<string | number, Touched>();
    for (let index = mark; index < this.#writes.length; index++) {
      const write = this.#writes[index];
      if (write?.table === table && !first.has(write.key)) {
        first.set(write.key, { key: write.key, before: write.before });
      }
    }
    return [...first.values()];
  }

  /** Makes all writes final. */
  clear(): void {
    this.#writes = [];
  }
}
