import type { Json } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { meansRepository } from '@gatepost/shared/vocabulary/repository';
import { parseDurationMs } from '@gatepost/shared/vocabulary/time';
import { compileGates, DEFAULT_DEADLINE_MS, type SchemaSource } from './gates.js';
import { outputReferences } from './input.js';
import type { Gate, PlanTask } from './plan.js';
import type { DocumentPath, ProblemList } from './problem.js';
import { normalizeSaveAs } from './save-as.js';
import { type PlanHeader, sequenceSource, type TaskSource, taskSource } from './schema.js';

/** How often a task may be tried when the plan does not say. */
const DEFAULT_ATTEMPTS = 3;

/** A name somewhere in the plan that must be that of a task or a sequence. */
export interface NameReference {
  readonly name: string;
  readonly path: DocumentPath;
}

/** A task that is well-formed by itself, its dependencies not yet resolved. */
export interface DraftTask {
  readonly task: Omit<PlanTask, 'dependsOn'>;
  readonly path: DocumentPath;
  readonly waitsFor: readonly NameReference[];
  /** As the plan writes it. */
  readonly saveAs: string | undefined;
}

/** A sequence and those of its tasks that are well-formed. */
export interface DraftSequence {
  readonly id: string;
  readonly path: DocumentPath;
  /** Undefined when the plan leaves it to the order. */
  readonly after: readonly NameReference[] | undefined;
  readonly tasks: readonly DraftTask[];
  /** Ids of all its tasks with their places, the malformed ones' too. */
  readonly names: readonly NameReference[];
}

/** What applies to every task that does not say otherwise. */
export interface Defaults {
  readonly fields: NonNullable<PlanHeader['defaults']>;
  readonly gates: readonly Gate[] | undefined;
  /** Nothing is said of missing gates when the defaults themselves are wrong. */
  readonly broken: boolean;
}

interface DraftContext {
  readonly defaults: Defaults;
  readonly source: SchemaSource;
  readonly problems: ProblemList;
}

const references = (names: readonly string[], path: DocumentPath): readonly NameReference[] =>
  names.map((name, index) => ({ name, path: [...path, index] }));

/** Reads `defaults`; what is wrong there is reported once, not for every task. */
export function draftDefaults(
  fields: PlanHeader['defaults'] | undefined,
  broken: boolean,
  source: SchemaSource,
  problems: ProblemList,
): Defaults {
  if (fields?.gate === undefined) return { fields: fields ?? {}, gates: undefined, broken };
  const gates = compileGates(fields.gate, ['defaults', 'gate'], 'defaults', source, problems);
  return { fields, gates, broken: broken || gates === undefined };
}

/** Reads one sequence with its tasks; undefined when not even its frame fits. */
export function draftSequence(raw: unknown, path: DocumentPath, context: DraftContext): DraftSequence | undefined {
  const { problems } = context;
  const frame = problems.check(sequenceSource, raw, path, subjectOf('sequence', raw, path));
  if (frame === undefined) return undefined;
  const tasks: DraftTask[] = [];
  const names: NameReference[] = [];
  for (const [index, rawTask] of frame.tasks.entries()) {
    const taskPath = [...path, 'tasks', index];
    const id = idOf(rawTask);
    if (id !== undefined) names.push({ name: id, path: [...taskPath, 'id'] });
    const draft = draftTask(rawTask, taskPath, frame.id, context);
    if (draft !== undefined) tasks.push(draft);
  }
  const after = frame.after === undefined ? undefined : references(frame.after, [...path, 'after']);
  return { id: frame.id, path, after, tasks, names };
}

function idOf(raw: unknown): string | undefined {
  if (typeof raw !== 'object' || raw === null || !('id' in raw)) return undefined;
  return typeof raw.id === 'string' ? raw.id : undefined;
}

