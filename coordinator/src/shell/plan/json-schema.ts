import type { Json } from '@gatepost/shared/vocabulary/digest';
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

/** Why a JSON Schema cannot be used; undefined when it can. */
export function schemaProblem(schema: Json): string | undefined {
  try {
    schemaValidator(schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
