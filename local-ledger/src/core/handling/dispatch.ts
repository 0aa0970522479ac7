import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import type { Fee } from '../fees/fee.js';
import type { PrimitiveKey } from '../keys/primitive-key.js';
import type { EntityNum, Nanos, ScheduleSignature, TransactionKey } from '../model.js';
import type { RecordItem } from '../record-item.js';
import type { Operation } from '../transactions/handler.js';
import type { Outcome } from '../transactions/outcome.js';

/** An ECDSA key with its EVM address. */
export interface AddressedKey {
  readonly key: PrimitiveKey;
  readonly address: Uint8Array;
}

/** The signatures that speak in a dispatch: those of a transaction, or those a schedule has collected. */
export interface Signers {
  hasSigned(key: PrimitiveKey): boolean;
  /** The ECDSA keys given whole beside a signature, with their EVM addresses; the signatures may be bad. */
  addressedKeys(): readonly AddressedKey[];
  signaturesBy(keys: readonly Key[], now: Nanos): readonly ScheduleSignature[];
}

/** One operation about to be run at a consensus timestamp. */
export interface Dispatch {
  readonly body: TransactionBody;
  readonly operation: Operation;
  readonly id: TransactionKey;
  readonly payer: EntityNum;
  readonly now: Nanos;
  /** Consensus timestamp of the transaction whose handling this is part of; `now` when it stands alone. */
  readonly handledAt: Nanos;
  readonly fee: Fee;
  readonly hash: Uint8Array;
  readonly signers: Signers;
  /** Node that submitted it; undefined for a schedule's execution. */
  readonly node: EntityNum | undefined;
  readonly parent: Nanos | undefined;
  readonly schedule: EntityNum | undefined;
}

/** A handled transaction: the record item, and what only its receipt shows. */
export interface Handled {
  readonly item: RecordItem;
  readonly outcome: Outcome;
  /** Hollow accounts that got their key. */
  readonly completed: readonly EntityNum[];
}
