import {
  contradicts,
  directoryOf,
  type FestivalFile,
  type ImportNote,
  nameOf,
  type Place,
  placeOf,
  positionOf,
  stemOf,
  textField,
  typeOf,
} from './festival-file.js';

/** A task file, or a quality gate, which is a task at the end of its sequence. */
export interface FestivalTask {
  readonly file: FestivalFile;
  readonly gate: boolean;
  readonly place: Place;
}

/** The tasks of a directory, or those of them that lie directly in a phase between two of its sequences. */
export interface FestivalSequence {
  /** Directory, relative to the festival; that of the phase for tasks that lie directly in it. */
  readonly path: string;
  readonly goal: FestivalFile | undefined;
  readonly place: Place;
  /** In order. */
  readonly tasks: readonly FestivalTask[];
}

export interface FestivalPhase {
  readonly path: string;
  readonly place: Place;
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
  for (const [key, { path }] of goals) {
    const directory = key.replace(/^\w+ /, '');
    if (key.startsWith('sequence ') && !tasks.has(directory))
      notes.push({ path, message: 'sequence without tasks; left out' });
  }
  const phases = phasesOf(tasks, goals);
  notes.push(...orderNotes(phases));
  for (const { path } of phaseGoals) {
    if (phases.some((phase) => phase.path === directoryOf(path))) continue;
    notes.push({ path, message: 'phase without tasks, such as one that follows a workflow; left out' });
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
          message: 'its fest_type has no counterpart; left out',
          detail: JSON.stringify(file.fields.fest_type),
        });
      return;
    }
    notes.push({ path, message: 'numbered file without fest_type; taken for a task' });
  }
  if (directory === '') {
    notes.push({ path, message: 'task or gate outside any phase and sequence; left out' });
    return;
  }
  const place = placeOf(file, nameOf(path));
  if (positionOf(place) === Number.MAX_SAFE_INTEGER)
    notes.push({ path, message: 'no fest_order and no number in its name; put last' });
  const parent = textField(file, 'fest_parent');
  if (parent !== undefined && parent !== nameOf(directory)) {
    notes.push({
      path,
      message: 'it does not lie in its fest_parent; the directory counts',
      detail: `${parent}, not ${nameOf(directory)}`,
    });
  }
  const task = { file, gate: type === 'gate', place };
  tasks.set(directory, [...(tasks.get(directory) ?? []), task]);
}

/** By position; among equals by path, and the tasks that lie directly in a phase before its sequences. */
const inOrder = <T extends { readonly place: Place; readonly path: string }>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => positionOf(a.place) - positionOf(b.place) || (a.path < b.path ? -1 : 1));

const sorted = (tasks: readonly FestivalTask[]): readonly FestivalTask[] =>
  inOrder(tasks.map((task) => ({ ...task, path: stemOf(task.file.path) }))).map(({ file, gate, place }) => ({
    file,
    gate,
    place,
  }));

/** A top-level directory is a phase; so is the festival itself for sequences that lie directly in it. */
function phasesOf(
  tasks: ReadonlyMap<string, readonly FestivalTask[]>,
  goals: ReadonlyMap<string, FestivalFile>,
): readonly FestivalPhase[] {
  const byPhase = new Map<string, FestivalSequence[]>();
  for (const [path, own] of tasks) {
    const goal = goals.get(`sequence ${path}`);
    const isSequence = path.includes('/') || goal !== undefined || isBare(path, tasks, goals);
    const phase = isSequence ? directoryOf(path) : path;
    const made = isSequence
      ? [{ path, goal, place: placeOf(goal, nameOf(path)), tasks: sorted(own) }]
      : direct(path, own);
    byPhase.set(phase, [...(byPhase.get(phase) ?? []), ...made]);
  }
  const phases = [...byPhase].map(([path, sequences]) => ({
    path,
    place: placeOf(goals.get(`phase ${path}`), nameOf(path)),
    sequences: joined(inOrder(sequences)),
  }));
  return inOrder(phases);
}

/** Whether a top-level directory is a sequence of a festival without phases: none has a goal, and none holds another. */
const isBare = (
  path: string,
  tasks: ReadonlyMap<string, readonly FestivalTask[]>,
  goals: ReadonlyMap<string, FestivalFile>,
): boolean =>
  !goals.has(`phase ${path}`) &&
  ![...goals.keys()].some((key) => key.startsWith('phase ')) &&
  ![...tasks.keys()].some((other) => other.includes('/'));

/** Each task that lies directly in a phase, as a sequence at its own place among the sequences. */
const direct = (path: string, tasks: readonly FestivalTask[]): FestivalSequence[] =>
  sorted(tasks).map((task) => ({ path, goal: undefined, place: task.place, tasks: [task] }));

/** Neighbours of those are one sequence. */
function joined(sequences: readonly FestivalSequence[]): readonly FestivalSequence[] {
  const result: FestivalSequence[] = [];
  for (const sequence of sequences) {
    const last = result.at(-1);
    if (last?.path === sequence.path) {
      result[result.length - 1] = { ...last, tasks: [...last.tasks, ...sequence.tasks] };
    } else result.push(sequence);
  }
  return result;
}

/** One note for all directories in which `fest_order` says something else than the names. */
function orderNotes(phases: readonly FestivalPhase[]): readonly ImportNote[] {
  const message = 'fest_order contradicts the numbers of the names here; the names count';
  const where = [
    ...(contradicts(phases.map(({ place }) => place)) ? ['.'] : []),
    ...phases.flatMap(({ path, sequences }) => [
      ...(contradicts(sequences.map(({ place }) => place)) ? [path] : []),
      ...sequences.filter(({ tasks }) => contradicts(tasks.map(({ place }) => place))).map((sequence) => sequence.path),
    ]),
  ];
  return [...new Set(where)].map((path) => ({ path, message }));
}
