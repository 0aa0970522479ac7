import type { Json } from '@gatepost/shared/vocabulary/digest';
import { parseDurationMs } from '@gatepost/shared/vocabulary/time';
import type { Gate } from './plan.js';
import type { DocumentPath, ProblemList } from './problem.js';
import { quote } from './problem.js';
import { gateSources, gateWords } from './schema.js';

/** Time a gate program has when the plan does not say. */
export const DEFAULT_GATE_TIMEOUT_MS = 60_000;
/** Time from assignment to result when the plan does not say. */
export const DEFAULT_DEADLINE_MS = 600_000;

/** What compiling a gate needs from outside. */
export interface SchemaSource {
  /** Reads a JSON Schema file, its path relative to the plan. */
  readSchema(path: string): { readonly schema: Json } | { readonly problem: string };
  /** Why a JSON Schema cannot be used; undefined when it can. */
  schemaProblem(schema: Json): string | undefined;
}

const HOW =
  'write none, human, {command: [program, argument]}, {schema: file.json}, {agent: {type, price}} or {quorum: {of, agree}}';

/** Compiles a task's gates; undefined when something is wrong with them, which is then among the problems. */
export function compileGates(
  raw: unknown,
  path: DocumentPath,
  subject: string,
  source: SchemaSource,
  problems: ProblemList,
): readonly Gate[] | undefined {
  const list = Array.isArray(raw) ? raw : [raw];
  if (list.length === 0) {
    problems.add(path, `${subject}: the list of gates is empty`, `write gate: none for none, else ${HOW}`);
    return undefined;
  }
  const gates: Gate[] = [];
  for (const [index, one] of list.entries()) {
    const gate = compileGate(one, Array.isArray(raw) ? [...path, index] : path, { subject, source, problems });
    if (gate !== undefined) gates.push(gate);
  }
  if (gates.length > 1 && gates.some((gate) => gate.kind === 'none')) {
    problems.add(path, `${subject}: "none" stands beside other gates`, 'remove it, or the others');
  }
  for (const kind of ['human', 'agent', 'quorum'] as const) {
    if (gates.filter((gate) => gate.kind === kind).length > 1) {
      problems.add(path, `${subject}: more than one ${kind} gate`, 'keep one');
    }
  }
  return gates.length === list.length ? gates : undefined;
}

interface GateContext {
  readonly subject: string;
  readonly source: SchemaSource;
  readonly problems: ProblemList;
}

function compileGate(raw: unknown, path: DocumentPath, context: GateContext): Gate | undefined {
  const { problems } = context;
  const subject = `${context.subject}: gate`;
  const word = gateWords.find((candidate) => candidate === raw);
  if (word !== undefined) return { kind: word };
  const kinds = typeof raw === 'object' && raw !== null ? Object.keys(gateSources).filter((key) => key in raw) : [];
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const what = kinds.length > 1 ? `mixes ${kinds.join(' and ')}` : `${quote(raw)} is unknown`;
    problems.add(path, `${subject} ${what}`, kinds.length > 1 ? 'write them as a list of gates' : HOW);
    return undefined;
  }
  if (kind === 'command') return compileCommand(raw, path, subject, problems);
  if (kind === 'schema') return compileSchema(raw, path, subject, context);
  if (kind === 'agent') return compileReview(raw, path, subject, problems);
  return compileQuorum(raw, path, subject, problems);
}

const durationOr = (text: string | undefined, otherwise: number): number =>
  (text === undefined ? undefined : parseDurationMs(text)) ?? otherwise;

function compileCommand(raw: unknown, path: DocumentPath, subject: string, problems: ProblemList): Gate | undefined {
  const gate = problems.check(gateSources.command, raw, path, subject);
  if (gate === undefined) return undefined;
  const { command: argv, timeout, tree } = gate;
  const timeoutMs = durationOr(timeout, DEFAULT_GATE_TIMEOUT_MS);
  if (tree === undefined) return { kind: 'command', argv, timeoutMs };
  const { of, only } = tree;
  return { kind: 'command', argv, timeoutMs, tree: only === undefined ? { of } : { of, only } };
}

function compileReview(raw: unknown, path: DocumentPath, subject: string, problems: ProblemList): Gate | undefined {
  const review = problems.check(gateSources.agent, raw, path, subject)?.agent;
  if (review === undefined) return undefined;
  const deadlineMs = durationOr(review.deadline, DEFAULT_DEADLINE_MS);
  return { kind: 'agent', type: review.type, price: BigInt(review.price), deadlineMs };
}

function compileQuorum(raw: unknown, path: DocumentPath, subject: string, problems: ProblemList): Gate | undefined {
  const quorum = problems.check(gateSources.quorum, raw, path, subject)?.quorum;
  if (quorum === undefined) return undefined;
  if (quorum.agree <= quorum.of) return { kind: 'quorum', ...quorum };
  const what = `${subject}: ${quorum.agree} agents cannot agree when only ${quorum.of} are asked`;
  problems.add([...path, 'quorum', 'agree'], what, 'lower "agree" or raise "of"');
  return undefined;
}

function compileSchema(raw: unknown, path: DocumentPath, subject: string, context: GateContext): Gate | undefined {
  const { source, problems } = context;
  const given = problems.check(gateSources.schema, raw, path, subject)?.schema;
  if (given === undefined) return undefined;
  const at = [...path, 'schema'];
  const read = typeof given === 'string' ? source.readSchema(given) : { schema: given as Json };
  if ('problem' in read) {
    problems.add(at, `${subject}: ${read.problem}`, 'give the path relative to the plan file');
    return undefined;
  }
  const invalid = source.schemaProblem(read.schema);
  if (invalid === undefined) return { kind: 'schema', schema: read.schema };
  problems.add(at, `${subject}: not a usable JSON Schema: ${invalid}`, 'mend the schema');
  return undefined;
}
