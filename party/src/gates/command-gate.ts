import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { closePipes } from '@gatepost/shared/child-pipes';
import { variablesFor } from '@gatepost/shared/config/environment';
import { killTree, MARKER_VARIABLE } from '@gatepost/shared/process-tree';
import { clipReason } from '@gatepost/shared/records/codec';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { formatDurationMs } from '@gatepost/shared/vocabulary/time';
import type { LaidTree } from './patched-tree.js';

/** What a gate program reads on its standard input, as JSON. */
export interface GateInput {
  readonly task: string;
  readonly attempt: number;
  readonly input: Json;
  /** Parsed when the output is JSON, else its text. */
  readonly output: Json;
}

/** A gate program ready to be started. */
export interface GateLaunch {
  readonly argv: readonly string[];
  /** Where it starts. */
  readonly cwd: string;
  /** Variables beside those that every gate program sees. */
  readonly env: Readonly<Record<string, string>>;
  /** The program has ended, and all that it started. */
  over(): void;
}

/** How gate programs are started: as they are, or confined; in the directory of gates, or in a tree. */
export type LaunchGate = (
  argv: readonly string[],
  directory: string,
  laid: Pick<LaidTree, 'root' | 'tree'> | undefined,
) => GateLaunch;

const AS_IT_IS: LaunchGate = (argv, directory) => ({ argv, cwd: directory, env: {}, over: () => undefined });

/** Kept of a program's output; the rest is dropped. */
const MAX_CAPTURE = 16_384;
/** All a gate program sees of our environment; no key is among it. */
const VARIABLES = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_PATH', 'SystemRoot'];

function capture(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (size < MAX_CAPTURE) chunks.push(chunk.subarray(0, MAX_CAPTURE - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8').trim();
}

/** How a program ended. */
interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly error: Error | undefined;
}

/** The end of the program itself, not of what it left behind; killed when it takes too long. */
function ended(child: ChildProcess, marker: string, timeoutMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    let timedOut = false;
    const end = (code: number | null, signal: string | null, error?: Error) => {
      clearTimeout(timer);
      resolve({ code, signal, timedOut, error });
    };
    const timer = setTimeout(() => {
      timedOut = true;
      // Not even a program that cannot be killed is waited for.
      void killTree(child.pid ?? 0, marker).then(() => end(null, 'SIGKILL'));
    }, timeoutMs);
    child.once('error', (error) => end(null, null, error));
    child.once('exit', end);
  });
}

/** What a program said last; of one that Node.js ended, its error: after that only the stack and the version come. */
function lastWord(stderr: string): string | undefined {
  const lines = stderr.split('\n');
  const last = lines.at(-1);
  if (last === undefined || !/^Node\.js v\d/.test(last)) return last;
  return lines.findLast((line) => /^[\w.$]*Error\b.*: /.test(line)) ?? last;
}

function outcomeOf(end: Ended, timeoutMs: number, stdout: string, stderr: string): GateOutcome {
  const reject = (reason: string): GateOutcome => ({ accepted: false, gate: 'command', reason: clipReason(reason) });
  if (end.error !== undefined) return reject(`the gate could not be started: ${end.error.message}`);
  if (end.timedOut) return reject(`the gate did not end within ${formatDurationMs(timeoutMs)}`);
  if (end.code === 0) return { accepted: true, gate: 'command', reason: clipReason(stdout) };
  const said = stdout === '' ? lastWord(stderr) : stdout;
  const how = end.code === null ? `signal ${end.signal}` : `exit code ${end.code}`;
  return reject(said === undefined || said === '' ? `the gate ended with ${how}` : said);
}

/**
 * Runs a gate program in the plan file's directory: exit code 0 accepts, its standard output is the reason. Anything
 * else rejects: another exit code, a crash, a program that cannot be started or does not end in time. No shell; the
 * whole process tree is gone afterwards.
 * @param launch how it is started; as it is when left out.
 * @param laid where it is started, when not in the directory.
 */
export async function runCommandGate(
  argv: readonly string[],
  timeoutMs: number,
  directory: string,
  input: GateInput,
  launch = AS_IT_IS,
  laid?: LaidTree,
): Promise<GateOutcome> {
  const {
    argv: [program = '', ...args],
    cwd,
    env,
    over,
  } = launch(argv, directory, laid);
  const marker = randomUUID();
  const child = spawn(program, args, {
    cwd,
    env: { ...variablesFor(VARIABLES), ...env, [MARKER_VARIABLE]: marker },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const stdout = capture(child.stdout);
  const stderr = capture(child.stderr);
  // A gate need not read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(input));
  const end = await ended(child, marker, timeoutMs);
  // Whatever it left behind ends with it; what escapes even that keeps nothing of ours open.
  await killTree(child.pid ?? 0, marker);
  await closePipes(child);
  over();
  return outcomeOf(end, timeoutMs, stdout(), stderr());
}
