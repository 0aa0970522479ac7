import { createHash, randomBytes } from 'node:crypto';
import type { AccountId } from '../vocabulary/ids.js';

/** Tokens that may be used at the same time; the oldest is forgotten first. */
const KEPT = 8;

/** Bearers of sessions. Only digests of their tokens are kept. */
export class SessionTokens {
  readonly #bearers = new Map<string, AccountId>();

  issue(account: AccountId): string {
    const token = randomBytes(32).toString('base64url');
    this.#bearers.set(digest(token), account);
    const [oldest] = this.#bearers.keys();
    if (this.#bearers.size > KEPT && oldest !== undefined) this.#bearers.delete(oldest);
    return token;
  }

  /** Whom a token was issued to; undefined for no token of this start. */
  bearer(token: string): AccountId | undefined {
    return this.#bearers.get(digest(token));
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64');
