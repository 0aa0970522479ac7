import { createRequire } from 'node:module';
import {
  type ChallengeRequest,
  type ChallengeResponse,
  type CosignRefundRequest,
  type CosignRefundResponse,
  type CosignRequest,
  type CosignResponse,
  GatekeeperServiceService,
  type ProvidePlanRequest,
  type ProvidePlanResponse,
  type RegisterRequest,
  type RegisterResponse,
} from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import type { ServedService } from '@gatepost/shared/server/grpc-server';
import { type Handshake, PROTOCOL_VERSION } from '@gatepost/shared/server/handshake';
import { SessionTokens } from '@gatepost/shared/server/session-tokens';
import { statusError } from '@gatepost/shared/server/status-error';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import {
  type handleClientStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';

const DESCRIPTORS = createRequire(import.meta.url).resolve('@gatepost/proto/gen/api.binpb');

export const SERVICE_NAME = 'gatepost.gatekeeper.v1.GatekeeperService';

/** Largest plan that is taken, bytes. */
export const MAX_PLAN_BYTES = 67_108_864;

/** What the gatekeeper does for its coordinator. */
export interface Desk {
  /** @throws GatepostError INVALID_PLAN, NOT_FOUND while the journal does not show the run. */
  providePlan(run: string, bytes: Buffer): Promise<Sha256>;
  cosign(request: CosignRequest): Promise<CosignResponse>;
  cosignRefund(request: CosignRefundRequest): Promise<CosignRefundResponse>;
}

const CODES: Readonly<Record<string, status>> = {
  INVALID_PLAN: status.INVALID_ARGUMENT,
  USAGE: status.INVALID_ARGUMENT,
  NOT_FOUND: status.FAILED_PRECONDITION,
  MIRROR_UNREACHABLE: status.UNAVAILABLE,
};

function fail(callback: (error: ReturnType<typeof statusError>) => void, thrown: unknown): void {
  const { code, message } = toGatepostError(thrown);
  callback(statusError(CODES[code] ?? status.INTERNAL, message));
}

const UNKNOWN_TOKEN = 'metadata gatepost-session is no token of this start of the gatekeeper; register again';

/** The gatekeeper's service: the handshake, and the desk behind it for who has proven to be the coordinator. */
export class GatekeeperCalls {
  readonly #tokens = new SessionTokens();

  constructor(
    private readonly account: AccountId,
    private readonly handshake: Handshake,
    private readonly desk: Desk,
    /** A connection has shown a token. */
    private readonly proven: (peer: string) => void,
  ) {}

  /** As it is served. */
  get service(): ServedService {
    const { challenge, register, providePlan, cosign, cosignRefund } = this;
    return {
      name: SERVICE_NAME,
      definition: GatekeeperServiceService,
      implementation: { challenge, register, providePlan, cosign, cosignRefund },
      streams: [GatekeeperServiceService.providePlan.path],
      descriptors: DESCRIPTORS,
    };
  }

  readonly challenge: handleUnaryCall<ChallengeRequest, ChallengeResponse> = (call, callback) => {
    const answer = this.handshake.challenge(call.getPeer(), call.request.coordinatorAccountId);
    if ('refused' in answer) return callback(answer.refused);
    const { nonce, expiresAtMs } = answer.ok;
    callback(null, {
      nonce: Buffer.from(nonce, 'hex'),
      gatekeeperAccountId: this.account,
      expiresAtUnixMs: BigInt(expiresAtMs),
    });
  };

  readonly register: handleUnaryCall<RegisterRequest, RegisterResponse> = (call, callback) => {
    void this.handshake.register(call.getPeer(), call.request).then((answer) => {
      if ('refused' in answer) return callback(answer.refused);
      const { account, signature } = answer.ok;
      callback(null, { sessionToken: this.#tokens.issue(account), signature, protocolVersion: PROTOCOL_VERSION });
    });
  };

  readonly providePlan: handleClientStreamingCall<ProvidePlanRequest, ProvidePlanResponse> = (call, callback) => {
    if (!this.#knows(call.metadata, call.getPeer())) {
      callback(statusError(status.UNAUTHENTICATED, UNKNOWN_TOKEN));
      return;
    }
    const parts: Uint8Array[] = [];
    let run = '';
    let size = 0;
    call.on('data', (part: ProvidePlanRequest) => {
      run ||= part.run;
      size += part.data.length;
      if (size <= MAX_PLAN_BYTES) parts.push(part.data);
      else parts.length = 0;
    });
    call.on('end', () => {
      if (size > MAX_PLAN_BYTES) {
        callback(statusError(status.RESOURCE_EXHAUSTED, `a plan of more than ${MAX_PLAN_BYTES} bytes is not taken`));
        return;
      }
      this.desk.providePlan(run, Buffer.concat(parts)).then(
        (digest) => callback(null, { planSha256: Buffer.from(digest, 'hex') }),
        (thrown: unknown) => fail(callback, thrown),
      );
    });
  };

  readonly cosign: handleUnaryCall<CosignRequest, CosignResponse> = (call, callback) => {
    this.#answer(call, callback, (request) => this.desk.cosign(request));
  };

  readonly cosignRefund: handleUnaryCall<CosignRefundRequest, CosignRefundResponse> = (call, callback) => {
    this.#answer(call, callback, (request) => this.desk.cosignRefund(request));
  };

  #answer<Q, A>(
    call: { readonly request: Q; readonly metadata: Metadata; getPeer(): string },
    callback: sendUnaryData<A>,
    work: (request: Q) => Promise<A>,
  ): void {
    if (!this.#knows(call.metadata, call.getPeer())) {
      callback(statusError(status.UNAUTHENTICATED, UNKNOWN_TOKEN));
      return;
    }
    work(call.request).then(
      (answer) => callback(null, answer),
      (thrown: unknown) => fail(callback, thrown),
    );
  }

  #knows(metadata: Metadata, peer: string): boolean {
    const [token = ''] = metadata.get('gatepost-session').map(String);
    const known = this.#tokens.bearer(token) !== undefined;
    if (known) this.proven(peer);
    return known;
  }
}
