import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Piscina } from 'piscina';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import { childEnvironment } from './child-environment.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { ModuleCall, type ModuleEnd, moduleMessageOf } from './module-call.js';
import { ThreadAllowance } from './thread-allowance.js';

interface ModuleLimits {
  /** Attempts at the same time, each in a thread of its own. */
  readonly slots: number;
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly logLineBytes: number;
}

/** Plain JavaScript beside this file, so that a worker needs no loader whether we run from source or built. */
const HOST = fileURLToPath(new URL('../../../bin/module-host.mjs', import.meta.url));
/** A thread without work ends after this time. */
const IDLE_MS = 30_000;

/**
 * Calls the default export of an ES module in a pooled worker thread: `(input, context) => output`, where context has
 * feedback, attempt, progress, log, workDir and an AbortSignal. A string or bytes are the output as they are, any other
 * value as JSON. There are as many threads as the calls need, up to the slots. A thread runs one attempt at a time, keeps the
 * module loaded for the next, and is replaced when a call leaves timers or sockets behind. A call that does not heed the signal
 * is ended with its thread after the grace.
 */
export class ModuleExecutor implements Executor {
  readonly kind = 'module';
  readonly usesWorkDir = true;
  readonly makesWorkDir = true;
  #pool: Promise<Piscina> | undefined;
  /** Calls under way, by number. */
  readonly #calls = new Map<number, ModuleCall>();
  #count = 0;
  readonly #allowance: ThreadAllowance;

  constructor(
    private readonly module: string,
    private readonly env: readonly string[],
    private readonly usage: ExecutorSettings['usage'],
    private readonly limits: ModuleLimits,
  ) {
    this.#allowance = new ThreadAllowance(Math.min(limits.slots, availableParallelism()), limits.slots);
  }

  async execute(execution: Execution): Promise<ExecutionResult> {
    const { signal } = execution;
    const call = new ModuleCall(execution, this.limits.logLineBytes);
    this.#count += 1;
    const number = this.#count;
    this.#calls.set(number, call);
    const kill = new AbortController();
    let grace: NodeJS.Timeout | undefined;
    const stop = () => {
      call.abort();
      grace ??= setTimeout(() => kill.abort(), this.limits.graceMs);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#allowance.enter(kill.signal);
      // Nothing of the attempt runs any more once the thread has given the task back; one that is ended may for a moment.
      return this.#resultOf(await this.#call(number, call, kill.signal).finally(() => this.#allowance.leave()));
    } finally {
      clearTimeout(grace);
      signal.removeEventListener('abort', stop);
      this.#calls.delete(number);
    }
  }

  /** Has a thread make the call. Never rejects: what goes wrong is the reason that there is no output. */
  async #call(number: number, call: ModuleCall, kill: AbortSignal): Promise<ModuleEnd> {
    const { ref, taskType, workOrder, workDir } = call.execution;
    const task = {
      call: number,
      stop: call.stop,
      module: this.module,
      // A copy: of a view, all the memory under it would be sent, such as the message of which it is a part.
      workOrder: new Uint8Array(workOrder),
      workDir,
      ref,
      taskType,
      env: childEnvironment(call.execution, this.env, 'module'),
    };
    try {
      this.#pool ??= this.#open();
      const pool = await this.#pool;
      const end = (await pool.run(task, { signal: kill })) as ModuleEnd;
      await call.heard(end, kill);
      return end;
    } catch (error) {
      return call.end ?? { reason: reasonOf(error, kill.aborted), said: 0 };
    }
  }

  #resultOf({ output, reason = 'the module said nothing' }: ModuleEnd): ExecutionResult {
    if (output === undefined) return failed(reason);
    const { maxOutputBytes } = this.limits;
    if (output.length > maxOutputBytes) return failed(`the output exceeds ${maxOutputBytes} bytes`);
    return { ok: true, output };
  }

  async close(): Promise<void> {
    await (await this.#pool)?.destroy();
  }

  async #open(): Promise<Piscina> {
    const { Piscina } = await import('piscina');
    const { memory } = this.usage;
    const pool = new Piscina({
      filename: HOST,
      minThreads: 0,
      maxThreads: this.limits.slots,
      concurrentTasksPerWorker: 1,
      idleTimeout: IDLE_MS,
      env: {},
      execArgv: [],
      ...(memory === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memory / 1_048_576) } }),
    });
    // A thread without a task has failed, by something that an earlier call left; the pool starts another one.
    pool.on('error', () => undefined);
    pool.on('message', (said: unknown) => {
      const message = moduleMessageOf(said);
      if (message !== undefined) this.#calls.get(message.call)?.hear(message);
    });
    return pool;
  }
}

/** Why a thread did not bring its task to an end. */
function reasonOf(error: unknown, killed: boolean): string {
  if (killed) return 'the module did not heed the signal; it was ended with its thread';
  const message = error instanceof Error ? error.message : String(error);
  const code = /exited with code: (\d+)/.exec(message)?.[1];
  return code === undefined ? message : `the module ended its thread with code ${code}`;
}
