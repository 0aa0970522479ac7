import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '@gatepost/shared/log';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { z } from 'zod';

/** A line that an executor wrote to its log, or its progress. */
export interface AttemptLine {
  /** By the agent's clock, milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
  readonly agent: AccountId;
  readonly line: string;
  /** Of a line about progress: from 0 to 1, negative when unknown. */
  readonly fraction?: number;
  /** Lines before this one that the agent had no room for. */
  readonly droppedBefore?: number;
}

const attemptLine = z.object({
  atMs: z.number(),
  task: z.string(),
  attempt: z.int(),
  agent: z.string(),
  line: z.string(),
  fraction: z.number().optional(),
  droppedBefore: z.number().optional(),
});

/** A line as it is kept. */
export type KeptLine = z.infer<typeof attemptLine>;

/** Most that is kept of one task's lines. */
const MAX_TASK_LOG_BYTES = 1_048_576;
/** Most that is kept of one run's lines. */
const MAX_RUN_LOG_BYTES = 67_108_864;
/** Runs whose lines are kept; the oldest go first. */
const MOST_RUNS_KEPT = 10;

const runsDir = (stateDir: string): string => join(stateDir, 'logs');
const logFile = (stateDir: string, run: string, task: string): string => join(runsDir(stateDir), run, `${task}.jsonl`);

/** Keeps what the executors of a run wrote, in the state directory and within bounds; a help for people only. */
export class AttemptLogs {
  /** Bytes kept, by task; negative once it is said that there will be no more. */
  readonly #sizes = new Map<string, number>();
  #total = 0;
  #failed = false;

  constructor(
    readonly stateDir: string,
    readonly run: string,
    readonly log: Logger,
  ) {}

  /** Never throws: what cannot be kept is said once. */
  add(line: AttemptLine): void {
    if (this.#failed) return;
    try {
      this.#write(line);
    } catch (error) {
      this.#failed = true;
      this.log.warn(`the lines of attempts are not kept: ${(error as Error).message}`);
    }
  }

  #write(line: AttemptLine): void {
    if (this.#sizes.size === 0) this.#begin();
    const path = logFile(this.stateDir, this.run, line.task);
    const size = this.#sizes.get(line.task) ?? sizeOf(path);
    if (size < 0) return;
    const text = `${JSON.stringify(line)}\n`;
    const full = size + text.length > MAX_TASK_LOG_BYTES || this.#total + text.length > MAX_RUN_LOG_BYTES;
    const last = { ...line, line: 'further lines of this task are not kept' };
    appendFileSync(path, full ? `${JSON.stringify(last)}\n` : text, { mode: 0o600 });
    this.#sizes.set(line.task, full ? -1 : size + text.length);
    this.#total += text.length;
  }

  #begin(): void {
    const own = join(runsDir(this.stateDir), this.run);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(own)) this.#total += sizeOf(join(own, file));
    const others = readdirSync(runsDir(this.stateDir)).filter((run) => run !== this.run);
    const byAge = others.map((run) => ({ run, ms: statSync(join(runsDir(this.stateDir), run)).mtimeMs }));
    const old = byAge.sort((a, b) => b.ms - a.ms).slice(MOST_RUNS_KEPT - 1);
    for (const { run } of old) rmSync(join(runsDir(this.stateDir), run), { recursive: true, force: true });
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** What is kept of a task's attempts, oldest first; undefined when nothing is. A torn last line is left out. */
export function keptLines(stateDir: string, run: string, task: string): readonly KeptLine[] | undefined {
  let text: string;
  try {
    text = readFileSync(logFile(stateDir, run, task), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [attemptLine.parse(JSON.parse(line))]));
}
