import { MAX_AMOUNT } from '@gatepost/shared/vocabulary/amount';
import { MAX_TASK_ID, MAX_TASK_TYPE } from '@gatepost/shared/vocabulary/id-bounds';
import { isEntityId } from '@gatepost/shared/vocabulary/ids';
import { parseDurationMs } from '@gatepost/shared/vocabulary/time';
import { z } from 'zod';

/** Longest time anything in a plan may take, in milliseconds: 30 days, half of what a schedule may wait. */
export const MAX_DURATION_MS = 30 * 86_400_000;
/** Most attempts a task may have. */
export const MAX_ATTEMPTS = 100;
/** Most agents a quorum may ask. */
export const MAX_QUORUM = 50;

const ID_RULE = `must be 1 to ${MAX_TASK_ID} letters, digits, ".", "_" or "-" and begin with a letter or digit; rename it`;
const idText = z
  .string({ error: ID_RULE })
  .regex(new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${MAX_TASK_ID - 1}}$`), ID_RULE);

const TYPE_RULE = `must be a capability of 1 to ${MAX_TASK_TYPE} characters without spaces; use the name agents offer it under`;
const typeText = z.string({ error: TYPE_RULE }).regex(new RegExp(`^[^\\s\\p{C}]{1,${MAX_TASK_TYPE}}$`, 'u'), TYPE_RULE);

const AMOUNT_RULE = `must be a whole number from 1 to ${MAX_AMOUNT}; write it in the token's smallest unit, without sign, fraction or unit`;
const amount = z
  .union(
    [z.int(AMOUNT_RULE).min(1, AMOUNT_RULE), z.string().regex(/^[1-9]\d{0,18}$/, { error: AMOUNT_RULE, abort: true })],
    {
      error: AMOUNT_RULE,
    },
  )
  .refine((value) => BigInt(value) <= MAX_AMOUNT, AMOUNT_RULE);

const DURATION_RULE = 'must be a duration from 1ms to 30d; write a whole number and a unit: 500ms, 90s, 10m, 2h or 1d';
const duration = z
  .string({ error: DURATION_RULE })
  .regex(/^\d{1,9}(ms|s|m|h|d)$/, { error: DURATION_RULE, abort: true })
  .refine((text) => {
    const ms = parseDurationMs(text);
    return ms !== undefined && ms > 0 && ms <= MAX_DURATION_MS;
  }, DURATION_RULE);

const COMMAND_RULE = 'must be a list of texts: the program and its arguments; no shell interprets it';
const command = z
  .tuple([z.string({ error: COMMAND_RULE }).min(1, COMMAND_RULE)], z.string({ error: COMMAND_RULE }), {
    error: COMMAND_RULE,
  })
  .describe('Program and arguments; the output is on its standard input, exit code 0 accepts');

const TREE_RULE = 'must name the member of the input that is a repository, such as { of: repo }';
const ONLY_RULE = 'must be a list of globs such as src/**';
const tree = z
  .strictObject(
    {
      of: z.string({ error: TREE_RULE }).min(1, TREE_RULE).describe('Member of the input that is a repository'),
      only: z
        .array(z.string({ error: ONLY_RULE }).min(1, ONLY_RULE).max(500, ONLY_RULE), { error: ONLY_RULE })
        .min(1, ONLY_RULE)
        .max(100, ONLY_RULE)
        .optional()
        .describe('Files that the patch may change, as globs; all when left out'),
    },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : TREE_RULE) },
  )
  .describe('Where it runs: a fresh tree of a repository of the input, with the output applied as a patch');

const SCHEMA_RULE = 'must be a JSON Schema in place or the path of a file that holds one, relative to the plan';
const QUORUM_RULE = `must be a whole number from 1 to ${MAX_QUORUM}`;
const quorumSize = z.int({ error: QUORUM_RULE }).min(1, QUORUM_RULE).max(MAX_QUORUM, QUORUM_RULE);

/** The gates that are more than a word, by the key that names them. */
export const gateSources = {
  command: z.strictObject({ command, timeout: duration.optional(), tree: tree.optional() }),
  schema: z.strictObject({
    schema: z.union([z.string().min(1), z.record(z.string(), z.unknown())], { error: SCHEMA_RULE }),
  }),
  agent: z.strictObject({
    agent: z.strictObject({ type: typeText, price: amount, deadline: duration.optional() }),
  }),
  quorum: z.strictObject({ quorum: z.strictObject({ of: quorumSize, agree: quorumSize }) }),
};

/** The gates that are a word. */
export const gateWords = ['none', 'human'] as const;

const oneGate = z.union([
  z.enum(gateWords),
  gateSources.command,
  gateSources.schema,
  gateSources.agent,
  gateSources.quorum,
]);
const gate = z.union([oneGate, z.array(oneGate).min(1)]).describe('One gate, several that must all accept, or none');

