import type { AccountAmount } from '@gatepost/local-ledger/gen/services_basic_types';
import type { CryptoTransferTransactionBody } from '@gatepost/local-ledger/gen/services_crypto_transfer';
import { isThrottled, limits } from '../limits.js';
import type { Nanos } from '../model.js';
import type { LedgerState } from '../state/ledger-state.js';
import { resolveAccount } from '../transactions/entities.js';
import type { TransactionCase } from '../transactions/handler.js';
import type { Envelope } from './envelope.js';

const NANOS_PER_SECOND = 1e9;
/** What runs out of a bucket in a second, in units that make every rate below a whole number of them. */
const UNITS_PER_SECOND = 21_000;

/** Operations that share a bucket, each at its own rate, and how many seconds' worth of them may come at once. */
interface BucketDefinition {
  readonly burstSeconds: number;
  readonly groups: readonly { readonly perSecond: number; readonly operations: readonly TransactionCase[] }[];
}

/**
 * The buckets of the public networks for what this network handles, from their `throttles.json`. The rates are those of
 * the whole network, which its nodes share; the one node here has them to itself.
 */
const BUCKETS: readonly BucketDefinition[] = [
  {
    burstSeconds: 15,
    groups: [
      {
        perSecond: 10_500,
        operations: [
          'scheduleCreate',
          'scheduleDelete',
          'cryptoCreateAccount',
          'cryptoTransfer',
          'cryptoUpdateAccount',
          'cryptoDelete',
          'cryptoApproveAllowance',
          'consensusCreateTopic',
          'consensusSubmitMessage',
          'consensusUpdateTopic',
          'consensusDeleteTopic',
          'atomicBatch',
        ],
      },
      { perSecond: 100, operations: ['scheduleSign'] },
      { perSecond: 125, operations: ['tokenMint'] },
      {
        perSecond: 3_000,
        operations: [
          'tokenCreation',
          'tokenDeletion',
          'tokenBurn',
          'tokenUpdate',
          'tokenFeeScheduleUpdate',
          'tokenAssociate',
          'tokenDissociate',
          'tokenWipe',
          'tokenFreeze',
          'tokenUnfreeze',
          'tokenGrantKyc',
          'tokenRevokeKyc',
          'tokenPause',
          'tokenUnpause',
        ],
      },
    ],
  },
  {
    burstSeconds: 15,
    groups: [
      { perSecond: 2, operations: ['cryptoCreateAccount'] },
      { perSecond: 5, operations: ['consensusCreateTopic'] },
      { perSecond: 100, operations: ['tokenCreation', 'tokenAssociate', 'scheduleCreate'] },
    ],
  },
];

/** A leaky bucket: every operation brings the units that run out in its share of a second. */
class Bucket {
  readonly #costs = new Map<TransactionCase, number>();
  readonly #capacity: number;
  #held = 0;
  #at: Nanos = 0n;

  constructor({ burstSeconds, groups }: BucketDefinition) {
    this.#capacity = burstSeconds * UNITS_PER_SECOND;
    for (const { perSecond, operations } of groups) {
      for (const operation of operations) this.#costs.set(operation, UNITS_PER_SECOND / perSecond);
    }
  }

  /** Lets run out what has had the time; returns whether so many operations more fit in. */
  hasRoom(operation: TransactionCase, count: number, now: Nanos): boolean {
    if (now > this.#at) {
      this.#held = Math.max(0, this.#held - (Number(now - this.#at) * UNITS_PER_SECOND) / NANOS_PER_SECOND);
      this.#at = now;
    }
    return this.#held + this.#units(operation, count) <= this.#capacity;
  }

  take(operation: TransactionCase, count: number): void {
    this.#held += this.#units(operation, count);
  }

  #units(operation: TransactionCase, count: number): number {
    return (this.#costs.get(operation) ?? 0) * count;
  }
}

/** What the network takes of each kind of transaction in a time; more is refused with BUSY at ingest. */
export class Throttles {
  readonly #buckets = BUCKETS.map((definition) => new Bucket(definition));

  /** Takes a transaction into its buckets, or returns false and takes nothing. System accounts are never refused. */
  admits({ body, id }: Envelope, state: LedgerState, now: Nanos): boolean {
    if (!isThrottled(id.payer) || body.data === undefined) return true;
    if (body.data.$case === 'cryptoTransfer') return this.#admitsTransfer(body.data.value, state, now);
    if (!this.#admits(body.data.$case, 1, now)) return false;
    if (body.data.$case !== 'scheduleCreate') return true;
    const { waitForExpiry, expirationTime } = body.data.value;
    const expiry = waitForExpiry
      ? (expirationTime?.seconds ?? 0n)
      : id.validStart / BigInt(NANOS_PER_SECOND) + limits.scheduleDefaultLifeSeconds;
    return state.schedulesAt(expiry).length < limits.schedulesPerSecond;
  }

  /** A transfer counts as the accounts that it makes, or else as the associations, or else as itself. */
  #admitsTransfer(transfer: CryptoTransferTransactionBody, state: LedgerState, now: Nanos): boolean {
    const made = accountsMade(transfer, state);
    if (made > 0) return this.#admits('cryptoCreateAccount', made, now);
    const associated = associationsMade(transfer, state);
    if (associated > 0) return this.#admits('tokenAssociate', associated, now);
    return this.#admits('cryptoTransfer', 1, now);
  }

  #admits(operation: TransactionCase, count: number, now: Nanos): boolean {
    const rooms = this.#buckets.map((bucket) => bucket.hasRoom(operation, count, now));
    if (rooms.includes(false)) return false;
    for (const bucket of this.#buckets) bucket.take(operation, count);
    return true;
  }
}

const credited = (entries: readonly AccountAmount[]) => entries.filter(({ amount }) => amount > 0n);

function accountsMade(transfer: CryptoTransferTransactionBody, state: LedgerState): number {
  const entries = [
    transfer.transfers?.accountAmounts ?? [],
    ...transfer.tokenTransfers.map(({ transfers }) => transfers),
  ];
  const strangers = credited(entries.flat()).filter(({ accountID }) => {
    return accountID?.account?.$case === 'alias' && resolveAccount(state, accountID) === undefined;
  });
  return strangers.length;
}

function associationsMade(transfer: CryptoTransferTransactionBody, state: LedgerState): number {
  const lacking = transfer.tokenTransfers.flatMap(({ token, transfers }) =>
    credited(transfers).filter(({ accountID }) => {
      const account = resolveAccount(state, accountID);
      return account !== undefined && state.relation(account, Number(token?.tokenNum ?? 0n)) === undefined;
    }),
  );
  return lacking.length;
}
