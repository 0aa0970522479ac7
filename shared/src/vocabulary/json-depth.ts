/** Whether a JSON value holds arrays and objects within each other for more than so many levels; a text has none. */
export function isDeeperThan(value: unknown, levels: number): boolean {
  // Level by level, not by recursion: what a stranger nests may be deeper than a stack.
  let level = [value].filter(isNested);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= levels) return true;
    level = level.flatMap((holder) => Object.values(holder).filter(isNested));
  }
  return false;
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;
