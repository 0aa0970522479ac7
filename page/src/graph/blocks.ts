import type { ReportedRun, ReportedTask } from '../report.js';
import { levelsOf } from './levels.js';

/** Up to so many tasks are drawn with their names, each by itself. */
export const MAX_NAMED = 40;
/** More boxes than these are not laid out: what is deeper is drawn together. */
export const MAX_BLOCKS = 240;

/** Tasks that are drawn in one box: of one sequence and equally deep, or a chain of single ones. */
export interface Block {
  readonly tasks: readonly ReportedTask[];
  readonly caption: string;
}

/** What is drawn: boxes, and which waits for which, by their places in the list. */
export interface BlockGraph {
  readonly blocks: readonly Block[];
  readonly edges: readonly (readonly [from: number, to: number])[];
}

/** Brings the tasks of a plan into boxes, few enough to be read; reviews are left out. */
export function blocksOf({ tasks, sequences }: Pick<ReportedRun, 'tasks' | 'sequences'>): BlockGraph {
  const own = tasks.filter(({ reviews }) => reviews === undefined);
  if (own.length <= MAX_NAMED) return graphOf(own, sequences, ({ id }) => id);
  const levels = levelsOf(own, sequences);
  const levelOf = ({ id }: ReportedTask) => levels.get(id) ?? 0;
  const bySequence = chained(graphOf(own, sequences, (task) => `${levelOf(task)} ${task.sequence ?? ''}`));
  if (bySequence.blocks.length <= MAX_BLOCKS) return bySequence;
  const deepest = Math.max(...levels.values());
  const bands = Math.min(deepest + 1, MAX_BLOCKS);
  return graphOf(own, sequences, (task) => `${Math.floor((levelOf(task) * bands) / (deepest + 1))}`);
}

function graphOf(
  tasks: readonly ReportedTask[],
  sequences: ReportedRun['sequences'],
  keyOf: (task: ReportedTask) => string,
): BlockGraph {
  const grouped = new Map<string, ReportedTask[]>();
  const placeOf = new Map<string, number>();
  for (const task of tasks) {
    const key = keyOf(task);
    const group = grouped.get(key) ?? [];
    if (group.length === 0) grouped.set(key, group);
    group.push(task);
  }
  const groups = [...grouped.values()];
  for (const [index, group] of groups.entries()) for (const { id } of group) placeOf.set(id, index);
  const edges = new Map<string, readonly [number, number]>();
  const link = (from: number, to: number) => {
    if (from !== to) edges.set(`${from} ${to}`, [from, to]);
  };
  for (const task of tasks) {
    const to = placeOf.get(task.id) ?? 0;
    for (const dependency of task.depends_on) {
      const from = placeOf.get(dependency);
      if (from !== undefined) link(from, to);
    }
  }
  for (const [from, to] of sequenceEdges(tasks, sequences, placeOf, [...edges.values()])) link(from, to);
  return { blocks: groups.map((group) => ({ tasks: group, caption: captionOf(group) })), edges: [...edges.values()] };
}

const captionOf = (tasks: readonly ReportedTask[]): string => {
  const sequences = [...new Set(tasks.map(({ sequence }) => sequence ?? ''))];
  return sequences.length === 1 ? (sequences[0] ?? '') : `${sequences.length} sequences`;
};

/** From what a sequence ends with to what the sequences after it begin with. */
function* sequenceEdges(
  tasks: readonly ReportedTask[],
  sequences: ReportedRun['sequences'],
  placeOf: ReadonlyMap<string, number>,
  edges: readonly (readonly [number, number])[],
): Generator<readonly [number, number]> {
  const places = new Map<string, Set<number>>();
  for (const { id, sequence = '' } of tasks) {
    const own = places.get(sequence) ?? new Set();
    places.set(sequence, own.add(placeOf.get(id) ?? 0));
  }
  const within = (sequence: string, end: 0 | 1): readonly number[] => {
    const own = places.get(sequence) ?? new Set<number>();
    const inner = edges.filter(([from, to]) => own.has(from) && own.has(to)).map((edge) => edge[end]);
    const passed = new Set(inner);
    return [...own].filter((place) => !passed.has(place));
  };
  for (const { id, after } of sequences) {
    if (after.length === 0) continue;
    const firsts = within(id, 1);
    for (const before of after) for (const from of within(before, 0)) for (const to of firsts) yield [from, to];
  }
}

/** Makes one box of each chain of single tasks. */
function chained({ blocks, edges }: BlockGraph): BlockGraph {
  const next = new Map<number, number[]>();
  const before = new Map<number, number[]>();
  for (const [from, to] of edges) {
    next.set(from, [...(next.get(from) ?? []), to]);
    before.set(to, [...(before.get(to) ?? []), from]);
  }
  const isSingle = (place: number) => blocks[place]?.tasks.length === 1;
  /** The only one behind it, if that has nothing else before it. */
  const follower = (place: number): number | undefined => {
    const [only, ...others] = next.get(place) ?? [];
    if (only === undefined || others.length > 0 || !isSingle(place) || !isSingle(only)) return undefined;
    return before.get(only)?.length === 1 ? only : undefined;
  };
  const followers = new Set(blocks.flatMap((_, place) => follower(place) ?? []));
  const heads = blocks.map((_, place) => place).filter((place) => !followers.has(place));
  const merged: Block[] = [];
  const into = new Map<number, number>();
  for (const head of heads) {
    const tasks: ReportedTask[] = [];
    for (let place: number | undefined = head; place !== undefined; place = follower(place)) {
      tasks.push(...(blocks[place]?.tasks ?? []));
      into.set(place, merged.length);
    }
    merged.push({ tasks, caption: captionOf(tasks) });
  }
  const moved = new Map<string, readonly [number, number]>();
  for (const [from, to] of edges) {
    const edge = [into.get(from) ?? 0, into.get(to) ?? 0] as const;
    if (edge[0] !== edge[1]) moved.set(edge.join(' '), edge);
  }
  return { blocks: merged, edges: [...moved.values()] };
}
