import type { ReportedRun, ReportedTask } from '../report.js';

/**
 * How deep each task of a plan lies: 0 for what can start at once, else one more than the deepest of what it waits for,
 * tasks and whole sequences alike.
 */
export function levelsOf(
  tasks: readonly ReportedTask[],
  sequences: ReportedRun['sequences'],
): ReadonlyMap<string, number> {
  const known = new Set(tasks.map(({ id }) => id));
  /** What waits for a task (`t`), or for a sequence to be over (`s`). */
  const followers = new Map<string, string[]>();
  const waiting = new Map<string, number>();
  const link = (from: string, to: string) => {
    const known = followers.get(from);
    if (known === undefined) followers.set(from, [to]);
    else known.push(to);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  };
  const earlier = new Map(sequences.map(({ id, after }) => [id, after]));
  for (const { id, sequence = '', depends_on } of tasks) {
    waiting.set(`t${id}`, waiting.get(`t${id}`) ?? 0);
    for (const dependency of new Set(depends_on)) if (known.has(dependency)) link(`t${dependency}`, `t${id}`);
    if (earlier.has(sequence)) link(`b${sequence}`, `t${id}`);
    if (earlier.has(sequence)) link(`t${id}`, `s${sequence}`);
  }
  for (const { id, after } of sequences) {
    waiting.set(`b${id}`, waiting.get(`b${id}`) ?? 0);
    for (const before of new Set(after)) if (earlier.has(before)) link(`s${before}`, `b${id}`);
    // Of a sequence without tasks, too, the end comes after its beginning.
    link(`b${id}`, `s${id}`);
  }
  const depth = new Map<string, number>();
  const open = [...waiting].filter(([, count]) => count === 0).map(([node]) => node);
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const behind = (depth.get(node) ?? 0) + (node.startsWith('t') ? 1 : 0);
    for (const follower of followers.get(node) ?? []) {
      depth.set(follower, Math.max(depth.get(follower) ?? 0, behind));
      const left = (waiting.get(follower) ?? 0) - 1;
      waiting.set(follower, left);
      if (left === 0) open.push(follower);
    }
  }
  return new Map(tasks.map(({ id }) => [id, depth.get(`t${id}`) ?? 0]));
}
