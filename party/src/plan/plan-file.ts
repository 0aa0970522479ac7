import { dirname, resolve } from 'node:path';
import { compilePlan } from '@gatepost/rules/plan/compile';
import type { SchemaSource } from '@gatepost/rules/plan/gates';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { isSafeNumber, parse } from 'lossless-json';
import { festivalHint } from './festival-hint.js';
import { schemaProblems } from './json-schema.js';
import { PlanDocument } from './plan-document.js';
import { notUtf8, readUtf8, type Utf8File } from './utf8-file.js';

function invalid(path: string, problem: string, cause?: unknown): GatepostError {
  return new GatepostError('INVALID_PLAN', `${path}:${problem}`, { path }, cause);
}

function readText(path: string): string {
  let read: Utf8File;
  try {
    read = readUtf8(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') {
      throw invalid(path, '1:1: is a directory; to turn a festival into a plan: coordinator import <directory>', error);
    }
    const reason = code === 'ENOENT' ? 'no such file' : message;
    throw invalid(path, `1:1: cannot be read: ${reason}; check the path`, error);
  }
  if ('text' in read) return read.text;
  throw invalid(path, `${read.line}:${read.column}: ${notUtf8(read)}`);
}

/** JSON Schemas of a plan, in place and in files beside it; each is read and tried once. */
function schemaFiles(planPath: string): SchemaSource {
  const known = new Map<string, ReturnType<SchemaSource['readSchema']>>();
  const read = (file: string): ReturnType<SchemaSource['readSchema']> => {
    try {
      const read = readUtf8(resolve(dirname(planPath), file));
      if ('text' in read) return { schema: JSON.parse(read.text) as Json };
      return { problem: `line ${read.line}, column ${read.column} of the JSON Schema ${file}: ${notUtf8(read)}` };
    } catch (error) {
      return { problem: `cannot read the JSON Schema ${file}: ${(error as Error).message}` };
    }
  };
  return {
    readSchema: (file) => {
      const found = known.get(file) ?? read(file);
      known.set(file, found);
      return found;
    },
    schemaProblem: schemaProblems(),
  };
}

function exactNumber(text: string): number {
  if (isSafeNumber(text)) return Number(text);
  throw new RangeError(`${text} loses digits as a number`);
}

/**
 * A JSON plan without the places of its parts, which cost ten times as much; undefined for what is no plain JSON,
 * repeats a key or holds numbers that need care, which is then read as YAML.
 */
function quickJson(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return parse(text, null, exactNumber);
  } catch {
    return undefined;
  }
}

function compileWithPlaces(path: string, text: string, source: SchemaSource): Plan {
  const document = new PlanDocument(text);
  const value = document.value();
  if (document.problems.length === 0) {
    const compiled = compilePlan(value, source);
    document.checkNumbers();
    if ('problems' in compiled) for (const problem of compiled.problems) document.report(problem);
    else if (document.problems.length === 0) return compiled.plan;
  }
  const lines = document.problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`);
  throw new GatepostError('INVALID_PLAN', lines.join('\n'), { path, problems: lines.length });
}

/**
 * Reads and compiles a plan file, YAML or JSON.
 * @throws GatepostError INVALID_PLAN whose message lists all problems, one line each: `file:line:column: what; how to mend`.
 */
export const loadPlan = (path: string): Plan => compileText(path, readText(path), schemaFiles(path));

/**
 * Compiles the text of a plan that has no directory; its JSON Schemas stand in it.
 * @param name what problems call it.
 * @throws GatepostError INVALID_PLAN, as `loadPlan` does.
 */
export function planFromText(name: string, text: string): Plan {
  const readSchema = (file: string) => ({
    problem: `there is no file ${file} beside a plan that was sent; write the JSON Schema into the plan`,
  });
  return compileText(name, text, { readSchema, schemaProblem: schemaProblems() });
}

function compileText(path: string, text: string, source: SchemaSource): Plan {
  const json = quickJson(text);
  const compiled = json === undefined ? undefined : compilePlan(json, source);
  if (compiled !== undefined && 'plan' in compiled) return compiled.plan;
  const hint = festivalHint(path, text);
  if (hint !== undefined) throw invalid(path, `1:1: ${hint}`);
  return compileWithPlaces(path, text, source);
}
