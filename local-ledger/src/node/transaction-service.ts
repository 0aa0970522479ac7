import { TransactionResponse } from '@gatepost/local-ledger/gen/services_transaction_response';
import { Status, StatusError } from '../core/status.js';
import type { Faults } from './faults.js';
import type { Platform } from './platform.js';
import { refuseByFault } from './query-service.js';

/** The submission was taken, and its answer is to be lost on the way. */
export class LostResponse extends Error {}

/** Takes submissions: the answer is the precheck code. */
export class TransactionService {
  readonly #platform: Platform;
  readonly #faults: Faults;

  constructor(platform: Platform, faults: Faults) {
    this.#platform = platform;
    this.#faults = faults;
  }

  /** The serialized TransactionResponse to a serialized Transaction. Throws LostResponse when that fault is armed. */
  submit(rpc: string, bytes: Uint8Array): Uint8Array {
    const response = this.#precheck(rpc, bytes);
    if (response.nodeTransactionPrecheckCode === Status.OK && this.#faults.take('lost-response', rpc)) {
      throw new LostResponse();
    }
    return TransactionResponse.encode(response).finish();
  }

  #precheck(rpc: string, bytes: Uint8Array): TransactionResponse {
    try {
      refuseByFault(this.#faults, rpc);
      this.#platform.submit(bytes);
      return { nodeTransactionPrecheckCode: Status.OK, cost: 0n };
    } catch (error) {
      return error instanceof StatusError
        ? { nodeTransactionPrecheckCode: error.status, cost: error.cost }
        : { nodeTransactionPrecheckCode: Status.FAIL_INVALID, cost: 0n };
    }
  }
}
