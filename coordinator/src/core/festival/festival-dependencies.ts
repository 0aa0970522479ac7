import { directoryOf, type FestivalFile, type ImportNote, stemOf, textField } from './festival-file.js';

/** Finds tasks by the names other files use for them. */
export class TaskNames {
  readonly #byPath = new Map<string, string>();
  readonly #byName = new Map<string, string>();

  /** @param id id of the task in the plan. */
  add(file: FestivalFile, id: string): void {
    const directory = directoryOf(file.path);
    this.#byPath.set(`${directory}/${stemOf(file.path)}`, id);
    const name = textField(file, 'fest_name');
    if (name !== undefined) this.#byName.set(`${directory}/${name.toLowerCase()}`, id);
  }

  /** The task that a file in a directory calls by a name: a path, a file name, or a title. */
  find(directory: string, text: string): string | undefined {
    const path: string[] = directory.split('/');
    for (const part of text.replace(/\.md$/i, '').split('/')) {
      if (part === '..') path.pop();
      else if (part !== '.') path.push(part);
    }
    return this.#byPath.get(path.join('/')) ?? this.#byName.get(`${directory}/${text.toLowerCase()}`);
  }
}

/** Says that what comes before in the sequence is meant, which the order of the tasks says anyway. */
const SAYS_NOTHING = /^(none|n\/a|-|all\b.*|previous\b.*|<no value>|\[.*)$/i;

/** Tasks a task says it depends on: `fest_dependencies`, else the "Dependencies" of its headline. */
export function dependenciesOf(file: FestivalFile, names: TaskNames, notes: ImportNote[]): readonly string[] {
  const found: string[] = [];
  for (const text of namedDependencies(file)) {
    const id = names.find(directoryOf(file.path), text);
    if (id !== undefined) found.push(id);
    else notes.push({ path: file.path, message: 'depends on what names no task; left out', detail: text });
  }
  return found;
}

function namedDependencies(file: FestivalFile): readonly string[] {
  const { fest_dependencies: listed } = file.fields;
  if (Array.isArray(listed)) return listed.map(String);
  const line = /\*\*Dependencies:\*\*\s*([^|\n]*)/.exec(file.body)?.[1] ?? '';
  return line
    .split(',')
    .map((part) => part.replace(/[`*]/g, '').trim())
    .filter((part) => part !== '' && !SAYS_NOTHING.test(part) && !/^tasks?\s+\d/i.test(part));
}
