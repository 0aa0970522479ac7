import { MAX_AMOUNT } from '@gatepost/shared/vocabulary/amount';
import { planCost } from './budget.js';
import { planDigest } from './digest.js';
import { type DraftSequence, draftDefaults, draftSequence, type NameReference, taskPath } from './draft.js';
import type { SchemaSource } from './gates.js';
import { WaitGraph } from './graph.js';
import { nearestWord } from './nearest-word.js';
import type { Plan, PlanSequence, PlanTask } from './plan.js';
import { type DocumentPath, type PlanProblem, ProblemList } from './problem.js';
import { checkSaveTargets } from './save-as.js';
import { type PlanHeader, planHeader } from './schema.js';

/** A plan, or everything that is wrong with it. */
export type Compiled = { readonly plan: Plan } | { readonly problems: readonly PlanProblem[] };

/**
 * Compiles a parsed plan document: defaults applied, units converted, references resolved, cycles excluded. Linear in
 * the size of the document; never throws for what the document says.
 */
export function compilePlan(document: unknown, source: SchemaSource): Compiled {
  const problems = new ProblemList();
  const header = problems.check(planHeader, document, [], 'the plan');
  const defaults = draftDefaults(header?.defaults, header === undefined, source, problems);
  const sequences: DraftSequence[] = [];
  for (const [index, raw] of rawSequences(document).entries()) {
    const sequence = draftSequence(raw, ['sequences', index], { defaults, source, problems });
    if (sequence !== undefined) sequences.push(sequence);
  }
  const tasks = linkTasks(sequences, problems);
  checkSaveTargets(
    sequences.flatMap(({ saves }) => saves),
    problems,
  );
  if (header !== undefined) checkBudget(header, tasks, problems);
  if (header === undefined || problems.problems.length > 0) return { problems: problems.problems };
  return { plan: assemble(header, sequences, tasks) };
}

function rawSequences(document: unknown): readonly unknown[] {
  if (typeof document !== 'object' || document === null || !('sequences' in document)) return [];
  return Array.isArray(document.sequences) ? document.sequences : [];
}

/** The sequences that must be complete first: as written, else the one before. */
function afterOf(sequences: readonly DraftSequence[], index: number): readonly NameReference[] {
  const { after, path } = sequences[index] ?? {};
  if (after !== undefined) return after;
  const previous = sequences[index - 1];
  return previous === undefined ? [] : [{ name: previous.id, path: path ?? [] }];
}

function assemble(header: PlanHeader, drafts: readonly DraftSequence[], tasks: readonly PlanTask[]): Plan {
  const sequences: PlanSequence[] = drafts.map(({ id }, index) => ({
    id,
    after: [...new Set(afterOf(drafts, index).map(({ name }) => name))],
  }));
  const maxTotal = header.budget?.max_total;
  const content = {
    name: header.name,
    sequences,
    tasks,
    maxTotal: maxTotal === undefined ? undefined : BigInt(maxTotal),
    maxFeesUsd: header.budget?.max_fees_usd,
  };
  return { ...content, digest: planDigest(content) };
}

/** Names as the plan gives them, each with how its place is found. */
type GivenNames = Iterable<readonly [name: string, place: () => DocumentPath]>;

/** Names that are taken, each by its first bearer; later bearers are problems. */
function uniqueNames(what: string, names: GivenNames, problems: ProblemList): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const [name, place] of names) {
    if (taken.has(name)) problems.add(place(), `${what} id "${name}" is used twice`, 'rename one of them');
    taken.add(name);
  }
  return taken;
}

function* taskNames(sequences: readonly DraftSequence[]): GivenNames {
  for (const { path, ids } of sequences) {
    for (const [index, id] of ids.entries()) if (id !== undefined) yield [id, () => [...taskPath(path, index), 'id']];
  }
}

function* sequenceNames(sequences: readonly DraftSequence[]): GivenNames {
  for (const { id, path } of sequences) yield [id, () => [...path, 'id']];
}

/** The names of one kind that a plan holds. */
class Names {
  readonly #taken: ReadonlySet<string>;
  readonly #sample: readonly string[];
  /** Suggestions still to be made: they are a courtesy, and a plan may be wrong in 100,000 places. */
  #suggestions = 100;

  constructor(
    readonly what: 'task' | 'sequence',
    names: GivenNames,
    readonly problems: ProblemList,
  ) {
    this.#taken = uniqueNames(what, names, problems);
    this.#sample = [...this.#taken].slice(0, 1_000);
  }

  /** Reports a reference to a name that nothing bears. */
  check({ name, path }: NameReference, subject: string): void {
    if (this.#taken.has(name)) return;
    this.#suggestions -= 1;
    const nearest = this.#suggestions < 0 ? undefined : nearestWord(name, this.#sample);
    const how = nearest === undefined ? `name a ${this.what} of this plan` : `did you mean "${nearest}"?`;
    this.problems.add(path, `${subject} waits for "${name}", which is no ${this.what} of this plan`, how);
  }
}

/** Resolves who waits for whom, reports what cannot be, and gives the tasks in plan order. */
function linkTasks(sequences: readonly DraftSequence[], problems: ProblemList): readonly PlanTask[] {
  const ofTasks = new Names('task', taskNames(sequences), problems);
  const ofSequences = new Names('sequence', sequenceNames(sequences), problems);
  const waits = sequences.flatMap(({ waits }) => waits);
  const linked = new Set(waits.flatMap(({ task, waitsFor }) => [task, ...waitsFor.map(({ name }) => name)]));
  const graph = new WaitGraph();
  for (const { id } of sequences) graph.addSequence(id);
  for (const { id, tasks } of sequences) {
    for (const task of tasks) graph.addTask(task.id, id, linked.has(task.id));
  }
  for (const [index, { id }] of sequences.entries()) {
    for (const reference of afterOf(sequences, index)) {
      ofSequences.check(reference, `sequence "${id}"`);
      graph.sequenceWaits(id, reference.name, reference.path);
    }
  }
  for (const { task, waitsFor } of waits) {
    for (const reference of waitsFor) {
      ofTasks.check(reference, `task "${task}"`);
      graph.taskWaits(task, reference.name, reference.path);
    }
  }
  for (const { path, what, how } of graph.cycles()) problems.add(path, what, how);
  return sequences.flatMap(({ tasks }) => tasks);
}

function checkBudget(header: PlanHeader, tasks: readonly PlanTask[], problems: ProblemList): void {
  const total = planCost(tasks);
  const path: DocumentPath = ['budget', 'max_total'];
  if (total > MAX_AMOUNT) {
    problems.add(['sequences'], `all prices together are ${total}`, `no token has more than ${MAX_AMOUNT} units`);
  }
  const limit = header.budget?.max_total;
  if (limit === undefined || total <= BigInt(limit)) return;
  const what = `all prices, quorum members and reviews together are ${total}, more than max_total ${limit}`;
  problems.add(path, what, 'raise max_total or lower prices');
}
