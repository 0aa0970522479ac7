import type { DocumentPath } from './problem.js';

/** A thing that waits for others: a task, or the beginning or end of a sequence. */
interface GraphNode {
  readonly kind: 'task' | 'begin' | 'end';
  readonly id: string;
  readonly waitsFor: GraphEdge[];
}

interface GraphEdge {
  readonly node: GraphNode;
  /** Where the plan says so; undefined for what follows from a task being in a sequence. */
  readonly path: DocumentPath | undefined;
}

/** A circle of things that wait for each other. */
export interface Cycle {
  /** Where the plan asks for it. */
  readonly path: DocumentPath;
  /** What is wrong, and how to mend it. */
  readonly what: string;
  readonly how: string;
}

/**
 * Who waits for whom, tasks and sequences together. A sequence is two nodes, its beginning and its end, so that the
 * graph stays linear in the size of the plan.
 */
export class WaitGraph {
  readonly #nodes: GraphNode[] = [];
  readonly #tasks = new Map<string, GraphNode>();
  readonly #sequences = new Map<string, { readonly begin: GraphNode; readonly end: GraphNode }>();
  /** Ends that wait for their own beginning, for tasks that nothing else is linked to. */
  readonly #passed = new Set<GraphNode>();

  #node(kind: GraphNode['kind'], id: string): GraphNode {
    const node: GraphNode = { kind, id, waitsFor: [] };
    this.#nodes.push(node);
    return node;
  }

  addSequence(id: string): void {
    this.#sequences.set(id, { begin: this.#node('begin', id), end: this.#node('end', id) });
  }

  /**
   * Adds a task of a sequence.
   * @param linked whether it waits for a task or one waits for it; of all others of a sequence only that they come between
   *   its beginning and its end matters.
   */
  addTask(id: string, sequence: string, linked: boolean): void {
    const frame = this.#sequences.get(sequence);
    if (!linked) {
      if (frame !== undefined && !this.#passed.has(frame.end)) {
        this.#passed.add(frame.end);
        frame.end.waitsFor.push({ node: frame.begin, path: undefined });
      }
      return;
    }
    const task = this.#node('task', id);
    this.#tasks.set(id, task);
    if (frame === undefined) return;
    task.waitsFor.push({ node: frame.begin, path: undefined });
    frame.end.waitsFor.push({ node: task, path: undefined });
  }

  taskWaits(task: string, dependency: string, path: DocumentPath): void {
    const node = this.#tasks.get(dependency);
    if (node !== undefined) this.#tasks.get(task)?.waitsFor.push({ node, path });
  }

  sequenceWaits(sequence: string, dependency: string, path: DocumentPath): void {
    const node = this.#sequences.get(dependency)?.end;
    if (node !== undefined) this.#sequences.get(sequence)?.begin.waitsFor.push({ node, path });
  }

  /** At least one cycle for every group of nodes that wait for each other, in linear time; none when there is none. */
  cycles(): readonly Cycle[] {
    const stuck = this.#stuck();
    const walks = new Map<GraphNode, number>();
    const cycles: Cycle[] = [];
    let walk = 0;
    // Each stuck node waits for another stuck one; following one such edge from each leads into circles.
    for (const start of stuck) {
      walk += 1;
      const trail: GraphNode[] = [];
      let node: GraphNode | undefined = start;
      while (node !== undefined && !walks.has(node)) {
        walks.set(node, walk);
        trail.push(node);
        node = stuckEdge(node, stuck)?.node;
      }
      if (node !== undefined && walks.get(node) === walk)
        cycles.push(describe(trail.slice(trail.indexOf(node)), stuck));
    }
    return cycles;
  }

  /** The nodes that can never start, by counting down what each waits for. */
  #stuck(): ReadonlySet<GraphNode> {
    const open = new Map<GraphNode, number>();
    const waiters = new Map<GraphNode, GraphNode[]>();
    for (const node of this.#nodes) {
      open.set(node, node.waitsFor.length);
      for (const { node: dependency } of node.waitsFor) {
        const list = waiters.get(dependency);
        if (list === undefined) waiters.set(dependency, [node]);
        else list.push(node);
      }
    }
    const ready = this.#nodes.filter((node) => node.waitsFor.length === 0);
    for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
      open.delete(node);
      for (const waiter of waiters.get(node) ?? []) {
        const left = (open.get(waiter) ?? 0) - 1;
        open.set(waiter, left);
        if (left === 0) ready.push(waiter);
      }
    }
    return new Set(open.keys());
  }
}

const stuckEdge = (node: GraphNode, stuck: ReadonlySet<GraphNode>): GraphEdge | undefined =>
  node.waitsFor.find((edge) => stuck.has(edge.node));

function describe(circle: readonly GraphNode[], stuck: ReadonlySet<GraphNode>): Cycle {
  const edges = circle.map((node) => ({ from: node, ...stuckEdge(node, stuck) }));
  const asking = edges.findIndex((edge) => edge.from.kind === 'task' && edge.node?.kind === 'task');
  if (asking < 0) {
    const path = edges.find((edge) => edge.path !== undefined)?.path ?? [];
    const what = `cycle: ${way(circle.filter(({ kind }) => kind !== 'task'))} (each waits for the next)`;
    return { path, what, how: 'change "after" of one of them' };
  }
  const path = edges[asking]?.path ?? [];
  // Turned to begin where a task asks for another task, which is what a reader will want to change.
  const turned = [...circle.slice(asking), ...circle.slice(0, asking)];
  if (turned.every(({ kind }) => kind === 'task')) {
    return { path, what: `cycle: ${way(turned)} (each waits for the next)`, how: 'remove one of these dependencies' };
  }
  const [task, dependency] = turned;
  return {
    path,
    what: `task "${task?.id}" depends on "${dependency?.id}" of a later sequence: ${way(turned)}`,
    how: 'move one of the tasks, or change "after" of the later sequence',
  };
}

/** `a -> b -> a` */
function way(circle: readonly GraphNode[]): string {
  const names = [...circle, ...circle.slice(0, 1)].map(nodeName);
  return names.filter((name, index) => names.length === 2 || name !== names[index - 1]).join(' -> ');
}

const nodeName = ({ kind, id }: GraphNode): string => (kind === 'task' ? id : `sequence ${id}`);
