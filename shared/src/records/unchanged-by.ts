import type { z } from 'zod';

type Test = (value: unknown) => boolean;

/** What zod tells of a check, see `zod/v4/core/checks`. */
interface Check {
  readonly check: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number;
  readonly inclusive?: boolean;
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly fn?: (value: unknown) => unknown;
}

/** What zod tells of a schema, see `zod/v4/core/schemas`. */
interface Definition {
  readonly type: string;
  readonly format?: string;
  readonly coerce?: boolean;
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly items?: readonly z.ZodType[];
  readonly rest?: z.ZodType | null;
  readonly options?: readonly z.ZodType[];
  readonly innerType?: z.ZodType;
  readonly values?: readonly unknown[];
}

const never: Test = () => false;

/**
 * A quick test out of a schema, for JSON values. It is true only of what the schema accepts and gives back as it is. Of
 * what it is not true the schema has to decide: it may accept it all the same, such as an object with more in it than the
 * schema knows, or what is checked in a way that is not known here.
 */
export function unchangedBy(schema: z.ZodType): Test {
  const definition = schema.def as unknown as Definition;
  const { checks = [] } = definition;
  const tests = [typeTest(definition), ...checks.map(({ _zod: { def } }) => checkTest(def))];
  const [test = never, ...others] = tests;
  return others.length === 0 ? test : (value) => test(value) && others.every((other) => other(value));
}

function typeTest(definition: Definition): Test {
  switch (definition.type) {
    case 'string':
      return definition.format === undefined && definition.coerce !== true ? isString : never;
    case 'number':
      return definition.format === 'safeint' && definition.coerce !== true ? Number.isSafeInteger : never;
    case 'boolean':
      return definition.coerce === true ? never : isBoolean;
    case 'literal':
      return (value) => definition.values?.includes(value) === true;
    case 'unknown':
      return () => true;
    case 'optional':
      return definition.innerType === undefined ? never : unchangedBy(definition.innerType);
    case 'array':
      return arrayTest(definition);
    case 'tuple':
      return tupleTest(definition);
    case 'union':
      return unionTest(definition);
    case 'object':
      return objectTest(definition);
    default:
      return never;
  }
}

const isString: Test = (value) => typeof value === 'string';
const isBoolean: Test = (value) => typeof value === 'boolean';

function arrayTest({ element }: Definition): Test {
  if (element === undefined) return never;
  const test = unchangedBy(element);
  return (value) => Array.isArray(value) && value.every(test);
}

function tupleTest({ items, rest }: Definition): Test {
  if (items === undefined || rest != null) return never;
  const tests = items.map(unchangedBy);
  return (value) =>
    Array.isArray(value) && value.length === tests.length && tests.every((test, index) => test(value[index]));
}

function unionTest({ options = [] }: Definition): Test {
  const tests = options.map(unchangedBy);
  // An earlier option might accept and change what a later one accepts as it is; of tuples of different lengths none does.
  const lengths = new Set(options.map((option) => (option.def as unknown as Definition).items?.length));
  if (lengths.has(undefined) || lengths.size !== options.length) return never;
  return (value) => tests.some((test) => test(value));
}

function objectTest({ shape = {} }: Definition): Test {
  const tests = new Map(Object.entries(shape).map(([key, schema]) => [key, unchangedBy(schema)]));
  const needed = Object.keys(shape).filter((key) => shape[key]?.def.type !== 'optional');
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const key of needed) if (!Object.hasOwn(value, key)) return false;
    for (const key of Object.keys(value)) {
      if (tests.get(key)?.((value as Record<string, unknown>)[key]) !== true) return false;
    }
    return true;
  };
}

function checkTest({ check, minimum, maximum, value: bound, inclusive, format, pattern, fn }: Check): Test {
  const size = (value: unknown): number => (value as { readonly length: number }).length;
  if (check === 'min_length' && minimum !== undefined) return (value) => size(value) >= minimum;
  if (check === 'max_length' && maximum !== undefined) return (value) => size(value) <= maximum;
  if (check === 'greater_than' && typeof bound === 'number') {
    return (value) => (inclusive === true ? Number(value) >= bound : Number(value) > bound);
  }
  if (check === 'less_than' && typeof bound === 'number') {
    return (value) => (inclusive === true ? Number(value) <= bound : Number(value) < bound);
  }
  if (check === 'string_format' && format === 'regex' && pattern !== undefined && !pattern.global && !pattern.sticky) {
    return (value) => pattern.test(value as string);
  }
  if (check === 'custom' && fn !== undefined) return (value) => fn(value) === true;
  return never;
}
