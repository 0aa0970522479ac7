import { MAX_TASK_ID, MAX_TASK_TYPE } from '@gatepost/shared/vocabulary/id-bounds';
import { dependenciesOf, TaskNames } from './festival-dependencies.js';
import {
  type FestivalFile,
  type ImportNote,
  nameOf,
  type Place,
  positionOf,
  stemOf,
  textField,
} from './festival-file.js';
import { type FestivalPhase, type FestivalSequence, type FestivalTask, festivalTree } from './festival-tree.js';
import { taskAlignment } from './task-alignment.js';

export interface ImportOptions {
  /** Price of every task, in the token's smallest unit; unpaid without. */
  readonly price: string | undefined;
  /** Capability that the tasks ask for. */
  readonly type: string;
  /** Name of the plan when the festival gives none. */
  readonly name: string;
}

/** A task as a plan file writes it. */
interface PlanTaskDocument {
  readonly id: string;
  readonly type: string;
  readonly depends_on?: readonly string[];
  readonly input: Readonly<Record<string, unknown>>;
}

/** A plan file as a document, and what could not be put into it. */
export interface Imported {
  readonly document: Readonly<Record<string, unknown>>;
  readonly tasks: number;
  readonly notes: readonly ImportNote[];
}

/**
 * Maps a festival to a plan. Phases and sequences become sequences, one after the other, those with the same number
 * side by side; so do tasks within a sequence. Quality gates become the last tasks of their sequence, since they are
 * prose for an agent to follow; what decides about payment is a person until the plan names a better gate.
 */
export function planFromFestival(files: readonly FestivalFile[], options: ImportOptions): Imported {
  const tree = festivalTree(files);
  const notes: ImportNote[] = [...tree.notes];
  const ids = new Ids();
  const names = new TaskNames();
  const sequences = tree.phases.flatMap((phase) => phase.sequences.map((sequence) => ({ sequence, phase })));
  const taskIds = new Map<FestivalFile, string>();
  for (const { sequence, phase } of sequences) {
    for (const { file } of sequence.tasks) {
      const where = [...new Set([phase.path, sequence.path])].map(numberOf).filter((part) => part !== '');
      const id = ids.take([...where, stemOf(file.path)].join('.'));
      taskIds.set(file, id);
      names.add(file, id);
    }
  }
  const steps = stepsOf(tree.phases, taskIds);
  const build = (sequence: FestivalSequence): readonly PlanTaskDocument[] =>
    tasksOf(sequence, { taskIds, names, notes, options, steps });
  let before: readonly string[] = [];
  const built: Record<string, unknown>[] = [];
  for (const phase of tree.phases) {
    for (const group of groupsOf(phase.sequences)) {
      const parallel = group.map((sequence) => ({
        id: ids.take(
          [...new Set([phase.path, sequence.path])]
            .map(nameOf)
            .filter((part) => part !== '')
            .join('.'),
        ),
        after: before,
        tasks: build(sequence),
      }));
      built.push(...parallel);
      before = parallel.map(({ id }) => id);
    }
  }
  const festival = tree.goal;
  if (festival === undefined)
    notes.push({ path: '.', message: `no festival goal; the plan is called ${options.name}` });
  notes.push(priceNote(options));
  const name = (festival === undefined ? undefined : textField(festival, 'fest_name')) ?? options.name;
  const defaults = options.price === undefined ? {} : { defaults: { price: options.price, gate: 'human' } };
  return { document: { name: name.slice(0, 100), ...defaults, sequences: built }, tasks: taskIds.size, notes };
}

function priceNote({ price }: ImportOptions): ImportNote {
  const message =
    price === undefined
      ? 'a festival has no prices; all tasks are unpaid until you add "price", or import with --price'
      : `a festival has no prices; every task is paid ${price}`;
  return { path: '.', message };
}

/** When a task comes by its place: its sequence counted over all phases, and its turn there. */
interface Step {
  readonly sequence: FestivalSequence;
  readonly turn: number;
  readonly withinSequence: number;
}

function stepsOf(
  phases: readonly FestivalPhase[],
  taskIds: ReadonlyMap<FestivalFile, string>,
): ReadonlyMap<string, Step> {
  const steps = new Map<string, Step>();
  const groups = phases.flatMap(({ sequences }) => groupsOf(sequences));
  for (const [turn, group] of groups.entries()) {
    for (const sequence of group) {
      for (const [withinSequence, tasks] of groupsOf(sequence.tasks).entries()) {
        for (const { file } of tasks) steps.set(taskIds.get(file) ?? '', { sequence, turn, withinSequence });
      }
    }
  }
  return steps;
}

