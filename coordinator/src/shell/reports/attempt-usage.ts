import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Finished } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { Logger } from '@gatepost/shared/log';
import { z } from 'zod';

const usageLine = z.object({
  task: z.string(),
  attempt: z.int(),
  agent: z.string(),
  tokens: z.number().optional(),
  cost_usd: z.number().optional(),
});

/** What the agent of an attempt says that it used: its own word. */
export type AttemptUsage = z.infer<typeof usageLine>;

/** What agents say that the attempts of a task, or of a run, used together. */
export interface UsageTotal {
  readonly tokens: number;
  readonly cost_usd: number;
}

/** Runs whose usage is kept; the oldest go first. */
const MOST_RUNS_KEPT = 1_000;

const directoryOf = (stateDir: string): string => join(stateDir, 'usage');
const fileOf = (stateDir: string, run: string): string => join(directoryOf(stateDir), `${run}.jsonl`);

const keyOf = ({ task, attempt }: AttemptUsage): string => `${task}#${attempt}`;

const MICRO = 1_000_000;
/** Beyond these a number is taken for none, whoever tells it. */
const MAX_TOKENS = 1_000_000_000_000;
const MAX_COST_USD = 1_000_000_000;

/** What the end of an attempt tells of its usage; undefined when nothing. */
export function usageOf({ usage }: Finished): Pick<AttemptUsage, 'tokens' | 'cost_usd'> | undefined {
  if (usage === undefined) return undefined;
  const tokens = usage.tokens === undefined ? undefined : Number(usage.tokens);
  const cost = usage.costMicrousd === undefined ? undefined : Number(usage.costMicrousd) / MICRO;
  const said = {
    ...(tokens === undefined || tokens > MAX_TOKENS ? {} : { tokens }),
    ...(cost === undefined || cost > MAX_COST_USD ? {} : { cost_usd: cost }),
  };
  return Object.keys(said).length === 0 ? undefined : said;
}

/** Keeps what agents say of their attempts in the state directory; the ledger is told nothing of it. */
export class UsageFile {
  readonly #known: Set<string>;
  #failed = false;

  constructor(
    readonly stateDir: string,
    readonly run: string,
    readonly log: Logger,
  ) {
    this.#known = new Set(keptUsage(stateDir, run).map(keyOf));
  }

  /** Never throws: what cannot be kept is said once. @returns whether it is the first word on this attempt. */
  add(usage: AttemptUsage): boolean {
    if (this.#known.has(keyOf(usage))) return false;
    if (this.#known.size === 0) this.#begin();
    this.#known.add(keyOf(usage));
    try {
      appendFileSync(fileOf(this.stateDir, this.run), `${JSON.stringify(usage)}\n`, { mode: 0o600 });
    } catch (error) {
      if (!this.#failed) this.log.warn(`what agents say that they used is not kept: ${(error as Error).message}`);
      this.#failed = true;
    }
    return true;
  }

  #begin(): void {
    try {
      const directory = directoryOf(this.stateDir);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const byAge = readdirSync(directory).map((name) => ({ name, ms: statSync(join(directory, name)).mtimeMs }));
      for (const { name } of byAge.sort((a, b) => b.ms - a.ms).slice(MOST_RUNS_KEPT - 1)) rmSync(join(directory, name));
    } catch (error) {
      this.log.warn(`what agents say that they used is not kept: ${(error as Error).message}`);
    }
  }
}

/** What is kept of a run; nothing when this host did not run it. A torn last line is left out. */
export function keptUsage(stateDir: string, run: string): readonly AttemptUsage[] {
  let text: string;
  try {
    text = readFileSync(fileOf(stateDir, run), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [usageLine.parse(JSON.parse(line))]));
}

/** The sum of what is said; undefined when nothing is. */
export function totalUsage(said: readonly AttemptUsage[]): UsageTotal | undefined {
  if (said.length === 0) return undefined;
  return {
    tokens: said.reduce((sum, { tokens = 0 }) => sum + tokens, 0),
    cost_usd: Math.round(said.reduce((sum, { cost_usd: cost = 0 }) => sum + cost, 0) * MICRO) / MICRO,
  };
}

/** In words that say whose it is. */
export const usageText = ({ tokens, cost_usd: cost }: UsageTotal): string =>
  `used by the agents' own word: ${tokens} tokens of models, $${cost}`;
