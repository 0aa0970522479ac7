/** What an agent says that it has used so far: its own word. */
export interface ReportedUsage {
  readonly tokens: number | undefined;
  /** US dollars. */
  readonly costUsd: number | undefined;
}

/** Bounds of what an agent says that it uses. */
export interface UsageBounds {
  readonly costUsd?: number | undefined;
  readonly tokens?: number | undefined;
}

/** Beyond these a number is taken for none. */
const MAX_TOKENS = 1_000_000_000_000;
const MAX_COST_USD = 1_000_000_000;

const within = (value: number | undefined, most: number): number | undefined =>
  value !== undefined && value >= 0 && value <= most ? value : undefined;

/** The numbers that are such, whatever an agent writes. */
export const plausibleUsage = ({ tokens, costUsd }: ReportedUsage): ReportedUsage => ({
  tokens: within(tokens === undefined ? undefined : Math.round(tokens), MAX_TOKENS),
  costUsd: within(costUsd, MAX_COST_USD),
});

const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);

/** The most that was said of each. */
export const mostOf = (a: ReportedUsage | undefined, b: ReportedUsage): ReportedUsage => ({
  tokens: larger(a?.tokens, b.tokens),
  costUsd: larger(a?.costUsd, b.costUsd),
});

/** Why an attempt must end for what its agent says that it has used; undefined when it need not. */
export function excessOf({ tokens, costUsd }: ReportedUsage, bounds: UsageBounds): string | undefined {
  if (bounds.costUsd !== undefined && costUsd !== undefined && costUsd > bounds.costUsd) {
    return `by its own word the agent has used $${costUsd}, more than $${bounds.costUsd}`;
  }
  if (bounds.tokens !== undefined && tokens !== undefined && tokens > bounds.tokens) {
    return `by its own word the agent has used ${tokens} tokens, more than ${bounds.tokens}`;
  }
  return undefined;
}
