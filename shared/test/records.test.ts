import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  fillMessages,
  fitsOneMessage,
  MAX_MESSAGE_BYTES,
  MessageFill,
  PaymentFill,
  packRecords,
  unpackMessage,
} from '@gatepost/shared/records/codec';
import { recordsJsonSchema } from '@gatepost/shared/records/json-schema';
import { MessageText } from '@gatepost/shared/records/message-text';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { CountedNames, LearntNames, namesOf, withIds } from '@gatepost/shared/records/task-names';
import { canonicalJson, sha256 } from '@gatepost/shared/vocabulary/digest';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const TASKS = Array.from({ length: 400 }, (_, index) => `task-${index}`);
const names = namesOf(TASKS);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const of = {
  task: fc.oneof(
    fc.constantFrom(...TASKS),
    fc.tuple(fc.integer({ min: 1, max: 99 }), fc.constantFrom(...TASKS)).map(([n, task]) => `${n}~${task}`),
  ),
  attempt: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 1_000_000 })),
};
const amount = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map(String);
const reason = fc.string({ maxLength: 60 });
const type = <T extends string>(name: T) => fc.constant(name);

const ofAttempt: fc.Arbitrary<AnyRecord> = fc.oneof(
  fc.record({ type: type('started'), ...of }),
  fc.record({ type: type('timed_out'), ...of }),
  fc.record({ type: type('cancel'), ...of, reason }),
  fc.record({
    type: type('verdict'),
    ...of,
    accepted: fc.boolean(),
    gate: fc.constantFrom('schema', 'command'),
    reason,
  }),
  fc.record({ type: type('result'), ...of, outcome: type('ok'), output_sha256: digest, output_size: fc.nat() }),
  fc.record({ type: type('result'), ...of, outcome: type('failed'), reason }),
  fc.record({ type: type('dispute'), ...of, schedule: fc.constant('0.0.9'), reason }),
  fc.record({ type: type('decision'), ...of, pay: fc.boolean(), reason }),
  fc
    .record({
      type: type('result'),
      ...of,
      outcome: type('ok'),
      output: fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom('', '{"done":true}')),
    })
    .map((result) => ({
      ...result,
      output_sha256: sha256(result.output),
      output_size: Buffer.byteLength(result.output),
    })),
  fc.record({
    type: type('settled'),
    token: fc.constant('0.0.7'),
    payments: fc.array(fc.record({ ...of, to: fc.constantFrom('0.0.9', '0.0.8'), amount }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
  fc.record({
    type: type('assign'),
    ...of,
    task_type: fc.constantFrom('work', 'review'),
    input_sha256: digest,
    input_size: fc.nat(),
    deadline_ms: fc.constantFrom(1_800_000_000_000, 1_800_000_000_001),
    price: amount,
    token: fc.constant('0.0.7'),
    judge: fc.constantFrom(undefined, '0.0.3', '0.0.4'),
  }),
  fc.record({ ...of, input: fc.jsonValue({ maxDepth: 1 }) }).map(assignedInFull),
);

/** The assignment of an attempt with its input. */
function assignedInFull(attempt: {
  readonly task: string;
  readonly attempt: number;
  readonly input: unknown;
}): AnyRecord {
  const text = canonicalJson(attempt.input);
  const terms = { task_type: 'work', deadline_ms: 1_800_000_000_000, price: '1', token: '0.0.7' };
  return { type: 'assign', ...attempt, ...terms, input_sha256: sha256(text), input_size: Buffer.byteLength(text) };
}

const ofWhole: fc.Arbitrary<AnyRecord> = fc.oneof(
  fc.record({ type: type('offline'), session: fc.constantFrom('a', 'b'), reason }),
  fc.record({ type: type('lapsed'), session: type('a'), lease: fc.integer({ min: 1 }) }),
  fc.record({
    type: type('online'),
    session: fc.constantFrom('a', 'b'),
    inbox: type('0.0.5'),
    address: type('127.0.0.1:1'),
    cert_sha256: digest,
    capabilities: fc.constant(['work']),
    slots: fc.constant(1),
  }),
  fc.record({ type: type('run_closed'), outcome: type('complete'), state_sha256: digest }),
  fc.record({
    type: type('run_opened'),
    plan_sha256: digest,
    name: reason,
    tasks: fc.constant(3),
    token: type('0.0.7'),
    gatekeeper: fc.constantFrom(undefined, '0.0.3'),
    escrow: fc.constantFrom(undefined, '0.0.6'),
    arbiter: fc.constantFrom(undefined, '0.0.4'),
  }),
  fc.record({
    type: type('gatekeeper_online'),
    session: fc.constantFrom('a', 'b'),
    address: type('127.0.0.1:1'),
    cert_sha256: fc.option(digest, { nil: undefined }),
  }),
  fc.record({ type: type('gatekeeper_offline'), session: fc.constantFrom('a', 'b'), reason }),
  fc.record({ type: type('directive'), action: type('cancel'), reason }),
);

const record = fc.oneof({ weight: 6, arbitrary: ofAttempt }, { weight: 1, arbitrary: ofWhole });

/** What is read from messages, with tasks by their ids. */
function readBack(messages: readonly Buffer[]): AnyRecord[] {
  return messages.flatMap((message) => {
    const read = unpackMessage(message);
    if ('malformed' in read) throw new Error(read.malformed);
    return read.records.map((one) => withIds(one, names));
  });
}

/** Without what only a record that was read has, and in an order of no meaning. */
function told(record: AnyRecord): string {
  if (record.type === 'assign') return canonicalJson({ ...record, numbered: undefined });
  if (record.type !== 'settled') return canonicalJson(record);
  return canonicalJson({ ...record, payments: record.payments.map((one) => canonicalJson(one)).sort() });
}

const keysOf = (record: AnyRecord): string[] =>
  record.type === 'settled'
    ? record.payments.map(({ task, attempt }) => `${task}#${attempt}`)
    : 'attempt' in record && record.type !== 'directive'
      ? [`${record.task}#${record.attempt}`]
      : [];

describe('messages', () => {
  it('hold every record, each message within one chunk', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 60 }),
        fc.option(fc.constant('run-1'), { nil: undefined }),
        (records, run) => {
          const messages = packRecords(run, records, names);
          for (const message of messages) {
            expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
            expect(unpackMessage(message)).toMatchObject({ run, unknownTypes: [] });
          }
          expect(readBack(messages).map(told).sort()).toEqual(records.map(told).sort());
        },
      ),
    );
  });

  it('are read in the order of writing by whoever looks at one attempt, and around what concerns all', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        const read = readBack(packRecords('r', records, names));
        const about = (key: string | undefined) => (one: AnyRecord) =>
          keysOf(one).length === 0 || key === undefined || keysOf(one).includes(key);
        for (const key of new Set(records.flatMap(keysOf))) {
          expect(read.filter(about(key)).map(told)).toEqual(records.filter(about(key)).map(told));
        }
      }),
    );
  });

  it('say how many records each holds', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        const messages = fillMessages('r', records, names);
        expect(messages.reduce((sum, { size }) => sum + size, 0)).toBe(records.length);
      }),
    );
  });

  it('take a record whenever the last one has room for it', () => {
    fc.assert(
      fc.property(fc.array(ofAttempt, { minLength: 2, maxLength: 60 }), (records) => {
        const sizes = fillMessages('r', records, names).map(({ size }) => size);
        let first = 0;
        for (const size of sizes.slice(0, -1)) {
          expect(fitsOneMessage('r', records.slice(first, first + size + 1), names)).toBe(false);
          first += size;
        }
      }),
    );
  });

  it('know their size before they are written, whatever they hold and in whatever order it came', () => {
    const numbered = (numbers: readonly number[]) =>
      numbers.map(
        (number): AnyRecord => ({ type: 'started', task: TASKS[number] ?? '', attempt: number > 15 ? 2 : 1 }),
      );
    const inRows = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 60 }).map(numbered);
    fc.assert(
      fc.property(fc.oneof(fc.array(record, { maxLength: 60 }), inRows), (records) => {
        const text = new MessageText('r-🦊', names);
        for (const one of records) {
          if (new Set(['epoch', 'online', 'run_opened', 'run_closed', 'offline', 'lapsed']).has(one.type)) continue;
          text.take(one);
          expect(text.take(one, text.bytes)).toBe(false);
          expect(text.bytes).toBe(Buffer.byteLength(text.text()));
        }
      }),
    );
  });

  it('take payments one by one as long as their record fits', () => {
    const paid = fc.record({ ...of, to: fc.constantFrom('0.0.9', '0.0.8'), amount });
    fc.assert(
      fc.property(fc.array(paid, { minLength: 30, maxLength: 120 }), (payments) => {
        const fill = new PaymentFill('r', '0.0.7', 'x@1.2', names);
        const taken = payments.findIndex((payment) => !fill.add(payment));
        const fits = (count: number) =>
          fitsOneMessage(
            'r',
            [{ type: 'settled', token: '0.0.7', transfer: 'x@1.2', payments: payments.slice(0, count) }],
            names,
          );
        expect(fits(taken < 0 ? payments.length : taken)).toBe(true);
        if (taken >= 0) expect(fits(taken + 1)).toBe(false);
      }),
    );
  });

  it('refuse a record that alone is too large', () => {
    const huge: AnyRecord = { type: 'cancel', task: 'task-1', attempt: 1, reason: '🦊'.repeat(300) };
    expect(() => packRecords('r', [huge])).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }));
  });

  it('refuse a task without a number', () => {
    expect(() => packRecords('r', [{ type: 'started', task: 'unknown', attempt: 1 }], names)).toThrow(/has no number/);
  });

  it('never throw on what anybody may have written', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 1024 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const read = unpackMessage(bytes);
          expect('malformed' in read || Array.isArray(read.records)).toBe(true);
        },
      ),
    );
  });
});