/** Whether a task comes after another by their places. */
function isLater(task: Step | undefined, than: Step | undefined): boolean {
  if (task === undefined || than === undefined) return false;
  if (task.turn !== than.turn) return task.turn > than.turn;
  return task.sequence === than.sequence && task.withinSequence > than.withinSequence;
}

/** The number a directory's name begins with, else the name. */
const numberOf = (path: string): string => /^\d+/.exec(nameOf(path))?.[0] ?? nameOf(path);

/** Ids of the plan: of its charset, no longer than allowed, each once. */
class Ids {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    const clean =
      wanted
        .replace(/[^A-Za-z0-9._-]+/g, '-')
        .replace(/^[^A-Za-z0-9]+/, '')
        .slice(0, MAX_TASK_ID) || 'task';
    let id = clean;
    for (let number = 2; this.#taken.has(id); number += 1) {
      id = `${clean.slice(0, MAX_TASK_ID - `-${number}`.length)}-${number}`;
    }
    this.#taken.add(id);
    return id;
  }
}

/** Neighbours with the same number may run side by side. */
function groupsOf<T extends { readonly place: Place }>(items: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (last?.[0] !== undefined && positionOf(last[0].place) === positionOf(item.place)) last.push(item);
    else groups.push([item]);
  }
  return groups;
}

interface TaskContext {
  readonly taskIds: ReadonlyMap<FestivalFile, string>;
  readonly names: TaskNames;
  readonly notes: ImportNote[];
  readonly options: ImportOptions;
  readonly steps: ReadonlyMap<string, Step>;
}

function tasksOf(sequence: FestivalSequence, context: TaskContext): readonly PlanTaskDocument[] {
  const aligned = new Map(taskAlignment(sequence.goal?.body ?? '').map((row) => [row.task, row.objective]));
  const stems = new Set(sequence.tasks.map(({ file }) => stemOf(file.path)));
  for (const task of aligned.keys()) {
    if (stems.has(task)) continue;
    const message = 'its Task Alignment table names what is no task of it';
    context.notes.push({ path: sequence.goal?.path ?? sequence.path, message, detail: task });
  }
  let before: readonly string[] = [];
  const work: string[] = [];
  return groupsOf(sequence.tasks).flatMap((group) => {
    const documents = group.map((task) => taskDocument(task, before, work, aligned, context));
    before = documents.map(({ id }) => id);
    for (const [index, { id }] of documents.entries()) if (group[index]?.gate === false) work.push(id);
    return documents;
  });
}

function taskDocument(
  { file, gate }: FestivalTask,
  before: readonly string[],
  work: readonly string[],
  aligned: ReadonlyMap<string, string>,
  { taskIds, names, notes, options, steps }: TaskContext,
): PlanTaskDocument {
  const own = taskIds.get(file) ?? '';
  const named = dependenciesOf(file, names, notes).filter((id) => {
    if (!isLater(steps.get(id), steps.get(own))) return true;
    const message = 'depends on what comes later by the numbers of the names; they count, the dependency is left out';
    notes.push({ path: file.path, message, detail: id });
    return false;
  });
  const dependsOn = [...new Set([...before, ...named])];
  const objective = aligned.get(stemOf(file.path));
  const autonomy = textField(file, 'fest_autonomy');
  const kind = textField(file, 'fest_gate_type') ?? 'quality-gate';
  if (textField(file, 'fest_status') === 'completed') {
    notes.push({ path: file.path, message: 'marked as completed; remove it if it need not be done again' });
  }
  if (gate) {
    const message =
      'quality gate, became a task of its kind; its checklist is prose, so put a command, schema or agent gate on the tasks it judges';
    notes.push({ path: file.path, message, detail: kind });
  }
  return {
    id: taskIds.get(file) ?? stemOf(file.path),
    type: gate ? kind.replace(/\s+/g, '-').slice(0, MAX_TASK_TYPE) : options.type,
    ...(dependsOn.length === 0 ? {} : { depends_on: dependsOn }),
    input: {
      title: textField(file, 'fest_name') ?? stemOf(file.path),
      source: file.path,
      ...(objective === undefined || objective === '' ? {} : { objective }),
      ...(autonomy === undefined ? {} : { autonomy }),
      ...(gate ? { results: Object.fromEntries(work.map((id) => [id, { $output: id }])) } : {}),
      instructions: file.body.trim(),
    },
  };
}
