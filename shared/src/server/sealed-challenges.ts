/** A challenge that was given out. */
export interface Challenge {
  /** Lower-case hex. */
  readonly nonce: string;
  readonly coordinator: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** What the seal is made with. */
export interface SealParts {
  /** Fresh random bytes. */
  readonly random: (size: number) => Uint8Array;
  /** A message authentication code, at least 16 bytes, under a key that nobody else has. */
  readonly seal: (text: string) => Uint8Array;
}

const EXPIRY_DIGITS = 12;
const RANDOM_BYTES = 10;
const SEAL_BYTES = 16;
const NONCE = /^[0-9a-f]{64}$/;
/** Proofs remembered until their challenge expires. Only a coordinator that has proven itself fills them. */
const MAX_USED = 4_096;

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Challenges that the daemon does not keep: a nonce of 32 bytes holds its own expiry (6), randomness (10) and a seal
 * over both and the coordinator (16). However many are asked for, they cost no memory and nobody's place. What is
 * remembered is which ones have been used, so that each is good for one proof.
 */
export class SealedChallenges {
  readonly #used = new Map<string, number>();

  constructor(
    private readonly parts: SealParts,
    readonly lifeMs: number,
  ) {}

  issue(coordinator: string, nowMs: number): Challenge {
    const expiresAtMs = nowMs + this.lifeMs;
    const expiry = expiresAtMs.toString(16).padStart(EXPIRY_DIGITS, '0');
    const open = `${expiry}${hex(this.parts.random(RANDOM_BYTES))}`;
    return { nonce: `${open}${this.#seal(open, coordinator)}`, coordinator, expiresAtMs };
  }

  /** The challenge of a nonce; undefined when it was not given to this coordinator, is expired or was used. */
  read(nonce: string, coordinator: string, nowMs: number): Challenge | undefined {
    if (!NONCE.test(nonce)) return undefined;
    const open = nonce.slice(0, -2 * SEAL_BYTES);
    if (!sameText(nonce.slice(-2 * SEAL_BYTES), this.#seal(open, coordinator))) return undefined;
    const expiresAtMs = Number.parseInt(open.slice(0, EXPIRY_DIGITS), 16);
    if (expiresAtMs <= nowMs || this.#used.has(nonce)) return undefined;
    return { nonce, coordinator, expiresAtMs };
  }

  /** Uses a challenge up once its proof is good; false when that has happened already or too often lately. */
  use({ nonce, expiresAtMs }: Challenge, nowMs: number): boolean {
    for (const [used, endMs] of this.#used) if (endMs <= nowMs) this.#used.delete(used);
    if (this.#used.has(nonce) || this.#used.size >= MAX_USED) return false;
    this.#used.set(nonce, expiresAtMs);
    return true;
  }

  #seal(open: string, coordinator: string): string {
    return hex(this.parts.seal(`${open} ${coordinator}`).subarray(0, SEAL_BYTES));
  }
}

/** Compares in a time that does not depend on where they differ. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
}
