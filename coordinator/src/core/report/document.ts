import { TASK_STATUSES } from '@gatepost/rules/run/task-state';
import { z } from 'zod';

/** The version of the form below; it rises when a reader of the old form would go wrong. */
export const REPORT_VERSION = 1;

const account = z.string().describe('Account id, 0.0.x.');
const amount = z.string().regex(/^\d+$/).describe('A whole number as decimal text.');
const tokens = amount.describe("In the token's smallest unit, as decimal text.");
const tinybar = amount.describe('In tinybar, as decimal text.');
const outcome = z.enum(['open', 'complete', 'failed', 'cancelled']);

const place = z
  .strictObject({
    at: z
      .string()
      .regex(/^\d+\.\d{9}$/)
      .describe('Consensus timestamp, seconds.nanoseconds.'),
    topic: z.string().describe('Topic id, 0.0.x.'),
    sequence: z.number().int().describe("The message's sequence number within its topic."),
  })
  .meta({ id: 'place', description: 'The message on the ledger that says so.' });

const output = z.strictObject({
  sha256: z.string(),
  size: z.number().int().describe('In bytes.'),
  shown: z
    .enum(['whole', 'beginning', 'not_text', 'not_here'])
    .describe('How much of it is in `text`; not_here: neither on the ledger nor on the host that made the report.'),
  text: z.string().optional(),
});

const attempt = z.strictObject({
  number: z.number().int(),
  agent: account,
  price: tokens,
  deadline: z.string().describe('ISO 8601.'),
  superseded: z.boolean().describe('Another attempt was made because its agent was lost.'),
  assigned: place,
  started: place.optional(),
  timed_out: place.optional().describe('Where the ledger says that its deadline had passed.'),
  result: z
    .strictObject({ ok: z.boolean(), reason: z.string().optional(), output: output.optional(), place })
    .optional(),
  log: z
    .string()
    .optional()
    .describe('The end of what its executor wrote, as far as the host that made the report kept it.'),
  verdict: z.strictObject({ accepted: z.boolean(), gate: z.string(), reason: z.string(), place }).optional(),
  dispute: z
    .strictObject({
      by: account,
      reason: z.string(),
      place,
      decision: z.strictObject({ pays: z.boolean(), reason: z.string(), place }).optional(),
    })
    .optional()
    .describe('A party has asked the arbiter to pay it.'),
  payment: z
    .strictObject({
      to: account,
      amount: tokens,
      transfer: z.string().optional().describe('Transaction id of the transfer.'),
      place,
    })
    .optional(),
});

const task = z.strictObject({
  id: z.string(),
  type: z.string(),
  status: z.enum(TASK_STATUSES),
  sequence: z.string().optional().describe('Of the plan; left out for reviews, and without the plan.'),
  depends_on: z.array(z.string()),
  gates: z.array(z.string()).describe('Kinds of its gates.'),
  reviews: z
    .strictObject({ task: z.string(), attempt: z.number().int() })
    .optional()
    .describe('What it is a review of.'),
  price: tokens,
  why: z.array(z.string()).describe('Why it stands where it stands, as `coordinator explain` says.'),
  awaits_person: z.literal(true).optional().describe('It has a result that a person has to accept or reject.'),
  fees: tinybar.describe('Network fees of its records, as `coordinator bill` shares them out.'),
  attempts: z.array(attempt),
});

const money = z.strictObject({
  token: z.string(),
  paid: tokens,
  max_total: tokens.optional().describe("The plan's budget."),
  max_fees_usd: z.number().optional().describe("The plan's limit of fees."),
  fees: tinybar,
  overhead: tinybar.describe('Fees that belong to no task.'),
  usd_per_hbar: z.number().describe('At the time of the opening.'),
  custom_fees: z.array(z.strictObject({ unit: z.string(), collector: account, amount })),
  accounts: z
    .array(
      z.strictObject({
        account,
        received: tokens,
        fees: tinybar.describe('What the network charged it.'),
        transactions: z.number().int(),
        failed: z.number().int(),
      }),
    )
    .describe('The coordinator and the agents of the run.'),
  days: z.array(z.strictObject({ day: z.string().describe('UTC, YYYY-MM-DD.'), paid: tokens, fees: tinybar })),
});

const run = z.strictObject({
  run: z.string(),
  name: z.string().describe("The plan's name."),
  plan_sha256: z.string(),
  plan_known: z
    .boolean()
    .describe('Without the plan only what was assigned is listed: no dependencies, and no reasons why a task waits.'),
  outcome,
  coordinator: account,
  gatekeeper: account.optional(),
  escrow: account.optional(),
  arbiter: account.optional(),
  opened: place,
  closed: place.optional(),
  task_count: z.number().int(),
  accepted: z.number().int().describe('Tasks of the plan whose work was accepted.'),
  sequences: z.array(z.strictObject({ id: z.string(), after: z.array(z.string()) })),
  tasks: z.array(task),
  money,
});

const agent = z.strictObject({
  agent: account,
  life: z.enum(['online', 'offline', 'lapsed']),
  address: z.string(),
  capabilities: z.array(z.string()),
  slots: z.number().int(),
  lease_until: z.string().optional().describe('When its newest lease ends unless it is renewed, ISO 8601.'),
  history: z
    .array(z.strictObject({ life: z.enum(['online', 'offline', 'lapsed']), reason: z.string().optional(), place }))
    .describe('What the ledger said of its life, oldest first.'),
});

const verification = z.strictObject({
  holds: z.boolean(),
  rules: z.number().int().describe('How many rules were checked.'),
  findings: z.array(
    z.strictObject({
      rule: z.string(),
      holds_when: z.string().describe('What the rule says.'),
      run: z.string().optional(),
      subject: z.string(),
      message: z.string(),
    }),
  ),
  ignored: z.array(z.strictObject({ reason: z.string(), times: z.number().int() })),
});

/** Everything that the page shows; `coordinator report --json` prints it. */
export const reportDocument = z.strictObject({
  version: z.literal(REPORT_VERSION),
  made_at: z.string().describe("The mirror's time when the report was made, ISO 8601."),
  network: z.string().describe('local, testnet, previewnet or mainnet.'),
  journal: z.string(),
  runs: z.array(run).describe('Oldest first.'),
  agents: z.array(agent),
  verification,
});

export type ReportDocument = z.infer<typeof reportDocument>;
export type ReportedRun = z.infer<typeof run>;
export type ReportedTask = z.infer<typeof task>;
export type ReportedAttempt = z.infer<typeof attempt>;
export type ReportedAgent = z.infer<typeof agent>;
export type ReportedMoney = z.infer<typeof money>;
export type ReportedOutput = z.infer<typeof output>;
export type Place = z.infer<typeof place>;

/** The JSON Schema (2020-12) of the report; docs/report.schema.json is a copy. */
export const reportJsonSchema = (): object => z.toJSONSchema(reportDocument);