function subjectOf(what: 'sequence' | 'task', raw: unknown, path: DocumentPath): string {
  const id = idOf(raw);
  return `${what} ${id === undefined ? `number ${Number(path.at(-1)) + 1}` : JSON.stringify(id)}`;
}

/** What of a task is checked by more than the shape of its fields, so that a wrong field does not hide it. */
interface Parts {
  readonly gate?: unknown;
  readonly input?: unknown;
  readonly price?: unknown;
}

function draftTask(raw: unknown, path: DocumentPath, sequence: string, context: DraftContext): DraftTask | undefined {
  const { problems } = context;
  const subject = subjectOf('task', raw, path);
  const source = problems.check(taskSource, raw, path, subject);
  const parts: Parts = typeof raw === 'object' && raw !== null ? raw : {};
  const found = outputReferences(parts.input, [...path, 'input'], subject, problems);
  const gates = gatesOf(parts, path, subject, context);
  if (source === undefined || gates === undefined) return undefined;
  checkTrees(gates, parts.input, path, subject, problems);
  const quorum = gates.find((gate) => gate.kind === 'quorum');
  if (quorum !== undefined && quorum.of > 1 && source.agent !== undefined) {
    const what = `${subject}: a quorum of ${quorum.of} agents and one named agent exclude each other`;
    problems.add([...path, 'agent'], what, 'remove "agent" or the quorum');
  }
  return {
    task: taskOf(source, sequence, gates, context.defaults.fields),
    path,
    waitsFor: [
      ...references(source.depends_on ?? [], [...path, 'depends_on']),
      ...found.map(({ task: name, path }) => ({ name, path })),
    ],
    saveAs: source.save_as,
  };
}

/** A gate's tree is of a repository that the plan itself names: never of one that an output names. */
function checkTrees(
  gates: readonly Gate[],
  input: unknown,
  path: DocumentPath,
  subject: string,
  problems: ProblemList,
): void {
  for (const gate of gates) {
    if (gate.kind !== 'command' || gate.tree === undefined) continue;
    const { of } = gate.tree;
    const member =
      typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>)[of] : null;
    if (meansRepository(member)) continue;
    const what = `${subject}: its gate wants a tree of "${of}", which is no repository of its input`;
    problems.add([...path, 'gate'], what, `write input: { ${of}: { "$git": { "url": ..., "commit": ... } } }`);
  }
}

function gatesOf(
  parts: Parts,
  path: DocumentPath,
  subject: string,
  { defaults, source, problems }: DraftContext,
): readonly Gate[] | undefined {
  if (parts.gate !== undefined) return compileGates(parts.gate, [...path, 'gate'], subject, source, problems);
  if (defaults.gates !== undefined) return defaults.gates;
  const price = parts.price ?? defaults.fields.price;
  if (price === undefined || defaults.broken) return [{ kind: 'none' }];
  problems.add(
    path,
    `${subject} has a price and no gate, so anything would be paid`,
    'add a gate, or say gate: none if that is meant',
  );
  return undefined;
}

function taskOf(
  source: TaskSource,
  sequence: string,
  gates: readonly Gate[],
  defaults: Defaults['fields'],
): Omit<PlanTask, 'dependsOn'> {
  const deadline = source.deadline ?? defaults.deadline;
  return {
    id: source.id,
    sequence,
    type: source.type,
    agent: source.agent as AccountId | undefined,
    input: (source.input ?? null) as Json,
    price: BigInt(source.price ?? defaults.price ?? 0),
    deadlineMs: (deadline === undefined ? undefined : parseDurationMs(deadline)) ?? DEFAULT_DEADLINE_MS,
    attempts: source.attempts ?? defaults.attempts ?? DEFAULT_ATTEMPTS,
    retry: source.retry ?? defaults.retry ?? 'any',
    guard: source.guard ?? false,
    gates,
    saveAs: source.save_as === undefined ? undefined : normalizeSaveAs(source.save_as),
  };
}
