import { createHash, randomBytes } from 'node:crypto';

/** Tokens that may be used at the same time; the oldest is forgotten first. */
const KEPT = 8;

/** Bearers of the Session stream. Only their digests are kept. */
export class SessionTokens {
  readonly #digests: string[] = [];

  issue(): string {
    const token = randomBytes(32).toString('base64url');
    this.#digests.push(digest(token));
    if (this.#digests.length > KEPT) this.#digests.shift();
    return token;
  }

  accepts(token: string): boolean {
    return this.#digests.includes(digest(token));
  }
}

const digest = (token: string): string => createHash('sha256').update(token).digest('base64');
