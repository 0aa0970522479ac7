import { z } from 'zod';
import { MAX_ASSIGNED_ID, MAX_ATTEMPT, MAX_RUN_ID, MAX_TASK_TYPE } from '../vocabulary/id-bounds.js';
import { isEntityId } from '../vocabulary/ids.js';
import { ATTEMPT_LIST, ONE_ATTEMPT } from './attempt-list.js';

/** Protocol version of the messages this code writes and reads. */
export const PROTOCOL_VERSION = 2;

const entity = z
  .string()
  .refine(isEntityId, 'must look like 0.0.1234')
  .describe('An entity of the ledger, such as 0.0.1234.');
const digest = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/)
  .describe('A SHA-256, base64url without padding.');
const amount = z
  .string()
  .regex(/^(0|[1-9]\d{0,18})$/)
  .describe("In the token's smallest unit.");
const reason = z.string().max(400);
const task = z.string().min(1).max(MAX_ASSIGNED_ID).describe('Id of a task of the plan, or of a review.');
const session = z.string().min(1).max(64).describe('Identifies one start of a daemon, a coordinator or a gatekeeper.');
const attempts = z
  .string()
  .regex(ATTEMPT_LIST)
  .describe(
    'Attempts: `3,7-9` are the first of tasks 3, 7, 8 and 9; `7-9.2` the second ones; `1~7` reviews the first of task 7.',
  );
const attempt = z.string().regex(ONE_ATTEMPT).describe('One attempt, as in a list of attempts.');
const attemptNumber = z.int().min(1).max(MAX_ATTEMPT).describe('From 1.');
const bytes = z.int().nonnegative().describe('Bytes.');

const assignGroup = z
  .object({
    type: z.string().min(1).max(MAX_TASK_TYPE).describe('Capability the executor is chosen by.'),
    price: amount,
    deadline_ms: z.int().positive().describe('Milliseconds since the Unix epoch.'),
    judge: entity.optional().describe('Who judges the outputs and may read them; the coordinator when left out.'),
    tasks: z
      .array(
        z.union([
          z.tuple([attempt, task, digest, bytes]).describe('attempt, task, digest and size of the input'),
          z.tuple([attempt, task, z.unknown()]).describe('attempt, task, the input itself'),
          z
            .tuple([task, z.unknown()])
            .describe(
              'task, the input itself: the first attempt of the task numbered next after the one before it here',
            ),
        ]),
      )
      .min(1),
  })
  .describe('Attempts that the agent of this inbox shall execute, of one type, price and deadline.');

const epoch = z.object({
  epoch: z.int().positive(),
  instance: session,
  host: z.string().max(64).describe('Identifies the host, as a digest.'),
  pid: z.int().positive(),
  state: z.enum(['begun', 'ended']),
});

const runOpened = z.object({
  plan_sha256: digest,
  name: z.string().max(100),
  tasks: z.int().positive(),
  gatekeeper: entity.optional().describe('Who judges and signs payments with the coordinator.'),
  escrow: entity.optional().describe('The account that pays, when there is a gatekeeper.'),
  arbiter: entity.optional().describe('Who decides disputes with a third key of the escrow.'),
});

const directive = z.object({
  action: z.enum(['approve', 'reject', 'cancel']),
  task: task.optional(),
  attempt: attemptNumber.optional(),
  reason,
  by: digest.optional().describe('Digest of what a serving coordinator has noted of who said so.'),
});

const cancel = z.object({ task, attempt: attemptNumber, reason });

const verdict = z.object({ accepted: z.boolean(), gate: z.string().max(64), reason: reason.optional(), attempts });

const settled = z.object({
  transfer: z.string().max(64).optional().describe('Id of the transfer in the same batch, payer@seconds.nanos.'),
  payments: z
    .array(z.tuple([entity, amount, attempts]))
    .min(1)
    .describe('To whom, how much for each, for which attempts.'),
});

const online = z.object({
  session,
  inbox: entity,
  address: z.string().min(3).max(255).describe('host:port of the gRPC server.'),
  cert_sha256: digest.optional(),
  capabilities: z.array(z.string().min(1).max(MAX_TASK_TYPE)).max(64),
  slots: z.int().positive(),
  enforces: z.array(z.string().min(1).max(32)).max(16).optional(),
});

