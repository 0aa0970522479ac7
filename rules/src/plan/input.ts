import { isTreeName, meansRepository, repositoryProblems } from '@gatepost/shared/vocabulary/repository';
import type { DocumentPath, ProblemList } from './problem.js';
import { quote } from './problem.js';

/** Deepest nesting of an input. */
const MAX_DEPTH = 64;

/** A place in an input that stands for another task's output. */
export interface OutputReference {
  readonly task: string;
  /** RFC 6901; empty for the whole output. */
  readonly pointer: string;
  readonly path: DocumentPath;
}

interface Walk {
  /** Where the input itself stands. */
  readonly root: DocumentPath;
  readonly subject: string;
  readonly problems: ProblemList;
  readonly found: OutputReference[];
}

/**
 * Finds the references to outputs in a task's input and reports malformed ones, malformed repositories, and values JSON
 * cannot hold.
 * @param path where the input stands in the document.
 */
export function outputReferences(
  input: unknown,
  path: DocumentPath,
  subject: string,
  problems: ProblemList,
): readonly OutputReference[] {
  const found: OutputReference[] = [];
  visit(input, path, 0, { root: path, subject, problems, found });
  return found;
}

function visit(value: unknown, path: DocumentPath, depth: number, walk: Walk): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    walk.problems.add(path, `${walk.subject}: ${value} is not a JSON number`, 'leave it out or write it as a text');
  }
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) {
    walk.problems.add(path, `${walk.subject}: input is nested deeper than ${MAX_DEPTH}`, 'flatten it');
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(item, [...path, index], depth + 1, walk);
    return;
  }
  if (Object.hasOwn(value, '$output')) {
    reference(value as Record<string, unknown>, path, walk);
    return;
  }
  if (meansRepository(value)) {
    repository(value, path, walk);
    return;
  }
  for (const [key, item] of Object.entries(value)) visit(item, [...path, key], depth + 1, walk);
}

function repository(value: Readonly<Record<string, unknown>>, path: DocumentPath, walk: Walk): void {
  const { root, subject, problems } = walk;
  const [name, ...deeper] = path.slice(root.length);
  if (typeof name !== 'string' || deeper.length > 0 || !isTreeName(name)) {
    const what = `${subject}: a repository is a member of the input, whose name is that of its directory`;
    problems.add(
      path,
      what,
      'write input: { repo: { "$git": ... } }, with letters, digits, ".", "_" or "-", not "inputs"',
    );
  }
  for (const { path: below, what, how } of repositoryProblems(value)) {
    problems.add([...path, ...below], `${subject}: ${what}`, how);
  }
}

const POINTER = /^(\/([^~/]|~[01])*)*$/;

function reference(value: Record<string, unknown>, path: DocumentPath, { subject, problems, found }: Walk): void {
  const { $output: task, pointer = '', ...rest } = value;
  const extra = Object.keys(rest)[0];
  if (extra !== undefined) {
    const how = 'a reference has "$output" and "pointer" only; put other keys beside it, not in it';
    problems.add([...path, extra], `${subject}: unknown key "${extra}" in a reference to an output`, how);
  }
  if (typeof task !== 'string') {
    problems.add([...path, '$output'], `${subject}: "$output" must be a task id, not ${quote(task)}`, 'name a task');
    return;
  }
  if (typeof pointer !== 'string' || !POINTER.test(pointer)) {
    const how = 'RFC 6901: write "" for the whole output or "/a/0/b" for a part; "~" is ~0 and "/" in a name is ~1';
    problems.add([...path, 'pointer'], `${subject}: ${quote(pointer)} is no JSON pointer`, how);
    return;
  }
  found.push({ task, pointer, path: [...path, '$output'] });
}