/** A run of 14 characters, as the coordinator names them; entity numbers of the public networks' length. */
const RUN = '24fc41ab7d60-1';
const LARGE = Array.from({ length: 4_000 }, (_, index) => `resize-image-${index}`);
const largeNames = namesOf(LARGE);
const at = (index: number) => ({ task: LARGE[1_000 + index] ?? '', attempt: 1 });
const SHA256 = sha256('');

describe('a message holds at least', () => {
  const most = (recordAt: (index: number) => AnyRecord): number => {
    const fill = new MessageFill(RUN, largeNames);
    while (fill.add(recordAt(fill.size)));
    return fill.size;
  };

  it('9 assignments, 13 results, 100 that are alike, 100 verdicts, 500 verdicts on tasks in a row', () => {
    const input = { input_sha256: SHA256, input_size: 4_321 };
    const terms = { task_type: 'resize', deadline_ms: 1_800_000_000_000, price: '1200', token: '0.0.5123456' };
    expect(most((index) => ({ type: 'assign', ...at(index * 3), ...input, ...terms }))).toBeGreaterThanOrEqual(9);
    const output = (index: number) => ({ output_sha256: sha256(`${index}`), output_size: 54_321 });
    const result = { type: 'result', outcome: 'ok' } as const;
    expect(most((index) => ({ ...result, ...at(index * 3), ...output(index) }))).toBeGreaterThanOrEqual(13);
    expect(most((index) => ({ ...result, ...at(index * 3), ...output(0) }))).toBeGreaterThanOrEqual(100);
    const verdict = { type: 'verdict', accepted: true, gate: 'command+schema', reason: '' } as const;
    expect(most((index) => ({ ...verdict, ...at(index * 3) }))).toBeGreaterThanOrEqual(100);
    expect(most((index) => ({ ...verdict, ...at(index) }))).toBeGreaterThanOrEqual(500);
  });

  it('a fifth more assignments with inputs when the tasks are numbered in a row', () => {
    const assign = (index: number) => assignedInFull({ ...at(index), input: { input: 1 } });
    expect(most(assign)).toBeGreaterThanOrEqual(1.2 * most((index) => assign(index * 3)));
  });

  it('100 payments to nine agents', () => {
    const payments = Array.from({ length: 100 }, (_, index) => ({
      ...at(index * 3),
      to: `0.0.512345${index % 9}`,
      amount: '1200',
    }));
    const transfer = '0.0.5123456@1795582478.786000000';
    const settled: AnyRecord = { type: 'settled', token: '0.0.5123456', transfer, payments };
    expect(fitsOneMessage(RUN, [settled], largeNames)).toBe(true);
  });
});

