/** Bounds of the network; all from the published configuration of mainnet. */
export const limits = {
  /** Bytes of a serialized SignedTransaction. */
  transactionBytes: 6144,
  /** Bytes up to which a transaction is looked at, and a governance payer's may be handled. */
  governanceTransactionBytes: 133_120,
  /** UTF-8 bytes of any memo. */
  memoBytes: 100,
  minValidSeconds: 15n,
  maxValidSeconds: 180n,
  /** Seconds taken off a transaction's duration at ingest. */
  validBufferSeconds: 10n,
  minAutoRenewSeconds: 2_592_000n,
  maxAutoRenewSeconds: 8_000_001n,
  /** Bytes of one topic message. */
  messageBytes: 1024,
  topicCustomFees: 10,
  tokenCustomFees: 10,
  /** How many times custom fees may cost custom fees. */
  customFeeDepth: 2,
  /** Balances that a transfer with custom fees may change. */
  adjustmentsWithFees: 20,
  feeExemptKeys: 10,
  hbarTransfers: 10,
  tokenTransfers: 10,
  /** Allowances that one transaction grants. */
  allowancesGranted: 20,
  /** Allowances that one account has given. */
  allowancesOfAccount: 100,
  tokenNameBytes: 100,
  tokenSymbolBytes: 100,
  tokenMetadataBytes: 100,
  maxAutoAssociations: 5000,
  keyDepth: 15,
  batchTransactions: 50,
  scheduleDefaultLifeSeconds: 1800n,
  scheduleMaxFutureSeconds: 5_356_800n,
  schedulesPerSecond: 100,
  /** Largest int32: ceiling of decimals. */
  maxInt32: 2_147_483_647,
  /** Largest int64: ceiling of balances and supplies. */
  maxInt64: 9_223_372_036_854_775_807n,
} as const;

/** Accounts with a role of their own. */
export const systemAccounts = {
  treasury: 2,
  node: 3,
  systemAdmin: 50,
  stakingRewards: 800,
  nodeRewards: 801,
  /** Every fee goes here as one entry (HIP-1259). */
  feeCollection: 802,
} as const;

/** Whether an account is the treasury or the system admin, who pay no fees and whose transactions may be larger. */
export function isPrivileged(account: number | undefined): boolean {
  return account === systemAccounts.treasury || account === systemAccounts.systemAdmin;
}

/** Last account that is exempt from throttles (`accounts.lastThrottleExempt`). */
const LAST_EXEMPT = 100;

/** Whether the transactions of an account are counted and may be refused with BUSY. */
export function isThrottled(account: number): boolean {
  return account > LAST_EXEMPT;
}

/** Number of the one node in the address book. */
export const NODE_ID = 0;

/** First number that a user entity gets. */
export const FIRST_USER_ENTITY = 1001;
