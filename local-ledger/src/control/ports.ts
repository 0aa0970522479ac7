/** Which answer of the consensus node a fault replaces. */
export type ConsensusFaultKind =
  /** Precheck answers BUSY; the transaction is not taken. */
  | 'busy'
  /** Precheck answers PLATFORM_NOT_ACTIVE, to transactions and queries alike. */
  | 'platform-not-active'
  /** The transaction is accepted and handled, but the call ends with gRPC UNAVAILABLE instead of an answer. */
  | 'lost-response'
  /** Receipt queries answer UNKNOWN although the receipt is there. */
  | 'unknown-receipt';

/** A fault for the next `count` calls that it applies to. */
export interface ConsensusFault {
  readonly kind: ConsensusFaultKind;
  readonly count: number;
  /** Only for this call, e.g. `submitMessage` or `cryptoTransfer`; all calls when undefined. */
  readonly method: string | undefined;
}

/** Fault injection on the consensus side; implemented there, operated here. */
export interface ConsensusFaults {
  add(fault: ConsensusFault): void;
  clear(): void;
  /** Faults still to come, with what is left of their counts. */
  pending(): readonly ConsensusFault[];
}

/** Network time as an operator moves it. */
export interface ClockControl {
  /** Network time in nanoseconds since the epoch. */
  now(): bigint;
  /** Nanoseconds that network time is ahead of the machine's clock. */
  offset(): bigint;
  /** Sets that offset. Rejects when network time would run backwards. */
  setOffset(nanos: bigint): Promise<void>;
  /** Moves network time forward and carries out all that falls due on the way, such as schedules. */
  advance(nanos: bigint): Promise<void>;
}

export interface CreatedAccount {
  /** `0.0.num`. */
  readonly accountId: string;
  /** Ed25519 private key in hex DER, as PrivateKey.fromStringDer of the SDK takes it. */
  readonly privateKey: string;
  /** Ed25519 public key in hex. */
  readonly publicKey: string;
}

/** Makes accounts with a balance, at the expense of the treasury. */
export type CreateAccount = (request: {
  /** Tinybar. */
  readonly balance: bigint;
  /** -1 = unlimited. */
  readonly maxAutoAssociations: number;
}) => Promise<CreatedAccount>;
