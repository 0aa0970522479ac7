import { createHmac, randomBytes } from 'node:crypto';
import type {
  ChallengeRequest,
  ChallengeResponse,
  RegisterRequest,
  RegisterResponse,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { Clock } from '@gatepost/shared/clock';
import { type MirrorKey, verifySignature } from '@gatepost/shared/hedera/account-key';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type RegisterStatement, registerStatementBytes } from '@gatepost/shared/vocabulary/register-statement';
import { type handleUnaryCall, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import type { DaemonConfig } from '../../config/daemon-config.js';
import { SealedChallenges } from '../../core/sealed-challenges.js';
import type { AccountKeys } from '../ledger/account-keys.js';
import type { SessionTokens } from './session-tokens.js';
import { statusError } from './status-error.js';

export const PROTOCOL_VERSION = 1;
const CHALLENGE_LIFE_MS = 30_000;
/** A key that did not verify is read again from the mirror, but not more often than this. */
const KEY_REFRESH_MS = 5_000;

export interface RegisterParts {
  readonly config: DaemonConfig;
  readonly keys: AccountKeys;
  readonly clock: Clock;
  readonly tokens: SessionTokens;
  readonly capabilities: readonly string[];
  /** SHA-256 of the TLS certificate in DER, lower-case hex; empty without TLS. */
  readonly certificateSha256: () => string;
  readonly log: Logger;
}

/** The mutual challenge: who the coordinator is, who we are, bound to the TLS certificate in use. */
export class Registration {
  readonly #challenges: SealedChallenges;
  #key: { readonly value: MirrorKey; readonly readAtMs: number } | undefined;
  #readingKey: Promise<MirrorKey> | undefined;
  #refusals = 0;
  #lastLoggedMs = 0;

  /** Told which connections have proven to be the coordinator's. */
  onProven: (peer: string) => void = () => undefined;

  constructor(private readonly parts: RegisterParts) {
    const key = randomBytes(32);
    const seal = (text: string) => createHmac('sha256', key).update(text).digest();
    this.#challenges = new SealedChallenges({ random: randomBytes, seal }, CHALLENGE_LIFE_MS);
  }

  /** Handshakes that were turned away. */
  get refusals(): number {
    return this.#refusals;
  }

  readonly challenge: handleUnaryCall<ChallengeRequest, ChallengeResponse> = (call, callback) => {
    const { config, clock } = this.parts;
    const coordinator = call.request.coordinatorAccountId;
    if (coordinator !== config.coordinator) {
      const details = `this agent works for ${config.coordinator}, not for ${JSON.stringify(coordinator.slice(0, 40))}`;
      return this.#refuse(call, callback, status.PERMISSION_DENIED, details);
    }
    const { nonce, expiresAtMs } = this.#challenges.issue(coordinator, clock.nowMs());
    callback(null, {
      nonce: Buffer.from(nonce, 'hex'),
      agentAccountId: config.account,
      expiresAtUnixMs: BigInt(expiresAtMs),
    });
  };

  readonly register: handleUnaryCall<RegisterRequest, RegisterResponse> = (call, callback) => {
    this.#register(call, callback).catch((error: unknown) => {
      const details = `the coordinator's key cannot be read: ${toGatepostError(error).message}`;
      this.#refuse(call, callback, status.UNAVAILABLE, details);
    });
  };

  async #register(
    call: ServerUnaryCall<RegisterRequest, RegisterResponse>,
    callback: sendUnaryData<RegisterResponse>,
  ): Promise<void> {
    const { config, clock, certificateSha256 } = this.parts;
    const { request } = call;
    const nonce = Buffer.from(request.nonce).toString('hex');
    const challenge = this.#challenges.read(nonce, request.coordinatorAccountId, clock.nowMs());
    if (challenge === undefined || request.coordinatorNonce.length !== 32) {
      const details = 'the challenge is unknown, used or expired; ask for a new one';
      return this.#refuse(call, callback, status.UNAUTHENTICATED, details);
    }
    if (request.protocolVersion < PROTOCOL_VERSION) {
      const details = `this agent speaks protocol ${PROTOCOL_VERSION}, not ${request.protocolVersion}`;
      return this.#refuse(call, callback, status.FAILED_PRECONDITION, details);
    }
    const statement: RegisterStatement = {
      coordinator: challenge.coordinator,
      agent: config.account,
      nonce,
      coordinatorNonce: Buffer.from(request.coordinatorNonce).toString('hex'),
      certificateSha256: certificateSha256(),
      expiresAtMs: challenge.expiresAtMs,
    };
    if (!(await this.#proven(registerStatementBytes('coordinator', statement), request.signature))) {
      const details = 'the signature is not by the coordinator over this challenge and this certificate';
      return this.#refuse(call, callback, status.UNAUTHENTICATED, details);
    }
    if (!this.#challenges.use(challenge, clock.nowMs())) {
      return this.#refuse(call, callback, status.UNAUTHENTICATED, 'the challenge was used already; ask for a new one');
    }
    this.onProven(call.getPeer());
    callback(null, this.#welcome(statement));
  }

  #welcome(statement: RegisterStatement): RegisterResponse {
    const { config, keys, tokens, capabilities } = this.parts;
    const { limits } = config;
    return {
      sessionToken: tokens.issue(),
      signature: keys.sign(registerStatementBytes('agent', statement)),
      protocolVersion: PROTOCOL_VERSION,
      capabilities: [...capabilities],
      limits: {
        slots: limits.slots,
        queue: limits.queue,
        maxInputBytes: BigInt(limits.maxInputBytes),
        maxOutputBytes: BigInt(limits.maxOutputBytes),
        maxChunkBytes: limits.maxChunkBytes,
        heartbeatMs: config.heartbeatMs,
      },
      inboxTopicId: config.inbox,
    };
  }

  /** The key is cached; one that does not fit may have been rotated, so it is read once more. */
  async #proven(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const nowMs = this.parts.clock.nowMs();
    const cached = this.#key;
    if (cached !== undefined && verifySignature(cached.value, message, signature)) return true;
    if (cached !== undefined && nowMs - cached.readAtMs < KEY_REFRESH_MS) return false;
    return verifySignature(await this.#readKey(), message, signature);
  }

  /** However many ask for the key, the mirror is asked once. */
  #readKey(): Promise<MirrorKey> {
    this.#readingKey ??= this.parts.keys
      .coordinatorKey()
      .then((value) => {
        this.#key = { value, readAtMs: this.parts.clock.nowMs() };
        return value;
      })
      .finally(() => {
        this.#readingKey = undefined;
      });
    return this.#readingKey;
  }

  /** Answers and logs, at most one line in ten seconds. */
  #refuse<T>(call: { getPeer(): string }, callback: sendUnaryData<T>, code: status, details: string): void {
    this.#refusals += 1;
    const nowMs = this.parts.clock.nowMs();
    if (nowMs - this.#lastLoggedMs > 10_000) {
      this.#lastLoggedMs = nowMs;
      this.parts.log.warn({ peer: call.getPeer(), code: status[code], details, refusals: this.#refusals }, 'refused');
    }
    callback(statusError(code, details));
  }
}
