import { fitsOneMessage, MAX_MESSAGE_BYTES, packRecords, unpackMessage } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const task = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
const attempt = fc.integer({ min: 1, max: 1000 });
const amount = fc.bigInt({ min: 1n, max: (1n << 63n) - 1n }).map(String);

const record: fc.Arbitrary<AnyRecord> = fc.oneof(
  fc.record({ type: fc.constant('started' as const), task, attempt }),
  fc.record({
    type: fc.constant('verdict' as const),
    task,
    attempt,
    accepted: fc.boolean(),
    gate: fc.constant('command'),
    reason: fc.string({ maxLength: 100 }),
  }),
  fc.record({
    type: fc.constant('result' as const),
    task,
    attempt,
    outcome: fc.constant('ok' as const),
    output_sha256: sha256,
    output_size: fc.nat(),
  }),
  fc.record({
    type: fc.constant('settled' as const),
    token: fc.constant('0.0.7'),
    payments: fc.array(fc.record({ task, attempt, to: fc.constant('0.0.9'), amount }), { minLength: 1, maxLength: 4 }),
  }),
);

describe('messages', () => {
  it('hold every record in order, each message within one chunk', () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 40 }),
        fc.option(fc.constant('run-1'), { nil: undefined }),
        (records, run) => {
          const messages = packRecords(run, records);
          for (const message of messages) expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
          const read = messages.map(unpackMessage);
          expect(read.flatMap((message) => ('records' in message ? message.records : []))).toEqual(records);
          for (const message of read) expect(message).toMatchObject({ run, unknownTypes: [] });
        },
      ),
    );
  });

  it('are as few as the order allows: a record that fits the previous message is in it', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 2, maxLength: 30 }), (records) => {
        const read = packRecords('r', records).map(unpackMessage);
        for (let i = 1; i < read.length; i += 1) {
          const [before, next] = [read[i - 1], read[i]];
          if (!before || !next || !('records' in before) || !('records' in next)) throw new Error('malformed');
          expect(fitsOneMessage('r', [...before.records, ...next.records.slice(0, 1)])).toBe(false);
        }
      }),
    );
  });

  it('refuse a record that alone is too large', () => {
    const huge: AnyRecord = { type: 'cancel', task: 't', attempt: 1, reason: '🦊'.repeat(300) };
    expect(() => packRecords('r', [huge])).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }));
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

  it('keep what they know beside what they do not', () => {
    const text = {
      gatepost: 1,
      run: 'r',
      records: [
        { type: 'from-the-future', x: 1 },
        { type: 'started', task: 't', attempt: 1, y: 2 },
      ],
    };
    expect(unpackMessage(Buffer.from(JSON.stringify(text)))).toEqual({
      run: 'r',
      records: [{ type: 'started', task: 't', attempt: 1 }],
      unknownTypes: ['from-the-future'],
    });
  });

  it.each([
    ['another protocol version', { gatepost: 2, records: [{ type: 'started', task: 't', attempt: 1 }] }],
    ['no record', { gatepost: 1, records: [] }],
    ['an attempt that is no number', { gatepost: 1, records: [{ type: 'started', task: 't', attempt: '1' }] }],
    [
      'an amount that is no whole number',
      {
        gatepost: 1,
        records: [
          { type: 'settled', token: '0.0.1', payments: [{ task: 't', attempt: 1, to: '0.0.2', amount: '1.5' }] },
        ],
      },
    ],
  ])('have no effect with %s', (_what, message) => {
    expect(unpackMessage(Buffer.from(JSON.stringify(message)))).toHaveProperty('malformed');
  });
});
