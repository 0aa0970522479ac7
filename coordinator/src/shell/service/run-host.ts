import type { Plan } from '@gatepost/rules/plan/plan';
import type { JournalIndex } from '@gatepost/rules/run/journal-index';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Logger } from '@gatepost/shared/log';
import type { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Submission } from '../../core/service/submissions.js';
import type { Reporter } from '../reports/reporter.js';
import type { RunEnd } from '../run/begun-run.js';
import type { CoordinatorConfig } from '../setup/config-file.js';

/** A run that is to be worked on. */
export interface HostedRun {
  /** Its id, its weight beside other runs, and most attempts that it may have under way. */
  readonly submission: Submission;
  readonly plan: Plan;
  /** Gate programs run in its directory. */
  readonly planFile: string;
  /** Where accepted outputs with `save_as` are written. */
  readonly outputDir: string;
  readonly reporter: Reporter;
  /**
   * Called once, when this process works on it no more: with its end, or with what kept it from being opened or resumed
   * (INVALID_PLAN, INVALID_CONFIG, MIRROR_UNREACHABLE and what else `coordinator run` ends with before it begins).
   */
  readonly ended: (end: RunEnd | GatepostError) => void;
}

/** Where a run stands in this process. */
export interface HostedStanding {
  readonly request: HostedRun;
  /** `begins`: its history is folded and its means are looked at; `works`: it is decided on; `over`: `ended` was called. */
  readonly phase: 'begins' | 'works' | 'over';
  /** The fold of its records; undefined until its history was read. May be read at any time, never changed. */
  readonly state: RunState | undefined;
}

/** Why no run is worked on any more. */
export interface HostEnd {
  /** `closed`: somebody asked for it. `fenced`: another process took the journal over. */
  readonly why: 'closed' | 'fenced' | 'failure';
  readonly failure?: GatepostError;
}

/** How to work on runs. */
export interface HostOptions {
  readonly config: CoordinatorConfig & { readonly journal: TopicId; readonly token: TokenId };
  readonly insecureLoopback: boolean;
  /** Fence another coordinator that may still act on this journal. */
  readonly takeOver: boolean;
  /** Most attempts under way in all runs together. */
  readonly mostOpen: number;
}

/**
 * Works on the runs of one journal side by side, as one process with one epoch. What people decide (approve, reject,
 * cancel) goes by the ledger, as a `directive`, and comes back with the fold.
 */
export interface RunHost {
  /** Settles when no run is worked on any more, after `ended` of each was called. Never rejects. */
  readonly over: Promise<HostEnd>;
  /**
   * Opens the run, or resumes it when the journal has it already; at any time before the end. The end of a run does not
   * touch the others.
   */
  open(request: HostedRun): void;
  /** All runs that were asked for and are not forgotten, by id. */
  runs(): ReadonlyMap<string, HostedStanding>;
  /** Forgets a run that is over. */
  forget(run: string): void;
  /** What the journal says of its runs. @throws GatepostError MIRROR_UNREACHABLE */
  index(): Promise<JournalIndex>;
  /** Lets what is under way come to its end, says on the journal that this process no longer acts, and leaves. */
  close(): Promise<void>;
}

/**
 * Begins to act on the journal; runs are opened one by one.
 * @throws GatepostError USAGE when another coordinator may still act, INVALID_CONFIG, MIRROR_UNREACHABLE
 */
export type OpenRunHost = (connection: Connection, options: HostOptions, log: Logger) => Promise<RunHost>;
