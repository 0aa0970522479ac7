/** What the ledger is told, one record at a time; `topic-message.ts` has the form in which several share a message. */

/** Names an attempt: a task by its id, or by its number while the id is not known (`task-names.ts`); from 1. */
interface OfAttempt {
  readonly task: string;
  readonly attempt: number;
}

/** Inbox, by the coordinator: the agent of this inbox shall execute the attempt. */
export interface AssignRecord extends OfAttempt {
  readonly type: 'assign';
  /** What other messages call the task, once it was read from one: `#12`, or `1~#12` for a review. */
  readonly numbered?: string | undefined;
  /** Capability the executor is chosen by. */
  readonly task_type: string;
  /** SHA-256 of the canonical JSON of the input, lower-case hex. */
  readonly input_sha256: string;
  readonly input_size: number;
  /** The input itself when it is small. */
  readonly input?: unknown;
  /** Milliseconds since the Unix epoch. */
  readonly deadline_ms: number;
  /** In the token's smallest unit. */
  readonly price: string;
  readonly token: string;
  /** Account of the gatekeeper that will judge the output and may read it; the coordinator does when left out. */
  readonly judge?: string | undefined;
}

/** Inbox, by the coordinator: the attempt is no longer wanted. */
export interface CancelRecord extends OfAttempt {
  readonly type: 'cancel';
  readonly reason: string;
}

/**
 * Journal, by the coordinator: one process of it begins or ends to act on this journal. The newest epoch that has
 * begun is the one that may act; an older process stops when it sees a newer one.
 */
export interface EpochRecord {
  readonly type: 'epoch';
  readonly epoch: number;
  /** Identifies the process. */
  readonly instance: string;
  /** Identifies the host it runs on, as a digest. */
  readonly host: string;
  readonly pid: number;
  readonly state: 'begun' | 'ended';
}

/**
 * Journal, on a person's behalf: by whoever judges, to approve or reject a result; by the coordinator, to cancel a task or
 * the run.
 */
export interface DirectiveRecord {
  readonly type: 'directive';
  readonly action: 'approve' | 'reject' | 'cancel';
  /** Left out to cancel the whole run. */
  readonly task?: string | undefined;
  readonly attempt?: number | undefined;
  readonly reason: string;
  /** SHA-256 of what a serving coordinator has noted of who said so, lower-case hex; the note stays with it. */
  readonly by?: string | undefined;
}

/** Journal, by the coordinator: a run of a plan begins. */
export interface RunOpenedRecord {
  readonly type: 'run_opened';
  /** SHA-256 of the canonical JSON of the compiled plan. */
  readonly plan_sha256: string;
  readonly name: string;
  readonly tasks: number;
  readonly token: string;
  /** Account that judges in this run and signs its payments with the coordinator; the coordinator alone does when left out. */
  readonly gatekeeper?: string | undefined;
  /** Account that holds the money and pays; none moves without the gatekeeper's key. Goes with `gatekeeper`. */
  readonly escrow?: string | undefined;
  /** Account that decides disputes with the third key of the escrow, any two of the three sign. Goes with both. */
  readonly arbiter?: string | undefined;
}

/** Journal, by whoever judges: what the gates say of a result; by the coordinator also what was not delivered. */
export interface VerdictRecord extends OfAttempt {
  readonly type: 'verdict';
  readonly accepted: boolean;
  readonly gate: string;
  readonly reason: string;
}

/** Journal, by the coordinator, inside the atomic batch that pays. */
export interface SettledRecord {
  readonly type: 'settled';
  readonly token: string;
  /** Id of the transfer in the same batch, `payer@seconds.nanos`. */
  readonly transfer?: string | undefined;
  readonly payments: readonly (OfAttempt & { readonly to: string; readonly amount: string })[];
}

/** Journal, by a party of the escrow: it has signed the payment of an attempt, and asks the arbiter to. */
export interface DisputeRecord extends OfAttempt {
  readonly type: 'dispute';
  /** The schedule that pays once the arbiter signs it. */
  readonly schedule: string;
  readonly reason: string;
}

