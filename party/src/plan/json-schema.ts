import type { Json } from '@gatepost/shared/vocabulary/digest';
import { isDeeperThan } from '@gatepost/shared/vocabulary/json-depth';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** A validator of JSON Schema 2020-12; unknown keywords and formats are comments, as the specification has it. */
const newValidator = (): Ajv2020 => new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

/**
 * Compiles a JSON Schema.
 * @throws Error that says what is wrong with it.
 */
export function schemaValidator(schema: Json): ValidateFunction {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema))) {
    throw new Error('a JSON Schema is an object, true or false');
  }
  return newValidator().compile(schema as object | boolean);
}

/** Deepest nesting of a JSON Schema. */
const MAX_SCHEMA_DEPTH = 100;

/**
 * Why JSON Schemas cannot be used; undefined when they can. Each is tried once: the tasks of a plan share few.
 */
export function schemaProblems(): (schema: Json) => string | undefined {
  const tried = new Map<string, string | undefined>();
  return (schema) => {
    if (isDeeperThan(schema, MAX_SCHEMA_DEPTH)) return `it is nested deeper than ${MAX_SCHEMA_DEPTH} levels`;
    const text = JSON.stringify(schema);
    if (!tried.has(text)) tried.set(text, problemOf(schema));
    return tried.get(text);
  };
}

function problemOf(schema: Json): string | undefined {
  try {
    schemaValidator(schema);
    return undefined;
  } catch (error) {
    return error instanceof RangeError ? 'its references lead back to themselves' : (error as Error).message;
  }
}
