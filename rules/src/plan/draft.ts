import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { meansRepository } from '@gatepost/shared/vocabulary/repository';
import { parseDurationMs } from '@gatepost/shared/vocabulary/time';
import { compileGates, DEFAULT_DEADLINE_MS, type SchemaSource } from './gates.js';
import { outputReferences } from './input.js';
import type { Gate, PlanTask } from './plan.js';
import type { DocumentPath, ProblemList } from './problem.js';
import { normalizeSaveAs, type SaveTarget } from './save-as.js';
import { type PlanHeader, sequenceSource, type TaskSource, taskSource } from './schema.js';

/** How often a task may be tried when the plan does not say. */
const DEFAULT_ATTEMPTS = 3;

/** A name somewhere in the plan that must be that of a task or a sequence. */
export interface NameReference {
  readonly name: string;
  readonly path: DocumentPath;
}

/** A task, by its id, and what it waits for. */
export interface Waiting {
  readonly task: string;
  readonly waitsFor: readonly NameReference[];
}

/** A task that is well-formed by itself, its dependencies not yet resolved. */
interface DraftTask {
  readonly task: PlanTask;
  readonly waitsFor: readonly NameReference[];
  readonly saves: SaveTarget | undefined;
}

/** A sequence and those of its tasks that are well-formed. */
export interface DraftSequence {
  readonly id: string;
  readonly path: DocumentPath;
  /** Undefined when the plan leaves it to the order. */
  readonly after: readonly NameReference[] | undefined;
  readonly tasks: readonly PlanTask[];
  /** Those that wait for others. */
  readonly waits: readonly Waiting[];
  readonly saves: readonly SaveTarget[];
  /** Ids of all its tasks as the plan writes them, the malformed ones' too; undefined for a task without one. */
  readonly ids: readonly (string | undefined)[];
}

/** Where a sequence's task stands in the document. */
export const taskPath = (sequence: DocumentPath, index: number): DocumentPath => [...sequence, 'tasks', index];

/** What applies to every task that does not say otherwise. */
export interface Defaults {
  readonly fields: NonNullable<PlanHeader['defaults']>;
  readonly gates: readonly Gate[] | undefined;
  readonly price: TokenAmount;
  readonly deadlineMs: number;
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
  const price = BigInt(fields?.price ?? 0);
  const deadlineMs =
    (fields?.deadline === undefined ? undefined : parseDurationMs(fields.deadline)) ?? DEFAULT_DEADLINE_MS;
  const usual = { fields: fields ?? {}, price, deadlineMs };
  if (fields?.gate === undefined) return { ...usual, gates: undefined, broken };
  const gates = compileGates(fields.gate, ['defaults', 'gate'], 'defaults', source, problems);
  return { ...usual, gates, broken: broken || gates === undefined };
}

/** Reads one sequence with its tasks; undefined when not even its frame fits. */
export function draftSequence(raw: unknown, path: DocumentPath, context: DraftContext): DraftSequence | undefined {
  const { problems } = context;
  const frame = problems.check(sequenceSource, raw, path, subjectOf('sequence', raw, path));
  if (frame === undefined) return undefined;
  const tasks: PlanTask[] = [];
  const waits: Waiting[] = [];
  const saves: SaveTarget[] = [];
  for (const [index, rawTask] of frame.tasks.entries()) {
    const draft = draftTask(rawTask, taskPath(path, index), frame.id, context);
    if (draft === undefined) continue;
    const { task, waitsFor, saves: target } = draft;
    tasks.push(task);
    if (waitsFor.length > 0) waits.push({ task: task.id, waitsFor });
    if (target !== undefined) saves.push(target);
  }
  const after = frame.after === undefined ? undefined : references(frame.after, [...path, 'after']);
  return { id: frame.id, path, after, tasks, waits, saves, ids: frame.tasks.map(idOf) };
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
  const waitsFor = [
    ...references(source.depends_on ?? [], [...path, 'depends_on']),
    ...found.map(({ task: name, path }) => ({ name, path })),
  ];
  const { save_as: file } = source;
  return {
    task: taskOf(source, sequence, dependenciesOf(waitsFor), gates, context.defaults),
    waitsFor,
    saves: file === undefined ? undefined : { file, path: [...path, 'save_as'], subject: `task "${source.id}"` },
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

/** Of tasks that wait for none there may be many: they share this. */
const NO_DEPENDENCIES: readonly string[] = [];

const dependenciesOf = (waitsFor: readonly NameReference[]): readonly string[] =>
  waitsFor.length === 0 ? NO_DEPENDENCIES : [...new Set(waitsFor.map(({ name }) => name))];

/** Written out in one piece, and with what the defaults give worked out once: a plan may have many tasks. */
function taskOf(
  source: TaskSource,
  sequence: string,
  dependsOn: readonly string[],
  gates: readonly Gate[],
  { fields: defaults, price, deadlineMs }: Defaults,
): PlanTask {
  return {
    id: source.id,
    sequence,
    type: source.type,
    agent: source.agent as AccountId | undefined,
    dependsOn,
    input: (source.input ?? null) as Json,
    price: source.price === undefined ? price : BigInt(source.price),
    deadlineMs: (source.deadline === undefined ? undefined : parseDurationMs(source.deadline)) ?? deadlineMs,
    attempts: source.attempts ?? defaults.attempts ?? DEFAULT_ATTEMPTS,
    retry: source.retry ?? defaults.retry ?? 'any',
    guard: source.guard ?? false,
    gates,
    saveAs: source.save_as === undefined ? undefined : normalizeSaveAs(source.save_as),
  };
}
