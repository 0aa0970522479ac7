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
  readonly message: string;
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

/** Position among its siblings: `fest_order`, else the number its name begins with. */
export function orderOf(file: FestivalFile | undefined, name: string): number | undefined {
  const order = file?.fields.fest_order;
  if (typeof order === 'number' && Number.isFinite(order)) return order;
  const prefix = /^(\d+)/.exec(name)?.[1];
  return prefix === undefined ? undefined : Number(prefix);
}

export const directoryOf = (path: string): string => path.split('/').slice(0, -1).join('/');
export const nameOf = (path: string): string => path.split('/').at(-1) ?? path;
/** File name without `.md`. */
export const stemOf = (path: string): string => nameOf(path).replace(/\.md$/i, '');
