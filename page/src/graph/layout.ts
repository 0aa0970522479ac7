import { Graph, layout } from '@dagrejs/dagre';
import type { ReportedRun, ReportedTask } from '../report.js';
import { type Block, blocksOf, MAX_NAMED } from './blocks.js';

/** A rectangle in the drawing, in its own units, which are pixels at 100 %. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A task in the drawing. */
export interface Cell extends Box {
  readonly task: ReportedTask;
}

/** Where everything of a run's graph is drawn. */
export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  /** Whether the cells are wide enough for names. */
  readonly named: boolean;
  readonly cells: readonly Cell[];
  /** Boxes around several tasks. */
  readonly frames: readonly (Box & { readonly caption: string; readonly count: number })[];
  /** Corners of the lines between boxes. */
  readonly lines: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

const NAMED = { width: 168, height: 34 };
const CELL = 18;
const GAP = 4;
const PADDING = 6;
const CAPTION = 16;

/** Columns of a box of so many cells: somewhat higher than wide, since the graph grows to the right. */
const columnsOf = (count: number): number => Math.max(1, Math.ceil(Math.sqrt(count / 1.6)));

function sizeOf({ tasks }: Block, named: boolean): { readonly width: number; readonly height: number } {
  if (named) return NAMED;
  const columns = columnsOf(tasks.length);
  const rows = Math.ceil(tasks.length / columns);
  const cells = columns * (CELL + GAP) - GAP;
  return {
    width: Math.max(cells, 64) + 2 * PADDING,
    height: rows * (CELL + GAP) - GAP + 2 * PADDING + CAPTION,
  };
}

/**
 * Lays out the tasks of a run from left to right, what waits behind what it waits for. The library puts what nothing follows
 * into its first rank; it is given the lines and the direction reversed, so that what waits for nothing stands there.
 */
export function layoutOf(run: Pick<ReportedRun, 'tasks' | 'sequences'>): GraphLayout {
  const { blocks, edges } = blocksOf(run);
  const named = blocks.every(({ tasks }) => tasks.length === 1) && blocks.length <= MAX_NAMED;
  const graph = new Graph();
  graph.setGraph({
    rankdir: 'RL',
    nodesep: named ? 14 : 12,
    ranksep: 40,
    marginx: 8,
    marginy: 8,
    ranker: 'longest-path',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [index, block] of blocks.entries()) graph.setNode(`${index}`, { ...sizeOf(block, named) });
  for (const [from, to] of edges) graph.setEdge(`${to}`, `${from}`);
  if (blocks.length > 0) layout(graph);
  const boxes = blocks.map((_, index) => boxOf(graph.node(`${index}`)));
  const { width = 0, height = 0 } = graph.graph();
  return {
    width: Math.max(0, Math.ceil(width)),
    height: Math.max(0, Math.ceil(height)),
    named,
    cells: blocks.flatMap((block, index) => cellsOf(block, boxes[index], named)),
    frames: named
      ? []
      : blocks.map(({ tasks, caption }, index) => ({ ...need(boxes[index]), caption, count: tasks.length })),
    lines: edges.map(([from, to]) => graph.edge(`${to}`, `${from}`).points ?? []),
  };
}

/** Whether two states of a run are drawn alike, but for colours. */
export const isLaidOutAs = (one: Laid, other: Laid): boolean => structureOf(one) === structureOf(other);

type Laid = Pick<ReportedRun, 'tasks' | 'sequences'>;

const structureOf = ({ tasks, sequences }: Laid): string =>
  JSON.stringify([
    // Reviews, which are added while a run goes on, are not drawn.
    tasks.flatMap(({ id, depends_on, sequence, reviews }) =>
      reviews === undefined ? [[id, depends_on, sequence]] : [],
    ),
    sequences,
  ]);

/** The same layout with the tasks as they are now. */
export function withTasks(layout: GraphLayout, { tasks }: Pick<ReportedRun, 'tasks'>): GraphLayout {
  const now = new Map(tasks.map((task) => [task.id, task]));
  return { ...layout, cells: layout.cells.map((cell) => ({ ...cell, task: now.get(cell.task.id) ?? cell.task })) };
}

interface Placed {
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
}

/** The library gives centres. */
const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Placed): Box => ({
  x: x - width / 2,
  y: y - height / 2,
  width,
  height,
});

const need = (box: Box | undefined): Box => box ?? { x: 0, y: 0, width: 0, height: 0 };

function cellsOf({ tasks }: Block, box: Box | undefined, named: boolean): Cell[] {
  const { x, y, width, height } = need(box);
  if (named) return tasks.map((task) => ({ task, x, y, width, height }));
  const columns = columnsOf(tasks.length);
  return tasks.map((task, index) => ({
    task,
    x: x + PADDING + (index % columns) * (CELL + GAP),
    y: y + CAPTION + PADDING + Math.floor(index / columns) * (CELL + GAP),
    width: CELL,
    height: CELL,
  }));
}
