import { packRecords, unpackMessage } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { LearntNames, NUMBERS_ALONE, namesOf, withIds } from '@gatepost/shared/records/task-names';
import { topicMessage } from '@gatepost/shared/records/topic-message';
import { unchangedBy } from '@gatepost/shared/records/unchanged-by';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const isUnchanged = unchangedBy(topicMessage);
const DIGEST = `${'A'.repeat(42)}E`;

/** Values at the edges of what the schema allows, and beside them. */
const leaf = fc.oneof(
  fc.constantFrom(...['1', '3,7-9', '1~7', '7.2', '9-3', '01', '1.0', '', ',', '0.0.7', '0.0.07', '1.5', '0', '-1']),
  fc.constantFrom(DIGEST, `${'A'.repeat(42)}B`, '1'.repeat(20), 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(401)),
  fc.constantFrom(...[null, true, false, 0, -0, 1, 2, -1, 1.5, 2 ** 53, 1e300]),
  fc.string({ maxLength: 5 }),
);
const value = fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });

/** A message of every kind of record. */
const whole = {
  gatepost: 2,
  run: 'r',
  token: '0.0.7',
  epoch: { epoch: 1, instance: 'i', host: 'h', pid: 7, state: 'begun' },
  run_opened: { plan_sha256: DIGEST, name: 'n', tasks: 3, gatekeeper: '0.0.3', escrow: '0.0.6' },
  online: { session: 's', inbox: '0.0.5', address: '127.0.0.1:1', capabilities: ['work'], slots: 1 },
  assign: [
    { type: 't', price: '1', deadline_ms: 1, judge: '0.0.3', tasks: [['1', 'a', { input: [1] }]] },
    { type: 't', price: '1', deadline_ms: 1, tasks: [['1~2', '1~b', DIGEST, 3]] },
  ],
  cancel: [{ task: 'a', attempt: 1, reason: '' }],
  directive: [{ action: 'approve', task: 'a', attempt: 1, reason: '', by: DIGEST }],
  started: '1-3,1~2',
  result: [['1', DIGEST, 3]],
  output: [['1', 'out']],
  failed: [['2.2', 'why']],
  verdict: [
    { accepted: true, gate: 'schema', reason: '', attempts: '1-3' },
    { accepted: false, gate: 'g', attempts: '2' },
  ],
  timed_out: '1,2',
  settled: [{ transfer: '0.0.3@1.2', payments: [['0.0.9', '1', '1,2.3']] }],
  dispute: [['1', '0.0.4', 'why']],
  decision: [['1', true, 'why']],
  lapsed: { session: 's', lease: 1 },
  offline: { session: 's', reason: '' },
  gatekeeper_offline: { session: 's', reason: '' },
  run_closed: { outcome: 'complete', state_sha256: DIGEST, until: '1.000000000' },
};

type Place = readonly (string | number)[];

function placesIn(value: unknown, place: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [place];
  return [place, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...place, key]))];
}

interface Edit {
  readonly place: Place;
  readonly how: 'replace' | 'drop' | 'repeat' | 'add';
  readonly by: unknown;
}

function edited(value: unknown, { place, how, by }: Edit): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return how === 'add' && Array.isArray(value) ? [...value, by] : how === 'replace' ? by : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.flatMap((one, index) => {
      if (String(index) !== String(key)) return [one];
      if (rest.length === 0 && how === 'drop') return [];
      return rest.length === 0 && how === 'repeat' ? [one, one] : [edited(one, { place: rest, how, by })];
    });
  }
  const fields = Object.entries(value).filter(([name]) => !(name === key && rest.length === 0 && how === 'drop'));
  const more = rest.length === 0 && how === 'add' ? [['more', by] as const] : [];
  return Object.fromEntries([
    ...fields.map(([name, one]) => [name, name === key ? edited(one, { place: rest, how, by }) : one] as const),
    ...more,
  ]);
}

const edit = fc.record<Edit>({
  place: fc.constantFrom(...placesIn(whole)),
  how: fc.constantFrom('replace', 'drop', 'repeat', 'add'),
  by: value,
});

