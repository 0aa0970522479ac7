import type { ErrorCode, GatepostError } from '@gatepost/shared/vocabulary/errors';
import { status } from '@grpc/grpc-js';

/** How an error is told over HTTP and over gRPC. */
interface ErrorStatus {
  readonly http: number;
  readonly grpc: status;
}

const BAD_REQUEST: ErrorStatus = { http: 400, grpc: status.INVALID_ARGUMENT };
const LATER: ErrorStatus = { http: 503, grpc: status.UNAVAILABLE };
const FAULT: ErrorStatus = { http: 500, grpc: status.INTERNAL };

const STATUSES: Readonly<Partial<Record<ErrorCode, ErrorStatus>>> = {
  USAGE: BAD_REQUEST,
  INVALID_PLAN: BAD_REQUEST,
  UNAUTHENTICATED: { http: 401, grpc: status.UNAUTHENTICATED },
  FORBIDDEN: { http: 403, grpc: status.PERMISSION_DENIED },
  NOT_FOUND: { http: 404, grpc: status.NOT_FOUND },
  KEY_REUSED: { http: 409, grpc: status.ALREADY_EXISTS },
  TOO_MANY: { http: 429, grpc: status.RESOURCE_EXHAUSTED },
  LEDGER_REJECTED: { http: 502, grpc: status.ABORTED },
  LEDGER_UNREACHABLE: LATER,
  OUTCOME_UNKNOWN: LATER,
  MIRROR_UNREACHABLE: LATER,
  MIRROR_TIMEOUT: LATER,
  INTERRUPTED: LATER,
};

export const statusOf = ({ code }: GatepostError): ErrorStatus => STATUSES[code] ?? FAULT;

/** How long whoever was refused had better wait, milliseconds; undefined when waiting does not help. */
export function retryAfterMsOf({ meta }: GatepostError): number | undefined {
  const { retryAfterMs } = meta;
  return typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
}
