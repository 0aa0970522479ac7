import { status } from '@grpc/grpc-js';

/** A call that ends with this gRPC status. */
export class RpcError extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string) {
    super(details);
    this.name = 'RpcError';
    this.code = code;
    this.details = details;
  }
}

export function invalidArgument(details: string): RpcError {
  return new RpcError(status.INVALID_ARGUMENT, details);
}

export function missing(details: string): RpcError {
  return new RpcError(status.NOT_FOUND, details);
}

/** Any thrown value as a call's end: what is not an RpcError is UNKNOWN, as on the real mirror. */
export function toRpcError(cause: unknown): RpcError {
  if (cause instanceof RpcError) return cause;
  return new RpcError(status.UNKNOWN, cause instanceof Error ? cause.message : String(cause));
}

/** Decodes a request. Throws RpcError INTERNAL for bytes that are no such message. */
export function decodeRequest<T>(type: { decode(bytes: Uint8Array): T }, bytes: Buffer): T {
  try {
    return type.decode(bytes);
  } catch {
    throw new RpcError(status.INTERNAL, 'Invalid protobuf byte sequence');
  }
}
