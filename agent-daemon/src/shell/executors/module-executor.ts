import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import { childEnvironment } from './child-environment.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';

interface ModuleLimits {
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

/**
 * Calls the default export of an ES module in a worker thread: `(input, context) => output`, where context has
 * feedback, attempt, progress, log, workDir and an AbortSignal. A string or bytes are the output as they are, any
 * other value as JSON. A worker that does not heed the signal is terminated after the grace.
 */
export class ModuleExecutor implements Executor {
  readonly kind = 'module';
  readonly usesWorkDir = true;

  constructor(
    private readonly module: string,
    private readonly env: readonly string[],
    private readonly usage: ExecutorSettings['usage'],
    private readonly limits: ModuleLimits,
  ) {}

  async execute(execution: Execution): Promise<ExecutionResult> {
    const { memory } = this.usage;
    const worker = new Worker(HOST, {
      workerData: {
        module: this.module,
        workOrder: execution.workOrder,
        workDir: execution.workDir,
        ref: execution.ref,
        taskType: execution.taskType,
      },
      env: childEnvironment(execution, this.env, 'module'),
      execArgv: [],
      ...(memory === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memory / 1_048_576) } }),
    });
    let grace: NodeJS.Timeout | undefined;
    const stop = () => {
      worker.postMessage('abort');
      grace ??= setTimeout(() => void worker.terminate(), this.limits.graceMs);
    };
    execution.signal.addEventListener('abort', stop, { once: true });
    if (execution.signal.aborted) stop();
    try {
      return await this.#outcome(worker, execution);
    } finally {
      clearTimeout(grace);
      execution.signal.removeEventListener('abort', stop);
      await worker.terminate();
    }
  }

  #outcome(worker: Worker, execution: Execution): Promise<ExecutionResult> {
    return new Promise((resolve) => {
      worker.on('message', (message: ModuleMessage) => {
        if (message.type === 'progress') execution.progress(message.fraction, message.message);
        else if (message.type === 'log') execution.log(message.line.slice(0, this.limits.logLineBytes));
        else if (message.type === 'error') resolve(failed(message.reason));
        else if (message.output.length > this.limits.maxOutputBytes) {
          resolve(failed(`the output exceeds ${this.limits.maxOutputBytes} bytes`));
        } else resolve({ ok: true, output: message.output });
      });
      worker.once('error', (error: unknown) => resolve(failed(error instanceof Error ? error.message : String(error))));
      worker.once('exit', (code) => resolve(failed(`the module ended its thread with code ${code}`)));
    });
  }
}
