import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import { parseExecutorLine } from '../../core/line-protocol.js';
import { childEnvironment } from './child-environment.js';
import { canConfine, confined } from './confinement.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { LineSplitter } from './line-splitter.js';
import { killTree, signalTree } from './process-tree.js';
import { watchUsage } from './usage-watch.js';

/** Bounds of a child process. */
export interface CommandLimits {
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly logLineBytes: number;
}

/** Prefix of the markers of one daemon, so that a restarted one finds what its predecessor left running. */
export type MarkerPrefix = string;

/** A child process and why it has to end, if it has. */
interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly marker: string;
  readonly chunks: Buffer[];
  failure: string | undefined;
}

/** Collects standard output up to the bound; beyond it the attempt has failed. */
function collectOutput(running: Running, maxBytes: number, overflow: () => void): void {
  let size = 0;
  running.child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= maxBytes) running.chunks.push(chunk);
    else if (running.failure === undefined) {
      running.failure = `the output exceeds ${maxBytes} bytes`;
      running.chunks.length = 0;
      overflow();
    }
  });
}

function relayLines(child: ChildProcess, execution: Execution, maxChars: number): void {
  const splitter = new LineSplitter(maxChars, (text) => {
    const line = parseExecutorLine(text);
    if (line.type === 'progress') execution.progress(line.fraction, line.message);
    else execution.log(line.line);
  });
  child.stderr?.on('data', (chunk: Buffer) => splitter.push(chunk));
  child.stderr?.once('end', () => splitter.end());
}

/** SIGTERM to the whole tree, and after the grace SIGKILL; resolves when the first signal is out. */
function terminate(running: Running, graceMs: number): NodeJS.Timeout {
  void signalTree(running.pid, running.marker, 'SIGTERM');
  return setTimeout(() => void killTree(running.pid, running.marker), graceMs);
}

/** How a child ended, or why it did not begin. */
type Exit = { readonly code: number | null; readonly signal: string | null } | Error;

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', resolve);
  });
}

/** How long the pipes may take to drain once no process holds them. */
const DRAIN_MS = 1_000;

async function drained(child: ChildProcess): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null && !stream.closed);
  const ends = Promise.all(streams.map((stream) => (stream === null ? undefined : once(stream, 'close'))));
  const timeout = AbortSignal.timeout(DRAIN_MS);
  await Promise.race([ends, once(timeout, 'abort')]);
}

/** Runs a program without a shell: the work order on its standard input, the output on its standard output. */
export class CommandExecutor implements Executor {
  readonly kind = 'command';
  readonly usesWorkDir = true;

  constructor(
    private readonly settings: ExecutorSettings & { readonly command: readonly string[] },
    private readonly limits: CommandLimits,
    private readonly markerPrefix: MarkerPrefix,
  ) {}

  async execute(execution: Execution): Promise<ExecutionResult> {
    const running = this.#spawn(execution);
    if ('reason' in running) return failed(running.reason);
    const { child } = running;
    let grace: NodeJS.Timeout | undefined;
    const stop = () => {
      grace ??= terminate(running, this.limits.graceMs);
    };
    const exit = exitOf(child);
    collectOutput(running, this.limits.maxOutputBytes, stop);
    relayLines(child, execution, this.limits.logLineBytes);
    child.stdin?.on('error', () => undefined); // A program need not read its input.
    child.stdin?.end(execution.workOrder);
    execution.signal.addEventListener('abort', stop, { once: true });
    if (execution.signal.aborted) stop();
    const unwatch = watchUsage(running.pid, running.marker, this.settings.usage, (reason) => {
      running.failure ??= reason;
      stop();
    });
    const outcome = await exit;
    // Whatever the program left behind ends with it.
    await killTree(running.pid, running.marker);
    clearTimeout(grace);
    unwatch();
    execution.signal.removeEventListener('abort', stop);
    if (outcome instanceof Error) return failed(`cannot run ${this.settings.command[0]}: ${outcome.message}`);
    await drained(child);
    return this.#judge(running, outcome);
  }

  #spawn(execution: Execution): Running | { readonly reason: string } {
    const { confine, command } = this.settings;
    if (confine !== 'none' && !canConfine()) {
      return { reason: `this host cannot confine a command (${confine}); agent-daemon doctor says why` };
    }
    const [program = '', ...args] = confined(command, confine);
    const marker = `${this.markerPrefix}${randomUUID()}`;
    try {
      const child = spawn(program, args, {
        cwd: this.settings.cwd ?? execution.workDir,
        env: childEnvironment(execution, this.settings.env, marker),
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true, // A process group of its own, so that it can be signalled as a whole.
        shell: false,
      });
      return { child, pid: child.pid ?? 0, marker, chunks: [], failure: undefined };
    } catch (error) {
      return { reason: `cannot run ${program}: ${(error as Error).message}` };
    }
  }

  #judge(running: Running, { code, signal }: { code: number | null; signal: string | null }): ExecutionResult {
    if (running.failure !== undefined) return failed(running.failure);
    if (signal !== null) return failed(`killed by ${signal}`);
    if (code !== 0) return failed(`exit code ${code}`);
    return { ok: true, output: Buffer.concat(running.chunks) };
  }
}
