import { MAX_PAYEES } from '@gatepost/shared/vocabulary/limits';

/** Bounds of a run; every one can be set in the configuration file. */
export interface Limits {
  /** Attempts under way in the whole run. */
  readonly openAttempts: number;
  /** Attempts under way on one agent; its own slots bound it too. */
  readonly attemptsPerAgent: number;
  /** Settle as soon as so many attempts are payable. */
  readonly settleAfter: number;
  /** Of the attempts that are open this part must be payable too, for more will soon be due then, which cost no more to pay along. */
  readonly settlePart: number;
  /** Settle when an attempt has been payable for so long. */
  readonly settleWithinMs: number;
  /** How long the network may take a payment. 15 s to 180 s. */
  readonly paymentWindowMs: number;
  /**
   * How long nothing is paid that was accepted before this process began: the payment window, and when the process
   * before may still be alive the mirror's lag, for which it may not know that it was fenced.
   */
  readonly quarantineMs: number;
  /**
   * How long after a deadline the journal is waited for to show a later time by itself, before a record is written for
   * it; a guard's schedule leaves as long.
   */
  readonly deadlineGraceMs: number;
  /** How long a task waits for an agent that could do it before it fails. */
  readonly agentWaitMs: number;
  /** How long an agent may be out of touch before its attempts go to another. */
  readonly lossGraceMs: number;
  /** How often one task is reassigned because its agent was lost. */
  readonly reassignments: number;
  /**
   * No work is assigned whose deadline is later, milliseconds since the Unix epoch: the escrow's refund would come before
   * its payment. Not set in the configuration: the ledger says it.
   */
  readonly assignUntilMs?: number;
}

export const DEFAULT_LIMITS: Limits = {
  openAttempts: 10_000,
  attemptsPerAgent: 256,
  settleAfter: 5,
  settlePart: 0.25,
  settleWithinMs: 2_000,
  paymentWindowMs: 30_000,
  quarantineMs: 30_000,
  deadlineGraceMs: 5_000,
  agentWaitMs: 60_000,
  lossGraceMs: 5_000,
  reassignments: 5,
};

/** When payments are made. */
type Settling = Pick<Limits, 'settleAfter' | 'settlePart' | 'settleWithinMs'>;

/** The limits that a configuration gives; when payments are made depends on the network where it does not say. */
export type GivenLimits = Omit<Limits, keyof Settling> & Partial<Settling>;

/**
 * A public network shows a verdict some seconds after it was given, and takes fees for each transfer: there a payment waits
 * until as many are due as a transfer has room for, however many agents they are for.
 */
const PUBLIC_SETTLING: Partial<Settling> = { settleAfter: MAX_PAYEES, settleWithinMs: 10_000 };

/**
 * The limits on a network, public or embedded.
 * @param given what a configuration says of them. A number of payable attempts that it gives is meant as it stands.
 */
export const limitsOn = (isPublic: boolean, given: Partial<Limits> = {}): Limits => ({
  ...DEFAULT_LIMITS,
  ...(isPublic ? PUBLIC_SETTLING : {}),
  ...(given.settleAfter === undefined ? {} : { settlePart: 0 }),
  ...given,
});

/** How many payable attempts are settled at once, while so many are open. */
export const settleFrom = ({ settleAfter, settlePart }: Omit<Settling, 'settleWithinMs'>, open: number): number =>
  Math.max(settleAfter, Math.floor(open * settlePart));
