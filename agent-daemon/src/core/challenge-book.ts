/** An open challenge. */
export interface Challenge {
  readonly nonce: string;
  readonly coordinator: string;
  readonly expiresAtMs: number;
}

/** Open challenges: each is good for one answer, until it expires; their number is bounded. */
export class ChallengeBook {
  readonly #open = new Map<string, Challenge>();

  constructor(readonly limit: number) {}

  /** Opens a challenge; false when too many are open. */
  open(challenge: Challenge, nowMs: number): boolean {
    for (const [nonce, { expiresAtMs }] of this.#open) if (expiresAtMs <= nowMs) this.#open.delete(nonce);
    if (this.#open.size >= this.limit) return false;
    this.#open.set(challenge.nonce, challenge);
    return true;
  }

  /** Uses a challenge up; undefined when it is unknown, used, expired, or was given to another coordinator. */
  take(nonce: string, coordinator: string, nowMs: number): Challenge | undefined {
    const challenge = this.#open.get(nonce);
    this.#open.delete(nonce);
    if (challenge === undefined || challenge.expiresAtMs <= nowMs) return undefined;
    return challenge.coordinator === coordinator ? challenge : undefined;
  }
}
