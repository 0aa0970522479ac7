import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import { childEnvironment } from './child-environment.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { ThreadAllowance } from './thread-allowance.js';

interface ModuleLimits {
  /** Attempts at the same time, each in a thread of its own. */
  readonly slots: number;
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly logLineBytes: number;
}

/** What the worker says. */
export type ModuleMessage =
  | { readonly type: 'progress'; readonly fraction: number; readonly message: string }
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'output'; readonly output: Uint8Array }
  | { readonly type: 'error'; readonly reason: string };

/** Plain JavaScript beside this file, so that a worker needs no loader whether we run from source or built. */
const HOST = fileURLToPath(new URL('../../../bin/module-host.mjs', import.meta.url));
/** A thread without work ends after this time. */
const IDLE_MS = 30_000;

/**
 * Calls the default export of an ES module in a pooled worker thread: `(input, context) => output`, where context has
 * feedback, attempt, progress, log, workDir and an AbortSignal. A string or bytes are the output as they are, any other
 * value as JSON. There are as many threads as the calls need, up to the slots. A thread runs one attempt at a time, keeps the module loaded for the next, and is replaced when a call
 * leaves timers or sockets behind. A call that does not heed the signal is ended with its thread after the grace.
 */
export class ModuleExecutor implements Executor {
  readonly kind = 'module';
  readonly usesWorkDir = true;
  readonly makesWorkDir = true;
  #pool: Promise<Piscina> | undefined;
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
    const { ref, taskType, workOrder, workDir, signal } = execution;
    const { port1: ours, port2: port } = new MessageChannel();
    const kill = new AbortController();
    const env = childEnvironment(execution, this.env, 'module');
    // A copy: of a view, all the memory under it would be sent, such as the message of which it is a part.
    const task = { port, module: this.module, workOrder: Uint8Array.from(workOrder), workDir, ref, taskType, env };
    const heard = this.#listen(ours, execution);
    let grace: NodeJS.Timeout | undefined;
    const stop = () => {
      ours.postMessage('abort');
      grace ??= setTimeout(() => kill.abort(), this.limits.graceMs);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await this.#allowance.enter(kill.signal);
    // Nothing of the attempt runs any more once the thread has given the task back, or has ended.
    this.#pool ??= this.#open();
    const end = await this.#pool
      .then((pool) => pool.run(task, { transferList: [port], signal: kill.signal }))
      .then(
        () => 'the module said nothing',
        (error: unknown) => reasonOf(error, kill.signal.aborted),
      );
    this.#allowance.leave();
    clearTimeout(grace);
    signal.removeEventListener('abort', stop);
    port.close();
    return heard() ?? failed(end);
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
    return pool;
  }

  /** Relays what the worker says; the function returned hears the rest and tells the result, undefined if there is none. */
  #listen(port: MessagePort, execution: Execution): () => ExecutionResult | undefined {
    let result: ExecutionResult | undefined;
    const hear = (message: ModuleMessage): void => {
      if (result !== undefined) return;
      if (message.type === 'progress') execution.progress(message.fraction, message.message);
      else if (message.type === 'log') execution.log(message.line.slice(0, this.limits.logLineBytes));
      else if (message.type === 'error') result = failed(message.reason);
      else if (message.output.length > this.limits.maxOutputBytes) {
        result = failed(`the output exceeds ${this.limits.maxOutputBytes} bytes`);
      } else result = { ok: true, output: message.output };
    };
    port.on('message', hear);
    return () => {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        hear(next.message as ModuleMessage);
      }
      port.close();
      return result;
    };
  }
}

/** Why a thread did not bring its task to an end. */
function reasonOf(error: unknown, killed: boolean): string {
  if (killed) return 'the module did not heed the signal; it was ended with its thread';
  const message = error instanceof Error ? error.message : String(error);
  const code = /exited with code: (\d+)/.exec(message)?.[1];
  return code === undefined ? message : `the module ended its thread with code ${code}`;
}
