import {
  directoryOf,
  type FestivalFile,
  type ImportNote,
  nameOf,
  orderOf,
  stemOf,
  textField,
  typeOf,
} from './festival-file.js';

/** A task file, or a quality gate, which is a task at the end of its sequence. */
export interface FestivalTask {
  readonly file: FestivalFile;
  readonly gate: boolean;
  readonly order: number;
}

export interface FestivalSequence {
  /** Directory, relative to the festival. */
  readonly path: string;
  readonly goal: FestivalFile | undefined;
  readonly order: number;
  /** In order. */
  readonly tasks: readonly FestivalTask[];
}

export interface FestivalPhase {
  readonly path: string;
  readonly order: number;
  /** In order. */
  readonly sequences: readonly FestivalSequence[];
}

export interface FestivalTree {
  readonly goal: FestivalFile | undefined;
  /** In order. */
  readonly phases: readonly FestivalPhase[];
  readonly notes: readonly ImportNote[];
}

const NUMBERED = /^\d+[_-].+\.md$/i;

/** Sorts the files of a festival into phases, sequences and tasks. */
export function festivalTree(files: readonly FestivalFile[]): FestivalTree {
  const notes: ImportNote[] = [];
  const goals = new Map<string, FestivalFile>();
  const tasks = new Map<string, FestivalTask[]>();
  const phaseGoals: FestivalFile[] = [];
  for (const file of files) {
    const type = typeOf(file);
    const directory = directoryOf(file.path);
    if (type === 'phase') phaseGoals.push(file);
    if (type === 'festival' || type === 'phase' || type === 'sequence') goals.set(`${type} ${directory}`, file);
    else addTask(file, tasks, notes);
  }
  const sequences = [...tasks].map(([path, own]) => sequenceOf(path, goals.get(`sequence ${path}`), own));
  for (const [key, { path }] of goals) {
    const directory = key.replace(/^\w+ /, '');
    if (key.startsWith('sequence ') && !tasks.has(directory))
      notes.push({ path, message: 'sequence without tasks; left out' });
  }
  const phases = phasesOf(sequences, goals);
  for (const { path } of phaseGoals) {
    if (phases.some((phase) => phase.path === directoryOf(path))) continue;
    notes.push({ path, message: 'phase without sequences, such as one that follows a workflow; left out' });
  }
  return { goal: goals.get('festival '), phases, notes };
}

function addTask(file: FestivalFile, tasks: Map<string, FestivalTask[]>, notes: ImportNote[]): void {
  const { path } = file;
  const type = typeOf(file);
  const directory = directoryOf(path);
  if (type === undefined) {
    // Documents beside the plan are no concern of it, but a numbered file is a task to the methodology.
    if (!NUMBERED.test(nameOf(path)) || directory === '') {
      if ('fest_type' in file.fields)
        notes.push({
          path,
          message: `fest_type ${JSON.stringify(file.fields.fest_type)} has no counterpart; left out`,
        });
      return;
    }
    notes.push({ path, message: 'numbered file without fest_type; taken for a task' });
  }
  if (directory === '') {
    notes.push({ path, message: `${type} outside any sequence; left out` });
    return;
  }
  const order = orderOf(file, nameOf(path));
  if (order === undefined) notes.push({ path, message: 'no fest_order and no number in its name; put last' });
  const parent = textField(file, 'fest_parent');
  if (parent !== undefined && parent !== nameOf(directory)) {
    notes.push({
      path,
      message: `fest_parent is ${parent}, but it lies in ${nameOf(directory)}; the directory counts`,
    });
  }
  const task = { file, gate: type === 'gate', order: order ?? Number.MAX_SAFE_INTEGER };
  tasks.set(directory, [...(tasks.get(directory) ?? []), task]);
}

const inOrder = <T extends { readonly order: number; readonly path: string }>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => a.order - b.order || (a.path < b.path ? -1 : 1));

function sequenceOf(path: string, goal: FestivalFile | undefined, tasks: readonly FestivalTask[]): FestivalSequence {
  const sorted = [...tasks].sort((a, b) => a.order - b.order || (stemOf(a.file.path) < stemOf(b.file.path) ? -1 : 1));
  return { path, goal, order: orderOf(goal, nameOf(path)) ?? Number.MAX_SAFE_INTEGER, tasks: sorted };
}

function phasesOf(
  sequences: readonly FestivalSequence[],
  goals: ReadonlyMap<string, FestivalFile>,
): readonly FestivalPhase[] {
  const byPhase = new Map<string, FestivalSequence[]>();
  for (const sequence of sequences) {
    const path = directoryOf(sequence.path);
    byPhase.set(path, [...(byPhase.get(path) ?? []), sequence]);
  }
  const phases = [...byPhase].map(([path, own]) => ({
    path,
    order: orderOf(goals.get(`phase ${path}`), nameOf(path)) ?? Number.MAX_SAFE_INTEGER,
    sequences: inOrder(own),
  }));
  return inOrder(phases);
}
