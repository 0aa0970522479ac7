import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { variablesFor } from '@gatepost/shared/config/environment';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { COMMANDS, type CommandName } from './layout.js';

/** Environment of a child: nothing of ours but what it needs to find Node, and what is given. */
export type ChildEnvironment = Readonly<Record<string, string>>;

interface StartOptions {
  /** How messages name it, e.g. `agent-1`. */
  readonly name: string;
  readonly env: ChildEnvironment;
  /** Where its standard error goes. */
  readonly logFile: string;
}

/** How a child ended. */
export interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
}

/** One of our commands as a running child process. */
export interface RunningCommand {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with the first JSON line on standard output whose event is `ready`. */
  readonly ready: Promise<Record<string, unknown>>;
  /** Lines of standard output so far. */
  readonly lines: readonly string[];
  /** Never rejects. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when that did not help within ten seconds. */
  stop(): Promise<Exit>;
}

/** A child that SIGTERM did not end in this time is killed. */
const STOP_GRACE_MS = 10_000;

/** What every child gets of our own environment: nothing that could be a secret. */
export function baseEnvironment(): ChildEnvironment {
  return variablesFor(['PATH', 'HOME', 'TMPDIR', 'LANG', 'SystemRoot']);
}

export const describeExit = ({ code, signal }: Exit): string =>
  signal === undefined ? `ended with exit code ${code}` : `was killed by ${signal}`;

function readyLine(line: string): Record<string, unknown> | undefined {
  // Of some hundred thousand events none is parsed for it.
  if (!line.startsWith('{') || !line.includes('"ready"')) return undefined;
  const parsed = JSON.parse(line) as Record<string, unknown>;
  return parsed.event === 'ready' ? parsed : undefined;
}

/** Children that end with us, whatever we end of. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Services get a process group of their own, so that Ctrl-C in a terminal reaches us first and not them. */
function spawnCommand(
  command: CommandName,
  args: readonly string[],
  env: ChildEnvironment,
  stdio: StdioOptions,
  detached = false,
): ChildProcess {
  const child = spawn(process.execPath, [COMMANDS[command], ...args], {
    env: { ...baseEnvironment(), ...env },
    stdio,
    detached,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code: code ?? undefined, signal: signal ?? undefined };
}

/** Starts a command that serves until it is stopped. */
export function startCommand(command: CommandName, args: readonly string[], options: StartOptions): RunningCommand {
  const child = spawnCommand(command, args, options.env, ['ignore', 'pipe', openSync(options.logFile, 'a')], true);
  const lines: string[] = [];
  const exited = exitOf(child);
  const ready = readiness(child, options, lines, exited);
  // Who does not wait for readiness sees how it ended in `exited`; who does gets the rejection all the same.
  ready.catch(() => undefined);
  return {
    name: options.name,
    pid: child.pid ?? 0,
    logFile: options.logFile,
    lines,
    ready,
    exited,
    kill: (signal) => void child.kill(signal),
    stop: () => stop(child, exited),
  };
}

/** SIGTERM, and SIGKILL when that did not help in time. */
async function stop(child: ChildProcess, exited: Promise<Exit>): Promise<Exit> {
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  return exited.finally(() => clearTimeout(hard));
}

function readiness(
  child: ChildProcess,
  { name, logFile }: StartOptions,
  lines: string[],
  exited: Promise<Exit>,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) throw new GatepostError('INTERNAL', `${name} has no standard output`);
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const found = readyLine(line);
      if (found !== undefined) resolve(found);
    });
    // After readiness this changes nothing: a promise settles once.
    void exited.then((exit) => {
      reject(new GatepostError('INTERNAL', `${name} ${describeExit(exit)} before it was ready; its log: ${logFile}`));
    });
  });
}

/** What a command that runs to its end printed. */
export interface Finished {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end and collects what it printed. */
export async function runCommand(
  command: CommandName,
  args: readonly string[],
  env: ChildEnvironment,
): Promise<Finished> {
  const child = spawnCommand(command, args, env, ['ignore', 'pipe', 'pipe']);
  const collect = async (stream: NodeJS.ReadableStream | null) => (stream === null ? '' : text(stream));
  const [stdout, stderr, { code }] = await Promise.all([collect(child.stdout), collect(child.stderr), exitOf(child)]);
  return { code, stdout, stderr };
}

/** A command on our own terminal. */
export interface TerminalCommand {
  readonly exited: Promise<Exit>;
  interrupt(): void;
}

/** Runs a command on our own terminal, to its end or until it is interrupted. */
export function runInTerminal(command: CommandName, args: readonly string[], env: ChildEnvironment): TerminalCommand {
  const child = spawnCommand(command, args, { TERM: variablesFor(['TERM']).TERM ?? 'dumb', ...env }, [
    'ignore',
    'inherit',
    'inherit',
  ]);
  const exited = exitOf(child);
  return { exited, interrupt: () => void stop(child, exited) };
}
