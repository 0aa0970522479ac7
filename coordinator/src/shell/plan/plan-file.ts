import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { compilePlan } from '@gatepost/rules/plan/compile';
import type { SchemaSource } from '@gatepost/rules/plan/gates';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { isSafeNumber, parse } from 'lossless-json';
import { schemaProblem } from './json-schema.js';
import { PlanDocument } from './plan-document.js';

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message;
    throw new GatepostError('INVALID_PLAN', `${path}:1:1: cannot be read: ${reason}; check the path`, { path }, error);
  }
}

/** JSON Schemas of a plan, in place and in files beside it; each is read and tried once. */
function schemaFiles(planPath: string): SchemaSource {
  const known = new Map<string, ReturnType<SchemaSource['readSchema']>>();
  const tried = new Map<string, string | undefined>();
  const read = (file: string): ReturnType<SchemaSource['readSchema']> => {
    try {
      return { schema: JSON.parse(readFileSync(resolve(dirname(planPath), file), 'utf8')) as Json };
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
    schemaProblem: (schema) => {
      const text = JSON.stringify(schema);
      if (!tried.has(text)) tried.set(text, schemaProblem(schema));
      return tried.get(text);
    },
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
    document.checkExactIntegers();
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
export function loadPlan(path: string): Plan {
  const text = readText(path);
  const source = schemaFiles(path);
  const json = quickJson(text);
  const compiled = json === undefined ? undefined : compilePlan(json, source);
  return compiled !== undefined && 'plan' in compiled ? compiled.plan : compileWithPlaces(path, text, source);
}
