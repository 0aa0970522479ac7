/** One Markdown file of a festival directory. */
export interface FestivalFile {
  /** Relative to the festival, with `/`. */
  readonly path: string;
  /** The front matter's `fest_` fields; empty when it has none. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The Markdown after the front matter. */
  readonly body: string;
}

/** Something that could not be mapped, or was mapped with a loss. */
export interface ImportNote {
  /** File or directory it is about. */
  readonly path: string;
  /** The same words for the same thing, so that notes can be told together. */
  readonly message: string;
  /** What differs from one such note to the other. */
  readonly detail?: string;
}

/** What the methodology calls a file. */
export type FestivalType = 'festival' | 'phase' | 'sequence' | 'task' | 'gate';

const TYPES: readonly string[] = ['festival', 'phase', 'sequence', 'task', 'gate'] satisfies FestivalType[];

/** The type a file gives itself; undefined for none and for others. */
export function typeOf(file: FestivalFile): FestivalType | undefined {
  const { fest_type: type } = file.fields;
  return typeof type === 'string' && TYPES.includes(type) ? (type as FestivalType) : undefined;
}

/** A field as text; undefined when it is missing, a placeholder of a template, or no text. */
export function textField(file: FestivalFile, name: string): string | undefined {
  const value = file.fields[name];
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value.trim() === '' || value === '<no value>') return undefined;
  return value.trim();
}

/** Where a file or directory says that it stands among its siblings. */
export interface Place {
  /** The number its name begins with. */
  readonly number: number | undefined;
  /** Its `fest_order`. */
  readonly order: number | undefined;
}

/** @param file the file itself, or the goal of a directory. */
export function placeOf(file: FestivalFile | undefined, name: string): Place {
  const order = file?.fields.fest_order;
  const prefix = /^\d+/.exec(name)?.[0];
  return {
    number: prefix === undefined ? undefined : Number(prefix),
    order: typeof order === 'number' && Number.isFinite(order) ? order : undefined,
  };
}

/** Its position: the number of its name, which people see and tools sort by, else `fest_order`, else last. */
export const positionOf = ({ number, order }: Place): number => number ?? order ?? Number.MAX_SAFE_INTEGER;

/** Whether `fest_order` would put siblings into another order than the numbers of their names do. */
export function contradicts(siblings: readonly Place[]): boolean {
  const both = siblings.flatMap(({ number, order }) =>
    number === undefined || order === undefined ? [] : [{ number, order }],
  );
  return both.some((a) => both.some((b) => Math.sign(a.number - b.number) !== Math.sign(a.order - b.order)));
}

export const directoryOf = (path: string): string => path.split('/').slice(0, -1).join('/');
export const nameOf = (path: string): string => path.split('/').at(-1) ?? path;
/** File name without `.md`. */
export const stemOf = (path: string): string => nameOf(path).replace(/\.md$/i, '');
