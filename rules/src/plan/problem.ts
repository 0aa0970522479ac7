import { z } from 'zod';
import { nearestWord } from './nearest-word.js';

/** Where something stands in a document: keys and indexes from the top. */
export type DocumentPath = readonly (string | number)[];

/** One thing that is wrong with a plan. */
export interface PlanProblem {
  readonly path: DocumentPath;
  /** Whether the key at the end of the path is meant, or its value. */
  readonly at: 'key' | 'value';
  /** What is wrong, and after a semicolon how to mend it. */
  readonly message: string;
}

/** Collects problems, so that all are reported together. */
export class ProblemList {
  readonly problems: PlanProblem[] = [];

  /** Adds a problem with the value at a path. */
  add(path: DocumentPath, what: string, how: string): void {
    this.problems.push({ path, at: 'value', message: `${what}; ${how}` });
  }

  /**
   * Checks a value against a schema; undefined when it does not fit.
   * @param subject what the messages call the value, such as `task "a"`.
   */
  check<S extends z.ZodType>(schema: S, value: unknown, path: DocumentPath, subject: string): z.infer<S> | undefined {
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    for (const issue of checked.error.issues) {
      this.problems.push(...problemsOf(issue, { schema, value, path, subject }));
    }
    return undefined;
  }
}

interface Checked {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly path: DocumentPath;
  readonly subject: string;
}

/** The keys that the object at a path inside a schema may have. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let inner: unknown = schema;
  while (inner instanceof z.ZodOptional) inner = inner.unwrap();
  if (!(inner instanceof z.ZodObject)) return [];
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(inner.shape);
  const field: unknown = inner.shape[String(first)];
  return field instanceof z.ZodType ? keysAt(field, rest) : [];
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value;
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    inner = (inner as Record<PropertyKey, unknown>)[key];
  }
  return inner;
}

/** A value as a message quotes it; long ones are cut. */
export function quote(value: unknown): string {
  const text = typeof value === 'bigint' ? value.toString() : (JSON.stringify(value) ?? String(value));
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

function unknownKeys(keys: readonly string[], issuePath: readonly PropertyKey[], checked: Checked): PlanProblem[] {
  const known = keysAt(checked.schema, issuePath);
  const where = issuePath.length === 0 ? checked.subject : `${checked.subject}: "${issuePath.map(String).join('.')}"`;
  return keys.map((key) => {
    const nearest = nearestWord(key, known);
    const how = nearest === undefined ? `it may have ${known.join(', ')}` : `did you mean "${nearest}"?`;
    const path = [...checked.path, ...documentPath(issuePath), key];
    return { path, at: 'key' as const, message: `${where}: unknown key "${key}"; ${how}` };
  });
}

const documentPath = (path: readonly PropertyKey[]): DocumentPath =>
  path.map((key) => (typeof key === 'number' ? key : String(key)));

function problemsOf(issue: z.core.$ZodIssue, checked: Checked): readonly PlanProblem[] {
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, issue.path, checked);
  const path = [...checked.path, ...documentPath(issue.path)];
  const value = valueAt(checked.value, issue.path);
  const field = issue.path.map(String).join('.');
  if (field === '') {
    const message = `${checked.subject} must be a mapping of keys to values, not ${quote(value)}; indent its keys below it`;
    return [{ path, at: 'value', message }];
  }
  const [rule, ...how] = issue.message.split('; ');
  const mend = how.length === 0 ? '' : `; ${how.join('; ')}`;
  const message =
    value === undefined
      ? `${checked.subject}: "${field}" is missing; add it: it ${rule}`
      : `${checked.subject}: "${field}" ${rule}, not ${quote(value)}${mend}`;
  return [{ path, at: 'value', message }];
}