/** Journal, by the arbiter: its last word on a dispute. */
export interface DecisionRecord extends OfAttempt {
  readonly type: 'decision';
  /** Whether the schedule of the dispute pays: the arbiter signs it then, after this record. */
  readonly pay: boolean;
  readonly reason: string;
}

/** Journal, by the coordinator: nothing more will happen in the run. */
export interface RunClosedRecord {
  readonly type: 'run_closed';
  readonly outcome: 'complete' | 'failed' | 'cancelled';
  /** Digest of the folded state. */
  readonly state_sha256: string;
  /** Consensus timestamp of the newest record folded into it; all before this one when left out. */
  readonly until?: string | undefined;
}

/** Journal, by the ledger as a scheduled transaction of the coordinator: a guarded attempt has no result by its deadline. */
export interface TimedOutRecord extends OfAttempt {
  readonly type: 'timed_out';
}

/** Journal, by an agent: it serves. */
export interface OnlineRecord {
  readonly type: 'online';
  /** Identifies this start of the daemon. */
  readonly session: string;
  readonly inbox: string;
  /** host:port of the gRPC server. */
  readonly address: string;
  /** SHA-256 of the TLS certificate in DER; absent on an insecure loopback. */
  readonly cert_sha256?: string | undefined;
  readonly capabilities: readonly string[];
  readonly slots: number;
  /** What the host really enforces on every executor, such as `process_tree`, `usage`, `own_files`. */
  readonly enforces?: readonly string[] | undefined;
}

/**
 * Journal, by a gatekeeper: one process of it begins. The newest one is the one that may sign; an older process stops
 * when it sees a newer one.
 */
export interface GatekeeperOnlineRecord {
  readonly type: 'gatekeeper_online';
  /** Identifies this start of the gatekeeper. */
  readonly session: string;
  /** host:port of the gRPC server. */
  readonly address: string;
  /** SHA-256 of the TLS certificate in DER; absent on an insecure loopback. */
  readonly cert_sha256?: string | undefined;
}

/** Journal, by a gatekeeper: it has stopped in good order and will sign nothing more. */
export interface GatekeeperOfflineRecord {
  readonly type: 'gatekeeper_offline';
  readonly session: string;
  readonly reason: string;
}

/** Journal, by an agent: the executor has begun. */
export interface StartedRecord extends OfAttempt {
  readonly type: 'started';
}

/** Journal, by an agent: the attempt is over, and there is an output. */
interface OutputRecord extends OfAttempt {
  readonly type: 'result';
  readonly outcome: 'ok';
  /** Of the output's bytes. */
  readonly output_sha256: string;
  readonly output_size: number;
  /** The output as UTF-8 text when it is small. */
  readonly output?: string | undefined;
}

/** Journal, by an agent: the attempt is over, and there is none. */
interface FailureRecord extends OfAttempt {
  readonly type: 'result';
  readonly outcome: 'failed';
  readonly reason: string;
}

export type ResultRecord = OutputRecord | FailureRecord;

/** Journal, by an agent: it has stopped in good order. */
export interface OfflineRecord {
  readonly type: 'offline';
  readonly session: string;
  readonly reason: string;
}

/** Journal, by the ledger as a scheduled transaction of the agent: its lease was not renewed. */
export interface LapsedRecord {
  readonly type: 'lapsed';
  readonly session: string;
  readonly lease: number;
}

export type InboxRecord = AssignRecord | CancelRecord;
export type JournalRecord =
  | EpochRecord
  | DirectiveRecord
  | RunOpenedRecord
  | VerdictRecord
  | SettledRecord
  | DisputeRecord
  | DecisionRecord
  | RunClosedRecord
  | TimedOutRecord
  | OnlineRecord
  | GatekeeperOnlineRecord
  | GatekeeperOfflineRecord
  | StartedRecord
  | ResultRecord
  | OfflineRecord
  | LapsedRecord;
export type AnyRecord = InboxRecord | JournalRecord;
export type RecordOf<T extends AnyRecord['type']> = Extract<AnyRecord, { type: T }>;
