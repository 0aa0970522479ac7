/** Counts how often entries of a map are looked at, one by one or all at once: what a decision costs, without a clock. */
export function countLooks(entries: ReadonlyMap<string, unknown>): () => number {
  let looks = 0;
  const map = entries as Map<string, unknown>;
  const get = map.get.bind(map);
  map.get = (key) => {
    looks += 1;
    return get(key);
  };
  for (const all of ['values', 'keys', 'entries', Symbol.iterator] as const) {
    const iterate = map[all].bind(map) as () => never;
    map[all] = () => {
      looks += map.size;
      return iterate();
    };
  }
  return () => looks;
}
