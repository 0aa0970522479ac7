import { size } from '@gatepost/shared/config/units';
import { MAX_TASK_TYPE } from '@gatepost/shared/vocabulary/id-bounds';
import { z } from 'zod';

const GIB = 1_073_741_824;

/** What an executor's child process may use; each is enforced by killing the whole process tree. */
const usage = z.strictObject({
  /** Resident memory of the process tree. */
  memory: size(1_048_576, 1_024 * GIB).optional(),
  /** Processor time of the process tree, seconds. */
  cpu_seconds: z.int().min(1).max(604_800).optional(),
});

const paths = z.array(z.string().min(1)).max(64).default([]);

/** How one task type is executed; exactly one of `command`, `http` and `module`. */
export const executorSchema = z
  .strictObject({
    /** Program and arguments; no shell. Arguments that name a file beside this one are made absolute. */
    command: z.array(z.string().min(1)).min(1).max(64).optional(),
    /** URL of a local agent server to POST the work order to. */
    http: z.url({ protocol: /^https?$/ }).optional(),
    /** Path of an ES module whose default export executes the work order. */
    module: z.string().min(1).optional(),
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
    /** Keeps a command to its own files and processes: as far as this host can, or not at all if it cannot, or never. */
    confine: z.enum(['auto', 'required', 'none']).default('auto'),
    /** Whether a confined command reaches the network. */
    network: z.boolean().default(false),
    /** Files and directories that a confined command may read although they lie in a home, /tmp or /run. */
    read: paths,
    /** Files and directories that a confined command may write besides its own directory. */
    write: paths,
    usage: usage.default({}),
  })
  .superRefine((executor, context) => {
    const kinds = ['command', 'http', 'module'].filter((kind) => executor[kind as keyof typeof executor] !== undefined);
    if (kinds.length !== 1) context.addIssue({ code: 'custom', message: 'needs exactly one of command, http, module' });
    if (executor.command !== undefined) return;
    const { confine, network, read, write } = executor;
    const confining = { confine: confine === 'required', network, read: read.length > 0, write: write.length > 0 };
    for (const [setting, given] of Object.entries(confining)) {
      if (given) context.addIssue({ code: 'custom', path: [setting], message: 'only a command can be confined' });
    }
  });

/** Task type -> executor. */
export const executorsSchema = z.record(z.string().min(1).max(MAX_TASK_TYPE), executorSchema);

export type ExecutorSettings = z.infer<typeof executorSchema>;