/** Some of its records, with a few things changed in them. */
const message = fc
  .tuple(fc.subarray(Object.keys(whole).slice(1)), fc.array(edit, { maxLength: 3 }))
  .map(([keys, edits]) => {
    const some = Object.fromEntries(Object.entries(whole).filter(([key]) => key === 'gatepost' || keys.includes(key)));
    return edits.reduce<unknown>((one, by) => edited(one, by), some);
  });

describe('the quick test of a schema', () => {
  it('is true only of messages that the schema accepts and leaves as they are', () => {
    let quick = 0;
    fc.assert(
      fc.property(message, (some) => {
        const text = JSON.parse(JSON.stringify(some));
        if (!isUnchanged(text)) return;
        quick += 1;
        const slow = topicMessage.safeParse(text);
        expect(slow.error, JSON.stringify(text)).toBeUndefined();
        expect(slow.data).toStrictEqual(text);
      }),
      { numRuns: 3_000 },
    );
    expect(quick).toBeGreaterThan(300);
  });

  it('is true of what histories mostly consist of', () => {
    const { gatepost, run, token, assign, started, result, output, failed, verdict, settled, timed_out } = whole;
    const usual = { gatepost, run, token, assign, started, result, output, failed, verdict, settled, timed_out };
    expect(isUnchanged(usual)).toBe(true);
  });

  it.each([
    ['no object', 7],
    ['what is missing', { b: 'x' }],
    ['what is not known', { a: 'xy', b: 'x', c: 1 }],
    ['too short a text', { a: 'x', b: 'x' }],
    ['a text of another form', { a: 'xy', b: 'y' }],
    ['a number that is too small', { a: 'xy', n: 0 }],
    ['a number that is too large', { a: 'xy', n: 9 }],
    ['a number that is not whole', { a: 'xy', n: 1.5 }],
    ['a list that is too long', { a: 'xy', l: [1, 2, 3] }],
  ])('is not true of %s', (_, some) => {
    const schema = z.object({
      a: z.string().min(2),
      b: z.string().regex(/^x/).optional(),
      n: z.int().positive().max(8).optional(),
      l: z.array(z.unknown()).max(2).optional(),
    });
    expect(unchangedBy(schema)({ a: 'xy', b: 'x', n: 8, l: [1, 2] })).toBe(true);
    expect(unchangedBy(schema)(some)).toBe(false);
  });

  it.each([
    ['transforms', z.string().transform(Number), '1'],
    ['trims', z.string().trim(), ' a '],
    ['has a default', z.object({ a: z.string().default('x') }), {}],
    ['has two options of which the first may change it', z.union([z.object({ a: z.string() }), z.unknown()]), { b: 1 }],
    ['coerces', z.coerce.string(), 'a'],
    ['has a check that is not known', z.string().startsWith('a'), 'a'],
  ])('is true of nothing where a schema %s', (_, schema, some) => {
    expect(unchangedBy(schema)(some)).toBe(false);
  });
});

describe('tasks that are named as a message is read', () => {
  const learnt = new LearntNames();
  learnt.learn('a', '#1');
  learnt.learn('b', '#2');

  it.each([
    ['a plan', namesOf(['a', 'b'])],
    ['assignments', learnt],
    ['nobody', NUMBERS_ALONE],
    ['another plan', namesOf(['x'])],
  ])('by %s, are those of the records that were read', (_, names) => {
    fc.assert(
      fc.property(message, (some) => {
        const bytes = Buffer.from(JSON.stringify(some));
        const read = unpackMessage(bytes);
        const renamed = (one: AnyRecord): AnyRecord => withIds(one, names);
        const expected = 'malformed' in read ? read : { ...read, records: read.records.map(renamed) };
        expect(unpackMessage(bytes, () => names)).toEqual(expected);
      }),
    );
  });

  it('have the names of their run', () => {
    const started: AnyRecord = { type: 'started', task: '#1', attempt: 2 };
    const [bytes = Buffer.alloc(0)] = packRecords('r', [started]);
    const read = unpackMessage(bytes, (run) => namesOf([`of-${run}`]));
    expect(read).toEqual({ run: 'r', records: [{ ...started, task: 'of-r' }], unknownTypes: [] });
  });
});
