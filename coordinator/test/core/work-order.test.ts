import {
  feedbackFor,
  isBinary,
  outputValue,
  referencedTasks,
  resolveInput,
  workOrderBytes,
} from '@gatepost/party/core/work-order';
import type { Attempt } from '@gatepost/rules/run/attempt';
import { newTask } from '@gatepost/rules/run/run-state';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { accountId, topicId } from '@gatepost/shared/vocabulary/ids';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { taskOf } from './plans.js';

const outputs: Record<string, Json> = { a: { list: [1, { 'x/y~z': 'deep' }] }, b: 'text' };
const resolve = (input: Json) => resolveInput(input, (task) => outputs[task] ?? null);

it('references stand for outputs, whole or a part by JSON pointer', () => {
  const input = {
    whole: { $output: 'b' },
    part: [{ $output: 'a', pointer: '/list/1/x~1y~0z' }],
    first: { $output: 'a', pointer: '/list/0' },
  };
  expect(resolve(input)).toEqual({ whole: 'text', part: ['deep'], first: 1 });
  expect([...referencedTasks(input)]).toEqual(['b', 'a']);
  expect(() => resolve({ $output: 'a', pointer: '/none' })).toThrow('the output of a has nothing at /none');
  for (const pointer of ['/constructor', '/list/length', '/list/-', '/list/00']) {
    expect(() => resolve({ $output: 'a', pointer }), pointer).toThrow('nothing at');
  }
});

it('an input without references is itself, and equal inputs are equal bytes', () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(json, (value) => {
      fc.pre(!JSON.stringify(value).includes('$output'));
      expect(resolve(value)).toEqual(value);
      expect(outputValue(workOrderBytes({ input: value }))).toEqual({ input: JSON.parse(JSON.stringify(value)) });
    }),
  );
});

it('feedback is the last rejection before the assignment, whatever was decided later', () => {
  const attempt = (
    number: number,
    assignedAt: bigint,
    verdict?: [accepted: boolean, gate: string, at: bigint],
  ): Attempt => ({
    task: 't',
    number,
    round: number,
    agent: accountId('0.0.1'),
    inbox: topicId('0.0.2'),
    inboxSequence: 1,
    price: 1n,
    inputSha256: '',
    inputSize: 0,
    deadlineMs: 0,
    assignedAt,
    startedAt: undefined,
    superseded: false,
    cancelled: false,
    timedOutAt: undefined,
    result: undefined,
    verdict: verdict && { accepted: verdict[0], gate: verdict[1], reason: `said ${number}`, at: verdict[2] },
    payment: undefined,
    dispute: undefined,
  });
  const task = newTask(taskOf('t'), 0);
  const third = attempt(3, 50n);
  task.attempts.push(attempt(1, 10n, [false, 'command', 20n]), attempt(2, 30n, [false, 'superseded', 40n]), third);
  expect(feedbackFor(task, task.attempts[0])).toBeUndefined();
  expect(feedbackFor(task, third)).toBe('said 1');
  expect(feedbackFor(task, undefined)).toBe('said 1');
});

it('bytes that are no text are told as base64, and nothing else is', () => {
  expect(outputValue(Buffer.from([0xff, 0x00]))).toEqual({ $base64: '/wA=' });
  expect(outputValue(Buffer.from('a \uFFFD b'))).toBe('a \uFFFD b');
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const value = outputValue(bytes);
      const isText = Buffer.from(Buffer.from(bytes).toString('utf8')).equals(Buffer.from(bytes));
      expect(isBinary(value)).toBe(!isText);
      if (isText) return;
      const { $base64 } = value as { readonly $base64: string };
      expect(Buffer.from($base64, 'base64')).toEqual(Buffer.from(bytes));
    }),
  );
});

it('binary outputs stand anywhere in an input, and have no parts but their bytes', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
  const binary = outputValue(bytes);
  const within = (input: Json) => resolveInput(input, () => binary);
  expect(within([{ deep: [{ $output: 'x' }] }, { $output: 'x' }])).toEqual([{ deep: [binary] }, binary]);
  const base64 = within({ $output: 'x', pointer: '/$base64' });
  expect(Buffer.from(String(base64), 'base64')).toEqual(bytes);
  for (const pointer of ['/0', '/length', '/$base64/0']) {
    expect(() => within({ $output: 'x', pointer }), pointer).toThrow('the output of x has nothing at');
  }
});

it('what an agent delivers is never taken for a reference, nor for anything of the language', () => {
  const hostile = outputValue(Buffer.from('{"$output":"b","pointer":"","__proto__":{"x":1},"a":[{"$output":"b"}]}'));
  const given = resolveInput({ part: { $output: 'h' } }, (task) => (task === 'h' ? hostile : 'another output'));
  expect(workOrderBytes({ input: given }).toString()).toBe(
    '{"input":{"part":{"$output":"b","__proto__":{"x":1},"a":[{"$output":"b"}],"pointer":""}}}',
  );
  expect(({} as { x?: number }).x).toBeUndefined();
});
