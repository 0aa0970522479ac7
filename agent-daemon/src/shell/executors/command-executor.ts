import type { Readable } from 'node:stream';
import { parseExecutorLine } from '../../core/line-protocol.js';
import { excessOf } from '../../core/usage.js';
import { type ConfinedProcess, ConfinedProgram, type ProcessHost, type ProgramSettings } from './confined-process.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { LineSplitter } from './line-splitter.js';
import { Trees } from './repositories/trees.js';

/** What a command is given by the daemon it belongs to. */
export interface CommandHost extends ProcessHost {
  readonly limits: ProcessHost['limits'] & { readonly maxOutputBytes: number; readonly logLineBytes: number };
}

/** Collects what a program writes up to the bound; beyond it the attempt has failed. */
function collect(output: Readable, maxBytes: number, overflow: () => void): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  output.on('data', (chunk: Buffer) => {
    const fitted = size <= maxBytes;
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else if (fitted) {
      chunks.length = 0;
      overflow();
    }
  });
  return chunks;
}

/** Lines that a program writes beside its output become progress and log. */
export function relayLines(
  process: ConfinedProcess,
  execution: Execution,
  maxChars: number,
  { cost_usd: costUsd, tokens }: ProgramSettings['usage'],
): void {
  for (const stream of process.lineStreams) {
    const splitter = new LineSplitter(maxChars, (text) => {
      const line = parseExecutorLine(text);
      if (line.type === 'progress') execution.progress(line.fraction, line.message);
      else if (line.type === 'log') execution.log(line.line);
      else {
        execution.used(line.usage);
        const reason = excessOf(line.usage, { costUsd, tokens });
        if (reason !== undefined) process.fail(reason);
      }
    });
    stream.on('data', (chunk: Buffer) => splitter.push(chunk));
    stream.once('end', () => splitter.end());
  }
}

/** Runs a program without a shell: the work order on its standard input, the output on its standard output. */
export class CommandExecutor implements Executor {
  readonly kind = 'command';
  readonly usesWorkDir = true;

  readonly #program: ConfinedProgram;

  constructor(
    private readonly settings: ProgramSettings,
    private readonly host: CommandHost,
  ) {
    this.#program = new ConfinedProgram(settings, host);
  }

  async execute(execution: Execution): Promise<ExecutionResult> {
    const trees = await Trees.lay(execution, this.settings.repositories, this.#program.owner);
    if ('problem' in trees) return failed(trees.problem);
    try {
      return await this.#run(execution);
    } finally {
      await trees.remove();
    }
  }

  async #run(execution: Execution): Promise<ExecutionResult> {
    const { maxOutputBytes, logLineBytes } = this.host.limits;
    const process = await this.#program.start(execution);
    if ('reason' in process) return failed(process.reason);
    const chunks = collect(process.stdout, maxOutputBytes, () =>
      process.fail(`the output exceeds ${maxOutputBytes} bytes`),
    );
    relayLines(process, execution, logLineBytes, this.settings.usage);
    process.stdin.end(execution.workOrder);
    const failure = await process.ended();
    return failure === undefined ? { ok: true, output: Buffer.concat(chunks) } : failed(failure);
  }
}
