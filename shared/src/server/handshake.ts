import { createHmac, randomBytes } from 'node:crypto';
import { type ServerErrorResponse, type StatusObject, status } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import { type MirrorKey, verifySignature } from '../hedera/account-key.js';
import type { Logger } from '../log.js';
import { toGatepostError } from '../vocabulary/errors.js';
import type { AccountId } from '../vocabulary/ids.js';
import { type RegisterStatement, registerStatementBytes } from '../vocabulary/register-statement.js';
import { type Challenge, SealedChallenges } from './sealed-challenges.js';
import { statusError } from './status-error.js';

/** Version of the protocols that begin with this handshake. */
export const PROTOCOL_VERSION = 1;
const CHALLENGE_LIFE_MS = 30_000;
/** A key that did not verify is read again from the mirror, but not more often than this. */
const KEY_REFRESH_MS = 5_000;

/** What one side of the handshake is asked for and answers with, whatever the service. */
export interface Proof {
  /** Hedera account that wants in. */
  readonly coordinatorAccountId: string;
  readonly nonce: Uint8Array;
  readonly coordinatorNonce: Uint8Array;
  readonly signature: Uint8Array;
  readonly protocolVersion: number;
}

export interface HandshakeParts {
  /** The server's own account. */
  readonly account: AccountId;
  /** Why an account gets no challenge, in words; undefined when it may register. */
  readonly objection: (account: string) => string | undefined;
  /** An account's key as the mirror shows it now. @throws GatepostError MIRROR_UNREACHABLE, NOT_FOUND */
  readonly keyOf: (account: AccountId) => Promise<MirrorKey>;
  /** Signs with the server's account key. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly clock: Clock;
  /** SHA-256 of the TLS certificate in DER, lower-case hex; empty without TLS. */
  readonly certificateSha256: () => string;
  readonly log: Logger;
}

/** A proof that was good, and the server's own for it. */
export interface Proven {
  readonly account: AccountId;
  readonly signature: Uint8Array;
}

type Refused = ServerErrorResponse | Partial<StatusObject>;

/** What a call of the handshake comes to: an answer, or the status that it ends with. */
export type Answer<T> = { readonly ok: T } | { readonly refused: Refused };

interface CachedKey {
  readonly value: MirrorKey;
  readonly readAtMs: number;
}

/** The server's side of the mutual challenge: who calls, who we are, bound to the TLS certificate in use. */
export class Handshake {
  readonly #challenges: SealedChallenges;
  readonly #keys = new Map<string, CachedKey>();
  readonly #reading = new Map<string, Promise<MirrorKey>>();
  #refusals = 0;
  #lastLoggedMs = 0;

  /** Told which connections have proven whose they are. */
  onProven: (peer: string) => void = () => undefined;

  constructor(private readonly parts: HandshakeParts) {
    const key = randomBytes(32);
    const seal = (text: string) => createHmac('sha256', key).update(text).digest();
    this.#challenges = new SealedChallenges({ random: randomBytes, seal }, CHALLENGE_LIFE_MS);
  }

  /** Handshakes that were turned away. */
  get refusals(): number {
    return this.#refusals;
  }

  challenge(peer: string, account: string): Answer<Challenge> {
    const { objection, clock } = this.parts;
    const details = objection(account);
    if (details !== undefined) return this.#refuse(peer, status.PERMISSION_DENIED, details);
    return { ok: this.#challenges.issue(account, clock.nowMs()) };
  }

  /** Never rejects. */
  async register(peer: string, proof: Proof): Promise<Answer<Proven>> {
    try {
      return await this.#register(peer, proof);
    } catch (error) {
      const details = `the key of ${proof.coordinatorAccountId} cannot be read: ${toGatepostError(error).message}`;
      return this.#refuse(peer, status.UNAVAILABLE, details);
    }
  }

  async #register(peer: string, proof: Proof): Promise<Answer<Proven>> {
    const { account, clock, certificateSha256, sign } = this.parts;
    const nonce = Buffer.from(proof.nonce).toString('hex');
    const challenge = this.#challenges.read(nonce, proof.coordinatorAccountId, clock.nowMs());
    if (challenge === undefined || proof.coordinatorNonce.length !== 32) {
      const details = 'the challenge is unknown, used or expired; ask for a new one';
      return this.#refuse(peer, status.UNAUTHENTICATED, details);
    }
    if (proof.protocolVersion < PROTOCOL_VERSION) {
      const details = `${account} speaks protocol ${PROTOCOL_VERSION}, not ${proof.protocolVersion}`;
      return this.#refuse(peer, status.FAILED_PRECONDITION, details);
    }
    const statement: RegisterStatement = {
      coordinator: challenge.coordinator,
      agent: account,
      nonce,
      coordinatorNonce: Buffer.from(proof.coordinatorNonce).toString('hex'),
      certificateSha256: certificateSha256(),
      expiresAtMs: challenge.expiresAtMs,
    };
    const caller = challenge.coordinator as AccountId;
    if (!(await this.#signed(caller, registerStatementBytes('coordinator', statement), proof.signature))) {
      const details = `the signature is not by ${caller} over this challenge and this certificate`;
      return this.#refuse(peer, status.UNAUTHENTICATED, details);
    }
    if (!this.#challenges.use(challenge, clock.nowMs())) {
      return this.#refuse(peer, status.UNAUTHENTICATED, 'the challenge was used already; ask for a new one');
    }
    this.onProven(peer);
    return { ok: { account: caller, signature: sign(registerStatementBytes('agent', statement)) } };
  }

  /** A key is cached; one that does not fit may have been rotated, so it is read once more. */
  async #signed(account: AccountId, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const nowMs = this.parts.clock.nowMs();
    const cached = this.#keys.get(account);
    if (cached !== undefined && verifySignature(cached.value, message, signature)) return true;
    if (cached !== undefined && nowMs - cached.readAtMs < KEY_REFRESH_MS) return false;
    return verifySignature(await this.#readKey(account), message, signature);
  }

  /** However many ask for a key, the mirror is asked once. */
  #readKey(account: AccountId): Promise<MirrorKey> {
    let reading = this.#reading.get(account);
    if (reading === undefined) {
      reading = this.parts
        .keyOf(account)
        .then((value) => {
          this.#keys.set(account, { value, readAtMs: this.parts.clock.nowMs() });
          return value;
        })
        .finally(() => this.#reading.delete(account));
      this.#reading.set(account, reading);
    }
    return reading;
  }

  /** Answers and logs, at most one line in ten seconds. */
  #refuse(peer: string, code: status, details: string): { readonly refused: Refused } {
    this.#refusals += 1;
    const nowMs = this.parts.clock.nowMs();
    if (nowMs - this.#lastLoggedMs > 10_000) {
      this.#lastLoggedMs = nowMs;
      this.parts.log.warn({ peer, code: status[code], details, refusals: this.#refusals }, 'refused');
    }
    return { refused: statusError(code, details) };
  }
}