describe('docs/records.schema.json', () => {
  const published = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/records.schema.json'), 'utf8'));

  it('is what messages are read by; `npm run schemas -w coordinator` writes it', () => {
    expect(published).toEqual(recordsJsonSchema());
  });

  it('accepts whatever is written', () => {
    const validate = new Ajv2020({ strict: false }).compile(published);
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), (records) => {
        for (const message of packRecords('r', records, names)) {
          expect(validate(JSON.parse(message.toString('utf8'))), JSON.stringify(validate.errors)).toBe(true);
        }
      }),
    );
    expect(validate({ gatepost: 2, started: 'a' })).toBe(false);
  });
});

const read = (message: unknown) => unpackMessage(Buffer.from(JSON.stringify(message)));

describe('what is read', () => {
  it('keeps what it knows beside what it does not', () => {
    expect(read({ gatepost: 2, run: 'r', from_the_future: [{ x: 1 }], started: '1' })).toEqual({
      run: 'r',
      records: [{ type: 'started', task: '#1', attempt: 1 }],
      unknownTypes: ['from_the_future'],
    });
  });

  it('names tasks as their assignments do, whatever else they are called', () => {
    const assign = (number: string, task: string) => [
      { type: 't', price: '1', deadline_ms: 1, tasks: [[number, task, { input: 1 }]] },
    ];
    const learnt = new LearntNames();
    const learn = (number: string, task: string) => {
      const said = read({ gatepost: 2, run: 'r', token: '0.0.1', assign: assign(number, task) });
      if ('malformed' in said) throw new Error(said.malformed);
      return said.records.map((one) => {
        if (one.type === 'assign') learnt.learn(one.task, one.numbered);
        return withIds(one, learnt);
      });
    };
    expect(learn('7', 'report')).toMatchObject([{ task: 'report', numbered: '#7' }]);
    expect(learn('7', 'another')).toMatchObject([{ task: '#7' }]);
    expect(learn('2~7.3', '2~report')).toMatchObject([{ task: '2~report', attempt: 3 }]);
    expect(learn('2~7', 'report')).toMatchObject([{ task: '2~#7' }]);
    expect(withIds({ type: 'started', task: '#8', attempt: 1 }, learnt)).toMatchObject({ task: '#8' });
  });

  it('counts on from the assignment before where one tells no number', () => {
    const of = (...tasks: readonly unknown[]) =>
      read({ gatepost: 2, run: 'r', token: '0.0.1', assign: [{ type: 't', price: '1', deadline_ms: 1, tasks }] });
    expect(of(['7.2', 'a', {}], ['b', 1], ['c', 2], ['20', 'd', 3], ['e', 4])).toMatchObject({
      records: [
        { task: 'a', numbered: '#7', attempt: 2, input: {} },
        { task: 'b', numbered: '#8', attempt: 1, input: 1 },
        { task: 'c', numbered: '#9', attempt: 1, input: 2 },
        { task: 'd', numbered: '#20', attempt: 1, input: 3 },
        { task: 'e', numbered: '#21', attempt: 1, input: 4 },
      ],
    });
    for (const wrong of [of(['a', 1]), of(['1~7', '1~a', {}], ['b', 1]), of(['9999999', 'a', {}], ['b', 1])]) {
      expect(wrong).toEqual({ malformed: expect.stringMatching(/without a number/) });
    }
    expect(of(['7', 'a', {}], ['b'])).toHaveProperty('malformed');
    const many = Array.from({ length: 3_000 }, () => ['b', 1]);
    expect(of(['1', 'a', 1], ...many)).toEqual({ malformed: expect.stringMatching(/too many/) });
  });

  it('says the same of all attempts that an output, a digest or a failure is told of', () => {
    const digest = Buffer.from(sha256('y'), 'hex').toString('base64url');
    const said = { result: [['8-9', digest, 1]], output: [['1,3-4', 'x']], failed: [['5-6.2', 'no']] };
    const told = read({ gatepost: 2, run: 'r', ...said });
    expect(told).toMatchObject({
      records: [
        { task: '#8', attempt: 1, output_sha256: sha256('y'), output_size: 1 },
        { task: '#9', attempt: 1, output_sha256: sha256('y'), output_size: 1 },
        { task: '#1', attempt: 1, output: 'x', output_sha256: sha256('x') },
        { task: '#3', attempt: 1, output: 'x' },
        { task: '#4', attempt: 1, output: 'x' },
        { task: '#5', attempt: 2, outcome: 'failed', reason: 'no' },
        { task: '#6', attempt: 2, outcome: 'failed', reason: 'no' },
      ],
    });
  });

  it('has the digest of what it is told in full', () => {
    const [assign] = packRecords(
      'r',
      [
        {
          type: 'assign',
          task: 'a',
          attempt: 1,
          task_type: 't',
          input_sha256: '',
          input_size: 0,
          input: { b: 1, a: [2] },
          deadline_ms: 1,
          price: '1',
          token: '0.0.1',
        },
      ],
      new CountedNames(),
    );
    const text = '{"a":[2],"b":1}';
    const known = { input_sha256: sha256(text), input_size: text.length, input: { a: [2], b: 1 } };
    expect(unpackMessage(assign ?? Buffer.alloc(0))).toMatchObject({ records: [known] });
  });

  it.each([
    ['another protocol version', { gatepost: 1, started: '1' }],
    ['no record', { gatepost: 2, run: 'r' }],
    ['an attempt that is no number', { gatepost: 2, started: 'a' }],
    ['a number that is not the shortest', { gatepost: 2, started: '01' }],
    ['attempt 0', { gatepost: 2, started: '1.0' }],
    ['a range that ends before it begins', { gatepost: 2, started: '9-3' }],
    ['a range of more than a message may speak of', { gatepost: 2, started: '1-9999999' }],
    ['many ranges of too much together', { gatepost: 2, started: '1-2000,3001-5000' }],
    ['payments without a token', { gatepost: 2, settled: [{ payments: [['0.0.2', '1', '1']] }] }],
    [
      'an amount that is no whole number',
      { gatepost: 2, token: '0.0.1', settled: [{ payments: [['0.0.2', '1.5', '1']] }] },
    ],
    ['a result without a digest', { gatepost: 2, result: [['1', null, 1]] }],
    ['a task under a number that is not its shortest', { gatepost: 2, started: '01~7' }],
    ['a digest in hex', { gatepost: 2, result: [['1', 'a'.repeat(64), 1]] }],
  ])('has no effect with %s', (_what, message) => {
    expect(read(message)).toHaveProperty('malformed');
  });
});
