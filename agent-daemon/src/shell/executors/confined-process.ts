import { randomUUID } from 'node:crypto';
import { chownSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { closePipes } from '@gatepost/shared/child-pipes';
import { confinedArgv, type Mechanism, type View } from '@gatepost/shared/confinement/confined-argv';
import { type Confinement, type DaemonFiles, viewOf } from '@gatepost/shared/confinement/confinement';
import { findProgram } from '@gatepost/shared/confinement/find-program';
import { killTree, signalTree } from '@gatepost/shared/process-tree';
import { type ExecutorSettings, exitsOf } from '../../config/executors-schema.js';
import type { Exit } from '../../core/exits.js';
import { childEnvironment } from './child-environment.js';
import type { Execution } from './executor.js';
import { EXIT_PORT, EXIT_VARIABLES, Exits, FORWARDER } from './exits.js';
import { firstProcess, namespaceEnd } from './namespace-end.js';
import type { Ending, Spawner, StartedProgram } from './spawner.js';
import { watchUsage } from './usage-watch.js';

/** What processes are given by the daemon they belong to. */
export interface ProcessHost {
  readonly limits: { readonly graceMs: number };
  /** Prefix of the markers of one daemon, so that a restarted one finds what its predecessor left running. */
  readonly markerPrefix: string;
  readonly confinement: Confinement;
  readonly files: DaemonFiles;
  readonly spawner: Spawner;
}

/** The settings of an executor that runs a program. */
export type ProgramSettings = ExecutorSettings & { readonly command: readonly string[] };

/** Descriptor on which a program may tell progress and log lines apart from its standard error. */
const PROGRESS_FD = 3;
/** Descriptor on which bubblewrap names the first process of the namespace that it made: the way back of its input. */
const INFO_FD = 4;
/** Until then no host has begun so many processes that their ids came round. */
const YOUNG_MS = 1_000;

/** A shell and bubblewrap tell by 128 + n that a program was ended by signal n. */
function signalOf(code: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
}

/**
 * The program of one attempt, confined as its executor says and this host can, in a process tree that ends as a whole:
 * when the attempt is stopped, when it uses more than it may, when somebody fails it, and when the program itself ends.
 */
export class ConfinedProcess {
  /** Why it had to end, if it had. */
  #failure: string | undefined;
  #grace: NodeJS.Timeout | undefined;
  #isDismissed = false;
  #hasExited = false;
  readonly #startedAtMs = performance.now();
  /** The first process of the namespace that the launcher made, once it has told. */
  readonly #first: Promise<number | undefined> | undefined;
  readonly #unwatch: () => void;
  readonly #stop = () => this.#terminate();

  constructor(
    private readonly program: StartedProgram,
    private readonly marker: string,
    private readonly mechanism: Mechanism,
    private readonly execution: Execution,
    usage: ExecutorSettings['usage'],
    private readonly graceMs: number,
    private readonly exits: Exits | undefined,
  ) {
    // What it says on its input, or that it has closed it, is nobody's business, once bubblewrap has spoken.
    if (mechanism === 'bubblewrap') this.#first = firstProcess(this.stdin);
    else this.stdin.resume();
    void this.exited.then(() => {
      this.#hasExited = true;
    });
    execution.signal.addEventListener('abort', this.#stop, { once: true });
    if (execution.signal.aborted) this.#terminate();
    this.#unwatch = watchUsage(this.#pid, marker, usage, (reason) => this.fail(reason));
  }

  get #pid(): number {
    return this.program.pid;
  }

  get stdin(): Socket {
    return this.#stream(0);
  }

  get stdout(): Socket {
    return this.#stream(1);
  }

  /** Where it may write progress and log lines. */
  get lineStreams(): readonly Socket[] {
    return [this.#stream(2), this.#stream(PROGRESS_FD)];
  }

  #stream(fd: number): Socket {
    return this.program.stdio[fd] as Socket;
  }

  /** Ends it for a reason that fails the attempt; the first reason counts. */
  fail(reason: string): void {
    this.#failure ??= reason;
    this.#terminate();
  }

  /** SIGTERM to the whole tree, and after the grace SIGKILL. */
  #terminate(): void {
    if (this.#grace !== undefined) return;
    signalTree(this.#pid, this.marker, 'SIGTERM', { spareRoot: this.mechanism !== 'none' });
    this.#grace = setTimeout(() => void killTree(this.#pid, this.marker), this.graceMs);
  }

  /** Ends it although it would go on serving, which is no failure; nothing when it has ended. */
  dismiss(): void {
    if (this.#grace !== undefined || this.#hasExited) return;
    this.#isDismissed = true;
    this.#terminate();
  }

  /** Resolves when the program itself has ended, however. */
  get exited(): Promise<Ending> {
    return this.program.exited;
  }

  /** Waits until nothing of it runs any more. Why the attempt failed, by how the process ended; undefined when it did not. */
  async ended(): Promise<string | undefined> {
    const exit = await this.exited;
    // Whatever the program left behind ends with it.
    await this.#endRest(exit);
    clearTimeout(this.#grace);
    this.#unwatch();
    this.exits?.close();
    this.execution.signal.removeEventListener('abort', this.#stop);
    await closePipes(this.program);
    if (exit instanceof Error) return exit.message;
    return this.#failure ?? (this.#isDismissed ? undefined : this.#wayOf(exit));
  }

  /**
   * A launcher that ended by itself takes its namespace along, and nothing has to be looked for. Bubblewrap ends a little
   * before that; unshare waits for it.
   */
  async #endRest(exit: Ending): Promise<void> {
    const byItself = !(exit instanceof Error) && exit.signal === null;
    if (byItself && this.mechanism === 'namespaces') return;
    const first = byItself ? await this.#first : undefined;
    if (first !== undefined && (await namespaceEnd(first))) return;
    const isYoung = performance.now() - this.#startedAtMs < YOUNG_MS;
    await killTree(this.#pid, this.marker, isYoung);
  }

  #wayOf({ code, signal: ended }: Exclude<Ending, Error>): string | undefined {
    const signal = ended ?? (this.mechanism === 'none' ? undefined : signalOf(code ?? 0));
    if (signal !== undefined) return `killed by ${signal}`;
    return code === 0 ? undefined : `exit code ${code}`;
  }
}

/** A program that is started for each attempt, confined as its executor says and this host can. */
export class ConfinedProgram {
  readonly #mechanism: Mechanism;
  readonly #view: Omit<View, 'workDir' | 'cwd'>;

  readonly #exits: readonly Exit[] | undefined;

  constructor(
    private readonly settings: ProgramSettings,
    private readonly host: ProcessHost,
  ) {
    this.#mechanism = settings.confine === 'none' ? 'none' : host.confinement.mechanism;
    this.#exits = exitsOf(settings);
    const network = settings.network === true;
    const own = viewOf({ ...settings, network }, host.files);
    if (this.#exits === undefined) this.#view = own;
    else {
      const forwarder = viewOf({ ...settings, network, command: [process.execPath, FORWARDER] }, host.files);
      this.#view = { ...own, read: [...own.read, ...forwarder.read] };
    }
  }

  /** Whose the files of an attempt are; undefined when they are the daemon's own user's. */
  get owner(): number | undefined {
    return this.#mechanism === 'none' ? undefined : this.#view.runAs;
  }

  /** Starts it, or says why it cannot be started. */
  async start(execution: Execution): Promise<ConfinedProcess | { readonly reason: string }> {
    const [named = ''] = this.settings.command;
    if (findProgram(named) === undefined) return { reason: `cannot run ${named}: there is no such program` };
    const exits = this.#exits && (await Exits.open(this.#exits, execution.log));
    try {
      return await this.#spawn(execution, exits);
    } catch (error) {
      exits?.close();
      return { reason: `cannot run ${named}: ${(error as Error).message}` };
    }
  }

  async #spawn(execution: Execution, exits: Exits | undefined): Promise<ConfinedProcess> {
    const { command, env } = this.settings;
    const { workDir } = execution;
    const through = exits === undefined ? [] : [process.execPath, FORWARDER, exits.socket, `${EXIT_PORT}`];
    const view = exits === undefined ? this.#view : { ...this.#view, read: [...this.#view.read, exits.directory] };
    const cwd = this.settings.cwd ?? workDir;
    const mechanism = this.#mechanism;
    const [program = '', ...args] = confinedArgv(mechanism, [...through, ...command], {
      ...view,
      workDir,
      cwd,
    });
    const isTold = mechanism === 'bubblewrap';
    const marker = `${this.host.markerPrefix}${randomUUID()}`;
    const { runAs } = this.#view;
    if (runAs !== undefined && mechanism !== 'none') chownSync(workDir, runAs, runAs);
    const started = await this.host.spawner.start({
      program,
      args: isTold ? ['--info-fd', `${INFO_FD}`, ...args] : args,
      cwd,
      env: { ...childEnvironment(execution, env, marker), ...(exits && EXIT_VARIABLES) },
      streams: PROGRESS_FD + 1,
      answers: isTold,
    });
    const { graceMs } = this.host.limits;
    return new ConfinedProcess(started, marker, mechanism, execution, this.settings.usage, graceMs, exits);
  }
}