const gatekeeperOnline = z.object({
  session,
  address: z.string().min(3).max(255).describe('host:port of the gRPC server.'),
  cert_sha256: digest.optional(),
});

/**
 * A topic message: what is common to its records, then the records by type. Those of one type come in the order in which
 * they stand, the types in the order of this schema.
 */
export const topicMessage = z
  .looseObject({
    gatepost: z.literal(PROTOCOL_VERSION).describe('Version of the protocol.'),
    run: z
      .string()
      .min(1)
      .max(MAX_RUN_ID)
      .optional()
      .describe("Left out for records of a daemon's or coordinator's life."),
    token: entity.optional().describe('What `assign`, `settled` and `run_opened` of this message pay in.'),
    epoch: epoch.optional().describe('Journal, by the coordinator: one process of it begins or ends to act.'),
    run_opened: runOpened.optional().describe('Journal, by the coordinator: a run of a plan begins.'),
    online: online.optional().describe('Journal, by an agent: it serves.'),
    gatekeeper_online: gatekeeperOnline
      .optional()
      .describe('Journal, by a gatekeeper: one process of it begins; the newest may sign.'),
    assign: z.array(assignGroup).min(1).optional().describe('Inbox, by the coordinator.'),
    cancel: z.array(cancel).min(1).optional().describe('Inbox, by the coordinator: no longer wanted.'),
    directive: z
      .array(directive)
      .min(1)
      .optional()
      .describe("Journal, a person's word: by who judges, or to cancel by the coordinator."),
    started: attempts.optional().describe('Journal, by an agent: the executor has begun.'),
    result: z
      .array(z.tuple([attempts, digest, bytes]))
      .min(1)
      .optional()
      .describe('Journal, by an agent: done; digest and size of the output that all of these have.'),
    output: z
      .array(z.tuple([attempts, z.string().max(600)]))
      .min(1)
      .optional()
      .describe('Journal, by an agent: done; the output itself that all of these have, as text.'),
    failed: z
      .array(z.tuple([attempts, reason]))
      .min(1)
      .optional()
      .describe('Journal, by an agent: not done, and why.'),
    verdict: z.array(verdict).min(1).optional().describe('Journal, by who judges: what the gates say of results.'),
    timed_out: attempts
      .optional()
      .describe('Journal, by a schedule of the coordinator: guarded attempts without a result by their deadline.'),
    settled: z.array(settled).min(1).optional().describe('Journal, by the coordinator, in the batch that pays.'),
    dispute: z
      .array(z.tuple([attempt, entity, reason]))
      .min(1)
      .optional()
      .describe(
        'Journal, by a party of the escrow: attempt, the schedule that pays it once the arbiter signs, and why.',
      ),
    decision: z
      .array(z.tuple([attempt, z.boolean(), reason]))
      .min(1)
      .optional()
      .describe('Journal, by the arbiter: of a disputed attempt, whether it is paid, and why.'),
    lapsed: z
      .object({ session, lease: z.int().positive() })
      .optional()
      .describe("Journal, by a schedule of an agent's: its lease was not renewed."),
    offline: z.object({ session, reason }).optional().describe('Journal, by an agent: it has stopped in good order.'),
    gatekeeper_offline: z
      .object({ session, reason })
      .optional()
      .describe('Journal, by a gatekeeper: it has stopped in good order and signs nothing more.'),
    run_closed: z
      .object({
        outcome: z.enum(['complete', 'failed', 'cancelled']),
        state_sha256: digest,
        until: z
          .string()
          .regex(/^\d{1,12}\.\d{9}$/)
          .optional()
          .describe('Consensus timestamp of the newest record in that state; all before this one when left out.'),
      })
      .optional()
      .describe('Journal, by the coordinator: nothing more will happen in the run.'),
  })
  .describe('A message on an inbox or a journal: records, by type.');

export type TopicMessageJson = z.infer<typeof topicMessage>;

/** Names of the record lists, in the order in which they are read. */
export const RECORD_LISTS = Object.keys(topicMessage.shape).filter(
  (key) => !['gatepost', 'run', 'token'].includes(key),
);
const KNOWN: ReadonlySet<string> = new Set(Object.keys(topicMessage.shape));

/** Keys of a message that this version does not know. */
export const unknownKeys = (message: object): string[] => Object.keys(message).filter((key) => !KNOWN.has(key));
