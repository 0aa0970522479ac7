import type {
  ChallengeRequest,
  ChallengeResponse,
  RegisterRequest,
  RegisterResponse,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { type Handshake, PROTOCOL_VERSION, type Proven } from '@gatepost/shared/server/handshake';
import type { handleUnaryCall } from '@grpc/grpc-js';
import type { DaemonConfig } from '../../config/daemon-config.js';

export interface RegisterParts {
  readonly config: DaemonConfig;
  readonly handshake: Handshake;
  readonly capabilities: readonly string[];
  /** A token for the Session stream of an account that has proven itself. */
  readonly issue: (account: Proven['account']) => string;
}

/** The mutual challenge with the coordinator, and with who judges its work. */
export class Registration {
  constructor(private readonly parts: RegisterParts) {}

  readonly challenge: handleUnaryCall<ChallengeRequest, ChallengeResponse> = (call, callback) => {
    const { config, handshake } = this.parts;
    const answer = handshake.challenge(call.getPeer(), call.request.coordinatorAccountId);
    if ('refused' in answer) return callback(answer.refused);
    const { nonce, expiresAtMs } = answer.ok;
    callback(null, {
      nonce: Buffer.from(nonce, 'hex'),
      agentAccountId: config.account,
      expiresAtUnixMs: BigInt(expiresAtMs),
    });
  };

  readonly register: handleUnaryCall<RegisterRequest, RegisterResponse> = (call, callback) => {
    void this.parts.handshake.register(call.getPeer(), call.request).then((answer) => {
      if ('refused' in answer) callback(answer.refused);
      else callback(null, this.#welcome(answer.ok));
    });
  };

  #welcome({ account, signature }: Proven): RegisterResponse {
    const { config, issue, capabilities } = this.parts;
    const { limits } = config;
    return {
      sessionToken: issue(account),
      signature,
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
}
