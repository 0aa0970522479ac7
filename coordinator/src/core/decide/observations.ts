import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { InFlight } from '../effects/in-flight.js';
import type { SessionObservation } from './health.js';

/** What this process knows beside the ledger; lost with it, and never needed for what is right. */
export interface Observations {
  /** Names this process; its epoch record carries it. */
  readonly instance: string;
  /** Whether the fold has shown this process's own epoch. */
  readonly begun: boolean;
  /** When this process began, milliseconds since the Unix epoch. */
  readonly startedMs: number;
  /** Effects under way. */
  readonly inFlight: Pick<InFlight, 'has' | 'size' | 'assignments' | 'unpayable'>;
  readonly sessions: ReadonlyMap<AccountId, SessionObservation>;
  /** What the automatic gates said, by the key of the attempt whose output they saw. */
  readonly gated: ReadonlyMap<string, GateOutcome>;
  /** Tasks whose input could not be put together, since when, and why. */
  readonly inputTrouble: ReadonlyMap<string, { readonly sinceMs: number; readonly reason: string }>;
  /** Inputs that were too large for an agent: their sizes in bytes, by task. */
  readonly largeInputs: ReadonlyMap<string, number>;
  /** Attempts that their agents refused for good, by their keys. */
  readonly declined: ReadonlyMap<string, { readonly task: string; readonly attempt: number; readonly reason: string }>;
  /** What the run has cost the coordinator in fees so far, in US dollars; it lags. */
  readonly feesUsd: number;
}
