import type { RunState } from '@gatepost/rules/run/run-state';

/** How long a verdict waits for others to share its message, when it does. */
const PATIENCE_MS = 100;
/** Attempts that must be open for more verdicts to be expected meanwhile. */
const MANY = 64;

/**
 * How long a verdict may wait for others to share its message, where messages cost no money; milliseconds. Only where
 * much is under way and nothing goes on with it: no task is tried again, waits for this one, or waits for its sequence.
 */
export function verdictPatience(
  state: RunState,
  { task, accepted }: { readonly task: string; readonly accepted: boolean },
): number {
  if (!accepted || state.openAttempts < MANY || state.dependants.has(task)) return 0;
  const spec = state.tasks.get(task)?.spec;
  const followers = spec === undefined ? undefined : state.sequences.get(spec.sequence)?.followers;
  return followers?.length === 0 ? PATIENCE_MS : 0;
}
