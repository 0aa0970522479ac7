import { repositoriesSetting } from '@gatepost/shared/config/repositories';
import { size } from '@gatepost/shared/config/units';
import { MAX_TASK_TYPE } from '@gatepost/shared/vocabulary/id-bounds';
import { z } from 'zod';
import { type Exit, parseExit } from '../core/exits.js';

const GIB = 1_073_741_824;

/** What an executor's child process may use; each is enforced by killing the whole process tree. */
const usage = z.strictObject({
  /** Resident memory of the process tree. */
  memory: size(1_048_576, 1_024 * GIB).optional(),
  /** Processor time of the process tree, seconds. */
  cpu_seconds: z.int().min(1).max(604_800).optional(),
  /** What a command or an ACP agent says that it has spent, US dollars: its own word. */
  cost_usd: z.number().positive().max(1_000_000).optional(),
  /** Tokens that a command says it has used, or of its context an ACP agent: its own word. */
  tokens: z.int().min(1).max(1_000_000_000).optional(),
});

/** `host:port`, as the program asks for it. */
const exit = z
  .string()
  .refine((text) => parseExit(text) !== undefined, 'must be host:port, such as api.example.org:443');

const paths = z.array(z.string().min(1)).max(64).default([]);

/** Allows an ACP agent a tool call that it asks for; everything else is refused. */
const permission = z
  .strictObject({
    kind: z.enum(['read', 'edit', 'delete', 'move', 'search', 'execute', 'think', 'fetch', 'switch_mode', 'other']),
    path: z.string().min(1),
    command: z.string().min(1),
  })
  .partial()
  .refine((rule) => Object.keys(rule).length > 0, 'names a kind, a path or a command');

/** Below the attempt's directory: no way out of it. */
const inside = z
  .string()
  .min(1)
  .max(500)
  .refine(
    (path) => !path.startsWith('/') && path.split('/').every((part) => !['', '.', '..'].includes(part)),
    'must lie below the directory of the attempt',
  );

/** Regular expressions of a schema may take for ever on what a hostile agent says; a gate of the plan may use them. */
const withoutPatterns = (schema: unknown): boolean =>
  !/"(pattern|patternProperties|format)":/.test(JSON.stringify(schema));

/** How an agent is spoken to that speaks the Agent Client Protocol on its standard input and output. */
const acpSettings = {
  /** Program and arguments of an agent that speaks the Agent Client Protocol; as `command` otherwise. */
  acp: z.array(z.string().min(1)).min(1).max(64).optional(),
  /** What it is asked; {{instructions}}, {{files}} and {{feedback}} are replaced. */
  prompt: z.string().min(1).max(100_000).optional(),
  /** Tool calls that it is allowed when it asks. */
  permissions: z.array(permission).max(100).default([]),
  /** What its output is: its last message, a file, a directory as a tar archive, or what it changed in a repository. */
  output: z
    .union([
      z.literal('last_message'),
      z.strictObject({ file: inside }),
      z.strictObject({ directory: inside }),
      z.strictObject({ patch: inside }),
      z.strictObject({ bundle: inside }),
    ])
    .default('last_message'),
  /** JSON Schema of the output; the agent is asked once more when it does not fit. */
  result_schema: z
    .union([z.boolean(), z.record(z.string(), z.unknown())])
    .refine(withoutPatterns, 'has no pattern, patternProperties or format here; a gate of the plan may')
    .optional(),
};

