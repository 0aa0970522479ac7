/** Whether a JSON value has more than so many values, characters and characters of keys in it; looks no further than that. */
export function isLargerThan(value: unknown, most: number): boolean {
  // By a list of what is still to be looked at, not by recursion: it may be nested deeper than a stack.
  const open = [value];
  let left = most;
  while (open.length > 0) {
    const one = open.pop();
    left -= typeof one === 'string' ? one.length + 1 : 1;
    if (Array.isArray(one)) {
      if (one.length > left) return true;
      open.push(...one);
    } else if (typeof one === 'object' && one !== null) {
      for (const key in one) {
        left -= key.length;
        if (left < open.length) return true;
        open.push((one as Readonly<Record<string, unknown>>)[key]);
      }
    }
    if (left < open.length) return true;
  }
  return false;
}
