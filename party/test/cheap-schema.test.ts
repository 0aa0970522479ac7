import { isCheapSchema } from '@gatepost/party/core/cheap-schema';
import { isLargerThan } from '@gatepost/shared/vocabulary/json-size';
import { expect, it } from 'vitest';

it.each([
  ['true', true],
  ['types, bounds and names', { type: 'object', required: ['a'], properties: { a: { minimum: 1 } }, title: 'x' }],
  ['one in another', { items: { anyOf: [{ type: 'string' }, { not: { const: { $ref: 1, pattern: '(a+)+' } } }] } }],
  ['a property that is called like a keyword', { properties: { pattern: { type: 'string' }, $ref: true } }],
])('is cheap: %s', (_what, schema) => {
  expect(isCheapSchema(schema)).toBe(true);
});

it.each([
  ['a regular expression', { pattern: '^a' }],
  ['one of keys', { patternProperties: { '^a': {} } }],
  ['a comparison of items', { uniqueItems: true }],
  ['a reference', { $ref: '#' }],
  ['what looks for items', { contains: { type: 'string' } }],
  ['an unknown keyword', { 'x-mine': 1 }],
  ['deep inside', { properties: { a: { anyOf: [true, { items: { if: { pattern: 'a' } } }] } } }],
  ['what another keyword refers to', { $defs: { a: {} }, properties: {} }],
])('is not cheap: %s', (_what, schema) => {
  expect(isCheapSchema(schema)).toBe(false);
});

it.each([
  ['a text', 'four', 5],
  ['lists', [[1, 2], [3]], 6],
  ['an object', { ab: 1, cd: [null, 'x'] }, 10],
])('counts values and characters: %s', (_what, value, size) => {
  expect([isLargerThan(value, size - 1), isLargerThan(value, size)]).toEqual([true, false]);
});
