import { ResponseCodeEnum } from '@gatepost/local-ledger/gen/services_response_code';

export { ResponseCodeEnum as Status };

/** Why a transaction or query is refused: one code of the ResponseCodeEnum, in precheck or in the receipt. */
export class StatusError extends Error {
  constructor(
    readonly status: ResponseCodeEnum,
    /** Tinybar the sender would have had to offer; only for fee and balance refusals. */
    readonly cost: bigint = 0n,
  ) {
    super(ResponseCodeEnum[status]);
    this.name = 'StatusError';
  }
}

/** Refuses with `status`. */
export function fail(status: ResponseCodeEnum): never {
  throw new StatusError(status);
}

/** Refuses with `status` unless `condition` holds. */
export function demand(condition: boolean, status: ResponseCodeEnum): asserts condition {
  if (!condition) {
    throw new StatusError(status);
  }
}

/** The value, or a refusal with `status` when there is none. */
export function present<T>(value: T | undefined, status: ResponseCodeEnum): T {
  if (value === undefined) {
    throw new StatusError(status);
  }
  return value;
}
