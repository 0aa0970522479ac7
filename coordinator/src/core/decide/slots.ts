import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** Slots of agents that are taken, by attempts of all runs that are decided on together; more become taken, never fewer. */
export class Slots {
  readonly #taken = new Map<AccountId, number>();

  take(agent: AccountId, count = 1): void {
    this.#taken.set(agent, this.taken(agent) + count);
  }

  taken(agent: AccountId): number {
    return this.#taken.get(agent) ?? 0;
  }
}
