import type { Handled } from '@gatepost/local-ledger/core/handling/dispatch';
import { accountId, transactionId } from '@gatepost/local-ledger/core/ids';
import { Network } from '@gatepost/local-ledger/core/network';
import { Status, StatusError } from '@gatepost/local-ledger/core/status';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { NodeCrypto } from '@gatepost/local-ledger/node/node-crypto';
import { operatorKey, wirePublicKey } from '@gatepost/local-ledger/operator';
import type { Data, Step } from './random-transactions.js';
import { signedBytes, wrapped } from './raw.js';

const genesisTime = 1_800_000_000_000_000_000n;
export const crypto = new NodeCrypto();
const key = wirePublicKey(operatorKey);
/** Three accounts besides the system's, all under one key. */
export const genesis = { time: genesisTime, operatorKey: key, accountKeys: Array(3).fill(key) };

/** A network, a log of what it handled, and a way to submit. */
export class Machine {
  readonly network = new Network(crypto, genesis);
  readonly inputs: { bytes: Uint8Array; now: bigint }[] = [];
  #now = genesisTime + 10_000_000_000n;

  /** Runs `steps` first, all of which must succeed. */
  constructor(steps: readonly Step[] = []) {
    for (const step of steps) {
      const status = this.run(step)[0]?.item.status;
      if (status !== Status.SUCCESS) {
        throw new Error(`${Status[status ?? Status.UNKNOWN]} of groundwork`);
      }
    }
  }

  run({ payer, fee, work }: Step): readonly Handled[] {
    this.#now += 1_000_000n;
    const data: Data = isBatch(work)
      ? {
          $case: 'atomicBatch',
          value: { transactions: work.map((inner, index) => this.#signed(inner, payer, fee, index + 1)) },
        }
      : work;
    const bytes = this.#signed(data, payer, fee, 0);
    try {
      const envelope = this.network.accept(wrapped(bytes), { ledger: this.#now, wall: this.#now });
      this.inputs.push({ bytes, now: this.#now });
      return this.network.handle(envelope, this.#now);
    } catch (error) {
      if (error instanceof StatusError) {
        return [];
      }
      throw error;
    }
  }

  #signed(data: Data, payer: number, transactionFee: bigint, inner: number): Uint8Array {
    const validStart = this.#now - 1_000_000_000n + BigInt(inner);
    return signedBytes({
      ...TransactionBody.create(),
      transactionID: transactionId({ payer, validStart, scheduled: false, nonce: 0 }),
      nodeAccountID: accountId(inner === 0 ? 3 : 0),
      transactionFee,
      transactionValidDuration: { seconds: 120n },
      batchKey: inner === 0 ? undefined : key,
      data,
    });
  }
}

function isBatch(work: Step['work']): work is readonly Data[] {
  return Array.isArray(work);
}
