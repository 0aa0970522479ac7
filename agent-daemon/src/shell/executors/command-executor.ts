import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { closePipes } from '@gatepost/shared/child-pipes';
import { confinedArgv, type Mechanism, type View } from '@gatepost/shared/confinement/confined-argv';
import { type Confinement, type DaemonFiles, viewOf } from '@gatepost/shared/confinement/confinement';
import { findProgram } from '@gatepost/shared/confinement/find-program';
import { killTree, signalTree } from '@gatepost/shared/process-tree';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import { parseExecutorLine } from '../../core/line-protocol.js';
import { childEnvironment } from './child-environment.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { LineSplitter } from './line-splitter.js';
import { firstProcess, namespaceEnd } from './namespace-end.js';
import { watchUsage } from './usage-watch.js';

/** Bounds of a child process. */
export interface CommandLimits {
  readonly graceMs: number;
  readonly maxOutputBytes: number;
  readonly logLineBytes: number;
}

/** What a command is given by the daemon it belongs to. */
export interface CommandHost {
  readonly limits: CommandLimits;
  /** Prefix of the markers of one daemon, so that a restarted one finds what its predecessor left running. */
  readonly markerPrefix: string;
  readonly confinement: Confinement;
  readonly files: DaemonFiles;
}

/** Descriptor on which a program may tell progress and log lines apart from its standard error. */
const PROGRESS_FD = 3;
/** Descriptor on which bubblewrap names the first process of the namespace that it made. */
const INFO_FD = 4;

/** A child process and why it has to end, if it has. */
interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly marker: string;
  /** Started by a program that confines it, and that takes it along when it ends itself. */
  readonly launched: boolean;
  /** The first process of the namespace that the launcher made, once it has told. */
  readonly first: Promise<number | undefined>;
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

const lineStreams = (child: ChildProcess): readonly Readable[] =>
  [child.stderr, child.stdio[PROGRESS_FD]].filter((stream) => stream !== null && stream !== undefined) as Readable[];

function relayLines(child: ChildProcess, execution: Execution, maxChars: number): void {
  for (const stream of lineStreams(child)) {
    const splitter = new LineSplitter(maxChars, (text) => {
      const line = parseExecutorLine(text);
      if (line.type === 'progress') execution.progress(line.fraction, line.message);
      else execution.log(line.line);
    });
    stream.on('data', (chunk: Buffer) => splitter.push(chunk));
    stream.once('end', () => splitter.end());
  }
}

/** SIGTERM to the whole tree, and after the grace SIGKILL. */
function terminate(running: Running, graceMs: number): NodeJS.Timeout {
  signalTree(running.pid, running.marker, 'SIGTERM', running.launched);
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

/** A shell and bubblewrap tell by 128 + n that a program was ended by signal n. */
function signalOf(code: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
}

/** Runs a program without a shell: the work order on its standard input, the output on its standard output. */
export class CommandExecutor implements Executor {
  readonly kind = 'command';
  readonly usesWorkDir = true;
  readonly #mechanism: Mechanism;
  readonly #view: Omit<View, 'workDir' | 'cwd'>;

  constructor(
    private readonly settings: ExecutorSettings & { readonly command: readonly string[] },
    private readonly host: CommandHost,
  ) {
    this.#mechanism = settings.confine === 'none' ? 'none' : host.confinement.mechanism;
    this.#view = viewOf(settings, host.files);
  }

  async execute(execution: Execution): Promise<ExecutionResult> {
    const { graceMs, maxOutputBytes, logLineBytes } = this.host.limits;
    const running = this.#spawn(execution);
    if ('reason' in running) return failed(running.reason);
    const { child } = running;
    let grace: NodeJS.Timeout | undefined;
    const stop = () => {
      grace ??= terminate(running, graceMs);
    };
    const exit = exitOf(child);
    collectOutput(running, maxOutputBytes, stop);
    relayLines(child, execution, logLineBytes);
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
    await this.#endRest(running, outcome);
    clearTimeout(grace);
    unwatch();
    execution.signal.removeEventListener('abort', stop);
    if (outcome instanceof Error) return failed(`cannot run ${this.settings.command[0]}: ${outcome.message}`);
    await closePipes(child);
    return this.#judge(running, outcome);
  }

  /**
   * A launcher that ended by itself takes its namespace along, and nothing has to be looked for. Bubblewrap ends a little
   * before that; unshare waits for it.
   */
  async #endRest({ pid, marker, first: told }: Running, exit: Exit): Promise<void> {
    const byItself = !(exit instanceof Error) && exit.signal === null;
    if (byItself && this.#mechanism === 'namespaces') return;
    const first = byItself ? await told : undefined;
    if (first !== undefined && (await namespaceEnd(first))) return;
    await killTree(pid, marker);
  }

  #spawn(execution: Execution): Running | { readonly reason: string } {
    const { command, env } = this.settings;
    const { workDir } = execution;
    const cwd = this.settings.cwd ?? workDir;
    const [named = ''] = command;
    if (findProgram(named) === undefined) return { reason: `cannot run ${named}: there is no such program` };
    const [program = '', ...args] = confinedArgv(this.#mechanism, command, { ...this.#view, workDir, cwd });
    const isTold = this.#mechanism === 'bubblewrap';
    const marker = `${this.host.markerPrefix}${randomUUID()}`;
    const { runAs } = this.#view;
    try {
      if (runAs !== undefined && this.#mechanism !== 'none') chownSync(workDir, runAs, runAs);
      const child = spawn(program, isTold ? ['--info-fd', `${INFO_FD}`, ...args] : args, {
        cwd,
        env: childEnvironment(execution, env, marker),
        stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...(isTold ? (['pipe'] as const) : [])],
        detached: true, // A process group of its own, so that it can be signalled as a whole.
        shell: false,
      });
      const launched = this.#mechanism !== 'none';
      const first = firstProcess(child.stdio[INFO_FD]);
      return { child, pid: child.pid ?? 0, marker, launched, first, chunks: [], failure: undefined };
    } catch (error) {
      return { reason: `cannot run ${program}: ${(error as Error).message}` };
    }
  }

  #judge(running: Running, exit: { code: number | null; signal: string | null }): ExecutionResult {
    const { code } = exit;
    if (running.failure !== undefined) return failed(running.failure);
    const signal = exit.signal ?? (running.launched ? signalOf(code ?? 0) : undefined);
    if (signal !== undefined) return failed(`killed by ${signal}`);
    if (code !== 0) return failed(`exit code ${code}`);
    return { ok: true, output: Buffer.concat(running.chunks) };
  }
}
