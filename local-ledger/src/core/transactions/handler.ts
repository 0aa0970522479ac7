import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import type { CryptoPort } from '../crypto-port.js';
import type { FeePart } from '../fees/fee.js';
import type { EntityNum, Nanos, ScheduleSignature, TransactionKey } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import type { Status } from '../status.js';
import type { Outcome } from './outcome.js';

export type TransactionData = NonNullable<TransactionBody['data']>;
export type TransactionCase = TransactionData['$case'];
export type ValueOf<C extends TransactionCase> = Extract<TransactionData, { $case: C }>['value'];

/** What a handler may look at to say whose signatures it needs. */
export interface KeyContext {
  readonly state: LedgerState;
  readonly payer: EntityNum;
}

/** A transaction's data with its handler: what the engine runs. */
export interface Operation {
  readonly name: string;
  readonly schedulable: boolean;
  pureChecks(body: TransactionBody): void;
  preHandle(context: KeyContext): readonly Key[];
  handle(context: HandleContext): void;
  fee(state: LedgerState | undefined): FeePart;
}

/** Finds the operation for transaction data; undefined when the network does not support it. */
export type OperationFinder = (data: TransactionData) => Operation | undefined;

/** What a handler works with once fees are paid and signatures are found good. */
export interface HandleContext extends KeyContext {
  readonly body: TransactionBody;
  readonly transactionId: TransactionKey;
  readonly now: Nanos;
  /** Consensus timestamp of the batch, or of the create or sign, that this is run by; `now` when it stands alone. */
  readonly handledAt: Nanos;
  readonly crypto: CryptoPort;
  /** What the receipt and the record will show; filled by the handler. */
  readonly outcome: Outcome;
  readonly operationOf: OperationFinder;
  /** The primitive keys among those of `keys` that signed, each once, with their signatures. */
  signaturesBy(keys: readonly Key[]): readonly ScheduleSignature[];
  /** Runs one inner transaction of a batch, serialized SignedTransaction; returns its receipt status. */
  dispatchInner(signedTransaction: Uint8Array): Status;
  /** Whether an ECDSA key with this 20-byte EVM address signed, its whole key given as prefix. */
  hasSignedAsAddress(evmAddress: Uint8Array): boolean;
  /** Whether the signatures of the transaction satisfy the key. */
  isSatisfied(key: Key): boolean;
  /** Charges the payer a further service fee (an automatic association); refuses when it cannot pay. */
  charge(tinycents: bigint): void;
  /** Charges the payer the whole price of another transaction (an account that it makes), in tinybar; returns it. */
  chargeChild(service: FeePart): bigint;
}

/**
 * One transaction type. The three phases and the price are all a type consists of; charging, savepoints, receipts and
 * records are the same for all types and live outside.
 */
export interface TransactionHandler<V> {
  /** The mirror's name of the type, e.g. `CRYPTOTRANSFER`. */
  readonly name: string;
  /** Whether a schedule may carry it (HIP-423 whitelist). */
  readonly schedulable: boolean;
  /** What can be refused without state, in precheck. Throws StatusError. */
  pureChecks(value: V, body: TransactionBody): void;
  /** The keys that must sign besides the payer's; refuses entities that do not exist. Throws StatusError. */
  preHandle(value: V, context: KeyContext): readonly Key[];
  /** Changes the state, or throws StatusError and changes nothing that is kept. */
  handle(value: V, context: HandleContext): void;
  /** The service part of the fee; without a state, that of the usual case. */
  fee(value: V, state: LedgerState | undefined): FeePart;
}