const ATTEMPTS_RULE = `must be a whole number from 1 to ${MAX_ATTEMPTS}`;
const attempts = z.int({ error: ATTEMPTS_RULE }).min(1, ATTEMPTS_RULE).max(MAX_ATTEMPTS, ATTEMPTS_RULE);
const AGENT_RULE = 'must be an account id such as 0.0.1234';
const agent = z.string({ error: AGENT_RULE }).refine(isEntityId, AGENT_RULE);
const retry = z.enum(['any', 'same', 'elsewhere'], { error: 'must be any, same or elsewhere' });
const guard = z.boolean({ error: 'must be true or false' });
const ID_LIST_RULE = 'must be a list of ids; write [] for none';
const idList = z.array(z.string({ error: ID_LIST_RULE }), { error: ID_LIST_RULE });
const TEXT_RULE = 'must be a text of 1 to 100 characters';
const planName = z.string({ error: TEXT_RULE }).min(1, TEXT_RULE).max(100, TEXT_RULE);
const SAVE_AS_RULE = 'must be a relative path of 1 to 255 characters';
const saveAs = z.string({ error: SAVE_AS_RULE }).min(1, SAVE_AS_RULE).max(255, SAVE_AS_RULE);

const timing = {
  deadline: duration.optional().describe('Time from assignment to result, such as 90s; 10m when left out'),
  attempts: attempts.optional().describe('How often it may be tried; 3 when left out'),
  retry: retry.optional().describe('Whether a retry must go to the same agent or to another one; any when left out'),
  price: amount.optional().describe("What an accepted result is paid, in the token's smallest unit; unpaid without"),
};
const taskFields = {
  id: idText.describe('Unique in the plan'),
  type: typeText.describe('Capability that an agent must offer'),
  agent: agent.optional().describe('Only this account may do it'),
  depends_on: idList.optional().describe('Tasks whose results must be accepted first'),
  input: z
    .unknown()
    .optional()
    .describe(
      'Any JSON; {"$output": "<task>", "pointer": "/a/b"} stands for an output or a part of it, a member {"$git": {"url": "...", "commit": "..."}} for a repository',
    ),
  ...timing,
  guard: guard
    .optional()
    .describe("Whether the ledger tells by itself that an attempt's deadline has passed; false when left out"),
  save_as: saveAs.optional().describe('File under the output directory for the accepted output'),
};
const sequenceFields = {
  id: idText.describe('Unique among the sequences'),
  after: idList
    .optional()
    .describe('Sequences that must be complete first; the previous one when left out, [] for none'),
};
const TASKS_RULE = 'must be a list of at least one task';
const SEQUENCES_RULE = 'must be a list of at least one sequence';
const FEES_RULE = 'must be a positive number of US dollars';
const planFields = {
  $schema: z.string().optional(),
  name: planName.describe('Shown in tables and in the run_opened record'),
  budget: z
    .strictObject({
      max_total: amount.optional().describe('A run never pays more than this'),
      max_fees_usd: z.number({ error: FEES_RULE }).positive(FEES_RULE).optional().describe('Ceiling of all fees, USD'),
    })
    .optional(),
};

/** A task as written; its gate is checked apart, so that each kind gets its own messages. */
export const taskSource = z.strictObject({ ...taskFields, gate: z.unknown().optional() });

/** A sequence as written, its tasks unchecked. */
export const sequenceSource = z.strictObject({
  ...sequenceFields,
  tasks: z.array(z.unknown(), { error: TASKS_RULE }).min(1, TASKS_RULE),
});

/** A plan file as written, its sequences unchecked. */
export const planHeader = z.strictObject({
  ...planFields,
  defaults: z.strictObject({ ...timing, gate: z.unknown().optional() }).optional(),
  sequences: z.array(z.unknown(), { error: SEQUENCES_RULE }).min(1, SEQUENCES_RULE),
});

/** A whole plan file; what docs/plan.schema.json publishes. */
export const planSource = z
  .strictObject({
    ...planFields,
    defaults: z
      .strictObject({ ...timing, gate: gate.optional() })
      .optional()
      .describe('For every task that does not say otherwise'),
    sequences: z
      .array(
        z.strictObject({
          ...sequenceFields,
          tasks: z.array(z.strictObject({ ...taskFields, gate: gate.optional() })).min(1),
        }),
      )
      .min(1),
  })
  .meta({ title: 'gatepost plan', description: 'Work to be handed to agents; see docs/plans.md' });

export type TaskSource = z.infer<typeof taskSource>;
export type PlanHeader = z.infer<typeof planHeader>;
