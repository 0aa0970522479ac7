import { badRequest } from './http-error.js';

export type Operator = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte';
export type Order = 'asc' | 'desc';

/** Query parameters in the order given, names in lower case, with all values of a repeated name. */
export type Query = ReadonlyMap<string, readonly string[]>;

/** One `name=operator:value` of a query string. */
export interface Filter {
  readonly name: string;
  readonly operator: Operator;
  readonly value: string;
}

/** Whether a parameter accepts this operator and value. */
export type Validator = (value: string, operator: Operator) => boolean;

/** The parameters an endpoint knows. */
export type Accepted = Readonly<Record<string, Validator>>;

const OPERATORS: ReadonlySet<string> = new Set(['eq', 'ne', 'lt', 'lte', 'gt', 'gte']);
const MAX_REPEATS = 100;
const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;

/**
 * Checks the query against what the endpoint accepts. Throws HttpError 400 naming first the parameters repeated
 * too often, then the invalid and at last the unknown ones, each in the order given.
 */
export function parseFilters(query: Query, accepted: Accepted): Filter[] {
  const filters: Filter[] = [];
  const repeated: string[] = [];
  const invalid: string[] = [];
  const unknown: string[] = [];
  for (const [name, values] of query) {
    if (values.length > MAX_REPEATS) {
      repeated.push(`Parameter values count exceeds maximum number allowed: ${name} count: ${values.length} max: 100`);
      continue;
    }
    const validator = Object.hasOwn(accepted, name) ? accepted[name] : undefined;
    if (validator === undefined) {
      unknown.push(...values.map(() => `Unknown query parameter: ${name}`));
      continue;
    }
    for (const text of values) {
      const filter = parseFilter(name, text);
      if (filter !== undefined && validator(filter.value, filter.operator)) filters.push(filter);
      else invalid.push(`Invalid parameter: ${name}`);
    }
  }
  const problems = [...repeated, ...invalid, ...unknown];
  if (problems.length > 0) throw badRequest(...problems);
  return filters;
}

function parseFilter(name: string, text: string): Filter | undefined {
  const parts = text.split(':');
  if (parts.length === 1) return { name, operator: 'eq', value: text };
  const [operator = '', value = ''] = parts;
  return parts.length === 2 && isOperator(operator) ? { name, operator, value } : undefined;
}

function isOperator(text: string): text is Operator {
  return OPERATORS.has(text);
}

/** The filters of one parameter. */
export function filtersOf(filters: readonly Filter[], name: string): Filter[] {
  return filters.filter((filter) => filter.name === name);
}

/** The value of the last filter of a parameter, the one the mirror honours. */
export function lastValue(filters: readonly Filter[], name: string): string | undefined {
  return filtersOf(filters, name).at(-1)?.value;
}

/** Items of a page: 25 unless told, at most 100. */
export function limitOf(filters: readonly Filter[]): number {
  const value = lastValue(filters, 'limit');
  return value === undefined ? DEFAULT_LIMIT : Math.min(Number(value), MAX_LIMIT);
}

export function orderOf(filters: readonly Filter[], otherwise: Order): Order {
  const value = lastValue(filters, 'order');
  return value === 'asc' || value === 'desc' ? value : otherwise;
}

/** Throws HttpError 400 unless the query is empty, for endpoints that know no parameter. */
export function refuseParameters(query: Query): void {
  parseFilters(query, {});
}
