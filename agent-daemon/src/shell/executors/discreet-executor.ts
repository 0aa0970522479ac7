import { variablesFor } from '@gatepost/shared/config/environment';
import { redactor } from '../../core/redaction.js';
import { inlineText } from '../../core/result-record.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';

/**
 * An executor that does not tell the variables it was given: they are replaced in its log, its progress, its reasons, and
 * in an output that is small enough for the public ledger. A larger output goes to the coordinator alone, as it is.
 */
export class DiscreetExecutor implements Executor {
  constructor(
    private readonly inner: Executor,
    private readonly names: readonly string[],
  ) {}

  get kind(): Executor['kind'] {
    return this.inner.kind;
  }

  get usesWorkDir(): boolean {
    return this.inner.usesWorkDir;
  }

  get makesWorkDir(): boolean {
    return this.inner.makesWorkDir === true;
  }

  async close(): Promise<void> {
    await this.inner.close?.();
  }

  async execute(execution: Execution): Promise<ExecutionResult> {
    const secrets = Object.entries(variablesFor(this.names)).map(([name, value]) => ({ name, value }));
    const redact = redactor(secrets);
    const result = await this.inner.execute({
      ...execution,
      log: (line) => execution.log(redact(line)),
      progress: (fraction, message) => execution.progress(fraction, redact(message)),
    });
    if (!result.ok) return failed(redact(result.reason));
    const text = inlineText(result.output);
    const told = text === undefined ? undefined : redact(text);
    return told === text || told === undefined ? result : { ok: true, output: Buffer.from(told, 'utf8') };
  }
}
