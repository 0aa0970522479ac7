import type { Json } from '@gatepost/shared/vocabulary/digest';

/** Keywords whose value is one schema, a list of schemas, or schemas by name. */
const SCHEMA = new Set(['additionalProperties', 'items', 'not', 'if', 'then', 'else']);
const SCHEMAS = new Set(['prefixItems', 'anyOf', 'allOf', 'oneOf']);
const NAMED_SCHEMAS = new Set(['properties']);
/** Keywords that look at a value once, or at nothing. */
const PLAIN = new Set([
  'type',
  'const',
  'enum',
  'required',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'title',
  'description',
  'default',
  'examples',
  '$schema',
  '$comment',
]);

/**
 * Whether a JSON Schema takes no longer than its size times that of what it is applied to: it holds no regular
 * expression, no reference, and nothing that compares items with each other. What is not known here is not cheap.
 */
export function isCheapSchema(schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null) return true;
  return Object.entries(schema).every(([keyword, value]) => {
    if (PLAIN.has(keyword)) return true;
    if (SCHEMA.has(keyword)) return isCheapSchema(value);
    if (SCHEMAS.has(keyword) || NAMED_SCHEMAS.has(keyword)) return Object.values(value ?? {}).every(isCheapSchema);
    return false;
  });
}
