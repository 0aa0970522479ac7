/** @type {{ readonly file: string, readonly find: string, readonly replace: string }[]} */
let patches = [];

export function initialize(data) {
  patches = data;
}

/** Changes the text of a built module before it is compiled. A patch that does not fit any more is an error. */
export async function load(url, context, next) {
  const loaded = await next(url, context);
  const mine = patches.filter(({ file }) => url.endsWith(file));
  if (mine.length === 0) return loaded;
  let source = loaded.source.toString();
  for (const { file, find, replace } of mine) {
    if (!source.includes(find)) throw new Error(`the planted bug does not fit ${file} any more: ${find}`);
    source = source.replaceAll(find, () => replace);
  }
  return { ...loaded, source };
}