/** How one task type is executed; exactly one of `command`, `http`, `module` and `acp`. */
export const executorSchema = z
  .strictObject({
    /** Program and arguments; no shell. Arguments that name a file beside this one are made absolute. */
    command: z.array(z.string().min(1)).min(1).max(64).optional(),
    /** URL of a local agent server to POST the work order to. */
    http: z.url({ protocol: /^https?$/ }).optional(),
    /** Path of an ES module whose default export executes the work order. */
    module: z.string().min(1).optional(),
    ...acpSettings,
    /** Names of environment variables the executor may see besides the basic ones. */
    env: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'))
      .max(64)
      .default([]),
    /** Directory to run in; a fresh one for each attempt when left out. */
    cwd: z.string().min(1).optional(),
    /** Keep the attempt's working directory when it is over. */
    keep_work_dir: z.boolean().default(false),
    /** What a restarted daemon does with an attempt that was running: run it again, or report it as lost. */
    restart: z.enum(['rerun', 'lost']).default('rerun'),
    /** Keeps a command or acp to its own files and processes: as far as this host can, or not at all if it cannot, or never. */
    confine: z.enum(['auto', 'required', 'none']).default('auto'),
    /** Whether a confined command reaches the network, or the places that it reaches. */
    network: z.union([z.boolean(), z.array(exit).min(1).max(64)]).default(false),
    /** Files and directories that a confined command may read although they lie in a home, /tmp or /run. */
    read: paths,
    /** Files and directories that a confined command may write besides its own directory. */
    write: paths,
    /** Where repositories of an input may be fetched from by the daemon: addresses and directories; none without. */
    repositories: repositoriesSetting,
    usage: usage.default({}),
  })
  .superRefine((executor, context) => {
    const kinds = ['command', 'http', 'module', 'acp'] as const;
    if (kinds.filter((kind) => executor[kind] !== undefined).length !== 1) {
      context.addIssue({ code: 'custom', message: 'needs exactly one of command, http, module, acp' });
    }
    if (executor.acp === undefined) forAcpAlone(executor, context);
    const { output, result_schema } = executor;
    if (result_schema !== undefined && typeof output === 'object' && ('patch' in output || 'bundle' in output)) {
      context.addIssue({
        code: 'custom',
        path: ['result_schema'],
        message: 'is for JSON: no patch or bundle fits one',
      });
    }
    if (executor.command !== undefined || executor.acp !== undefined) return;
    const { confine, network, read, write, repositories, usage } = executor;
    if (usage.cost_usd !== undefined || usage.tokens !== undefined) {
      context.addIssue({ code: 'custom', path: ['usage'], message: 'cost_usd and tokens are for a command or acp' });
    }
    if (repositories.length > 0) {
      context.addIssue({ code: 'custom', path: ['repositories'], message: 'is for a command or acp' });
    }
    const confining = {
      confine: confine === 'required',
      network: network !== false,
      read: read.length > 0,
      write: write.length > 0,
    };
    for (const [setting, given] of Object.entries(confining)) {
      if (given)
        context.addIssue({ code: 'custom', path: [setting], message: 'only a command or acp can be confined' });
    }
  });

interface AcpOnly {
  readonly prompt?: string | undefined;
  readonly permissions: readonly unknown[];
  readonly output: unknown;
  readonly result_schema?: unknown;
}

/** Settings that mean nothing to other executors are not passed over. */
function forAcpAlone({ prompt, permissions, output, result_schema }: AcpOnly, context: z.RefinementCtx): void {
  const given = {
    prompt: prompt !== undefined,
    permissions: permissions.length > 0,
    output: output !== 'last_message',
    result_schema: result_schema !== undefined,
  };
  for (const [setting, isGiven] of Object.entries(given)) {
    if (isGiven) context.addIssue({ code: 'custom', path: [setting], message: 'is for acp alone' });
  }
}

/** Task type -> executor. */
export const executorsSchema = z.record(z.string().min(1).max(MAX_TASK_TYPE), executorSchema);

export type ExecutorSettings = z.infer<typeof executorSchema>;

/** The only places that a program reaches; undefined when it reaches all or none. */
export const exitsOf = ({ network }: ExecutorSettings): readonly Exit[] | undefined =>
  typeof network === 'boolean' ? undefined : network.flatMap((text) => parseExit(text) ?? []);

/** The program that an executor starts for each attempt, and its arguments; undefined when it starts none. */
export const programOf = ({ command, acp }: ExecutorSettings): readonly string[] | undefined => command ?? acp;
