import { z } from 'zod';
import { MAX_ASSIGNED_ID, MAX_ATTEMPT, MAX_TASK_TYPE } from '../vocabulary/id-bounds.js';
import { isEntityId } from '../vocabulary/ids.js';

const entity = z.string().refine(isEntityId, 'must look like 0.0.1234');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const amount = z.string().regex(/^(0|[1-9]\d{0,18})$/);
const reason = z.string().max(400);
/** A task id of a plan, or that of a review. */
const task = z.string().min(1).max(MAX_ASSIGNED_ID);
const attempt = z.int().min(1).max(MAX_ATTEMPT);
const session = z.string().min(1).max(64);

/** Inbox, by the coordinator: the agent of this inbox shall execute the attempt. */
export const assign = z.object({
  type: z.literal('assign'),
  task,
  attempt,
  /** Capability the executor is chosen by. */
  task_type: z.string().min(1).max(MAX_TASK_TYPE),
  /** SHA-256 of the canonical JSON of the input. */
  input_sha256: sha256,
  input_size: z.int().nonnegative(),
  /** The input itself when it is small. */
  input: z.unknown().optional(),
  /** Milliseconds since the Unix epoch. */
  deadline_ms: z.int().positive(),
  /** In the token's smallest unit. */
  price: amount,
  token: entity,
});

/** Inbox, by the coordinator: the attempt is no longer wanted. */
export const cancel = z.object({ type: z.literal('cancel'), task, attempt, reason });

/**
 * Journal, by the coordinator: one process of it begins or ends to act on this journal. The newest epoch that has
 * begun is the one that may act; an older process stops when it sees a newer one.
 */
export const epoch = z.object({
  type: z.literal('epoch'),
  epoch: z.int().positive(),
  /** Identifies the process. */
  instance: session,
  /** Identifies the host it runs on, as a digest. */
  host: z.string().max(64),
  pid: z.int().positive(),
  state: z.enum(['begun', 'ended']),
});

/** Journal, by the coordinator on a person's behalf: approve or reject a result, or cancel a task or the run. */
export const directive = z.object({
  type: z.literal('directive'),
  action: z.enum(['approve', 'reject', 'cancel']),
  /** Left out to cancel the whole run. */
  task: task.optional(),
  attempt: attempt.optional(),
  reason,
});

/** Journal, by the coordinator: a run of a plan begins. */
export const runOpened = z.object({
  type: z.literal('run_opened'),
  /** SHA-256 of the canonical JSON of the compiled plan. */
  plan_sha256: sha256,
  name: z.string().max(100),
  tasks: z.int().positive(),
  token: entity,
});

/** Journal, by the coordinator: what the gates say of a result. */
export const verdict = z.object({
  type: z.literal('verdict'),
  task,
  attempt,
  accepted: z.boolean(),
  gate: z.string().max(64),
  reason,
});

/** Journal, by the coordinator, inside the atomic batch that pays. */
export const settled = z.object({
  type: z.literal('settled'),
  token: entity,
  /** Id of the transfer in the same batch, `payer@seconds.nanos`. */
  transfer: z.string().max(64).optional(),
  payments: z.array(z.object({ task, attempt, to: entity, amount })).min(1),
});

/** Journal, by the coordinator: nothing more will happen in the run. */
export const runClosed = z.object({
  type: z.literal('run_closed'),
  outcome: z.enum(['complete', 'failed', 'cancelled']),
  /** Digest of the folded state before this record. */
  state_sha256: sha256,
});

/** Journal, by the ledger as a scheduled transaction of the coordinator: a guarded attempt has no result by its deadline. */
export const timedOut = z.object({ type: z.literal('timed_out'), task, attempt });

/** Journal, by an agent: it serves. */
export const online = z.object({
  type: z.literal('online'),
  /** Identifies this start of the daemon. */
  session,
  inbox: entity,
  /** host:port of the gRPC server. */
  address: z.string().min(3).max(255),
  /** SHA-256 of the TLS certificate in DER; absent on an insecure loopback. */
  cert_sha256: sha256.optional(),
  capabilities: z.array(z.string().min(1).max(MAX_TASK_TYPE)).max(64),
  slots: z.int().positive(),
  /** What the host really enforces on every executor, such as `process_tree`, `usage`, `own_files`. */
  enforces: z.array(z.string().min(1).max(32)).max(16).optional(),
});

/** Journal, by an agent: the executor has begun. */
export const started = z.object({ type: z.literal('started'), task, attempt });

/** Journal, by an agent: the attempt is over. */
export const result = z.object({
  type: z.literal('result'),
  task,
  attempt,
  outcome: z.enum(['ok', 'failed']),
  /** Of the output's bytes; present when the outcome is ok. */
  output_sha256: sha256.optional(),
  output_size: z.int().nonnegative().optional(),
  /** The output as UTF-8 text when it is small. */
  output: z.string().max(600).optional(),
  reason: reason.optional(),
});

/** Journal, by an agent: it has stopped in good order. */
export const offline = z.object({ type: z.literal('offline'), session, reason });

/** Journal, by the ledger as a scheduled transaction of the agent: its lease was not renewed. */
export const lapsed = z.object({ type: z.literal('lapsed'), session, lease: z.int().positive() });

export const inboxRecord = z.discriminatedUnion('type', [assign, cancel]);
export const journalRecord = z.discriminatedUnion('type', [
  epoch,
  directive,
  runOpened,
  verdict,
  settled,
  runClosed,
  timedOut,
  online,
  started,
  result,
  offline,
  lapsed,
]);
export const anyRecord = z.discriminatedUnion('type', [...inboxRecord.options, ...journalRecord.options]);

export type InboxRecord = z.infer<typeof inboxRecord>;
export type JournalRecord = z.infer<typeof journalRecord>;
export type AnyRecord = z.infer<typeof anyRecord>;
export type RecordOf<T extends AnyRecord['type']> = Extract<AnyRecord, { type: T }>;

export const RECORD_TYPES: ReadonlySet<string> = new Set(anyRecord.options.map((option) => option.shape.type.value));
