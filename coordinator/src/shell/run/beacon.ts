import type { Outcome } from '@gatepost/shared/vocabulary/outcome';

/**
 * A record that only moves the journal's time on, for all runs of a process. Who asks while one is on its way shares it,
 * but only until its record is folded: whoever asks later waits for a record that is still to come.
 */
export class Beacon {
  #underWay: Promise<Outcome> | undefined;

  /** @param say writes the record. */
  constructor(private readonly say: () => Promise<Outcome>) {}

  /** @returns what became of the record that is waited for. */
  ask(): Promise<Outcome> {
    if (this.#underWay !== undefined) return this.#underWay;
    const said = this.say().finally(() => {
      if (this.#underWay === said) this.#underWay = undefined;
    });
    this.#underWay = said;
    return said;
  }

  /** Its record was folded, whether the answer to it is here or not. */
  folded(): void {
    this.#underWay = undefined;
  }
}
