import { createHmac, randomBytes } from 'node:crypto';
import { packRecords, unpackMessage } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { CountedNames } from '@gatepost/shared/records/task-names';
import { SealedChallenges } from '@gatepost/shared/server/sealed-challenges';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission } from '../../src/core/admission.js';
import { EventLog } from '../../src/core/event-log.js';
import { readInboxMessage } from '../../src/core/inbox-fold.js';
import { parseExecutorLine } from '../../src/core/line-protocol.js';
import { type Report, ReportQueue } from '../../src/core/report-queue.js';
import { resultRecord } from '../../src/core/result-record.js';
import { work } from '../support/records.js';

describe('the event log', () => {
  it('numbers without gaps whatever it leaves out, and always has a place for the end', () => {
    const kind = fc.constantFrom('progress', 'log', 'ack');
    fc.assert(
      fc.property(fc.array(kind, { maxLength: 200 }), (kinds) => {
        const log = new EventLog(0, { unacknowledged: 16, logLines: 40 });
        const numbers: number[] = [];
        for (const each of kinds) {
          if (each === 'ack') log.acknowledge(numbers.at(-1) ?? 0);
          else {
            const event =
              each === 'log'
                ? log.append({ type: 'log', line: 'x', droppedBefore: 0 }, 0)
                : log.append({ type: 'progress', fraction: 0, message: '' }, 0);
            if (event !== undefined) numbers.push(event.number);
          }
          expect(log.size).toBeLessThanOrEqual(16);
        }
        const end = log.append({ type: 'finished', ending: { outcome: 'failed', reason: 'x' } }, 0);
        expect([...numbers, end?.number]).toEqual(Array.from({ length: numbers.length + 1 }, (_, n) => n + 1));
      }),
    );
  });

  it('counts the log lines it dropped', () => {
    const log = new EventLog(0, { unacknowledged: 2, logLines: 10 });
    const line = { type: 'log', line: 'x', droppedBefore: 0 } as const;
    for (let n = 0; n < 5; n += 1) log.append(line, 0);
    log.acknowledge(2);
    expect(log.append(line, 0)?.kind).toMatchObject({ droppedBefore: 3 });
  });
});

describe('admission', () => {
  it('never runs more than its slots nor holds more than slots and queue, first in, first out', () => {
    const step = fc.oneof(fc.constant('offer'), fc.constant('grant'), fc.constant('leave'));
    fc.assert(
      fc.property(fc.nat(4), fc.nat(4), fc.array(step, { maxLength: 100 }), (slots, queue, steps) => {
        const admission = new Admission(slots + 1, queue);
        const granted: number[] = [];
        let next = 0;
        for (const each of steps) {
          if (each === 'offer') admission.offer(String(next++));
          else if (each === 'grant') {
            const key = admission.grantNext();
            if (key !== undefined) granted.push(Number(key));
          } else admission.leave(admission.keys()[0] ?? '');
          expect(admission.load.running).toBeLessThanOrEqual(slots + 1);
          expect(admission.keys().length).toBeLessThanOrEqual(slots + 1 + queue);
        }
        expect(granted).toEqual([...granted].sort((a, b) => a - b));
      }),
    );
  });
});

describe('reports', () => {
  const started = (run: string, task: string): Report => ({
    attempt: `${run}/${task}`,
    run,
    record: { type: 'started', task: `#${task}`, attempt: 1 },
  });
  const result = (run: string, task: string): Report => ({
    attempt: `${run}/${task}`,
    run,
    record: { type: 'result', task: `#${task}`, attempt: 1, outcome: 'failed', reason: 'r'.repeat(100) },
  });

  it('of one run share a message, and an attempt’s are written in order', () => {
    const queue = new ReportQueue();
    for (const report of [started('a', '1'), started('b', '1'), result('a', '2')]) queue.add(report, 0);
    const first = queue.takeParcel();
    expect(first?.reports.map(({ record }) => record.type)).toEqual(['started', 'result']);
    queue.add(result('a', '1'), 0);
    expect(queue.takeParcel()?.run).toBe('b');
    expect(queue.takeParcel()).toBeUndefined();
    if (first !== undefined) queue.putBack(first);
    expect(queue.takeParcel()?.reports).toHaveLength(3);
  });

  it('leave out a start that is still waiting when its result comes, not one that is on its way', () => {
    const queue = new ReportQueue();
    for (const report of [started('a', '1'), started('a', '2'), result('a', '1')]) queue.add(report, 0);
    const first = queue.takeParcel();
    expect(first?.reports.map(({ record }) => record.type)).toEqual(['started', 'result']);
    queue.add(result('a', '2'), 0);
    expect(queue.takeParcel()).toBeUndefined();
    if (first !== undefined) queue.putBack(first);
    expect(queue.size).toBe(3);
  });

  it('always fit their message, none is lost', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(30)), { maxLength: 60 }), (items) => {
        const queue = new ReportQueue();
        for (const [run, task] of items) queue.add(result(run, `${task + 1}`), 0);
        let out = 0;
        for (let parcel = queue.takeParcel(); parcel !== undefined; parcel = queue.takeParcel()) {
          const messages = packRecords(
            parcel.run,
            parcel.reports.map(({ record }) => record),
          );
          expect(messages).toHaveLength(1);
          out += parcel.reports.length;
          queue.arrived(parcel);
        }
        expect(out).toBe(items.length);
      }),
    );
  });
});

describe('a result record', () => {
  const ref = { run: 'r'.repeat(64), task: 't'.repeat(64), attempt: 1_000_000 };
  it('carries small text, leaves large or odd text out, and always fits', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600, unit: 'binary' }), (text) => {
        const ending = { outcome: 'ok', reason: '', output: { sha256: 'ab'.repeat(32), size: text.length } } as const;
        const [message] = packRecords(ref.run, [resultRecord({ ref, numbered: '9~#9999999' }, ending, text)]);
        expect('malformed' in unpackMessage(message ?? new Uint8Array(0))).toBe(false);
      }),
    );
  });
});

describe('the inbox', () => {
  const message = (bytes: Uint8Array, payer = '0.0.10') => ({
    sequenceNumber: 4,
    payer,
    message: bytes,
    chunk: { total: 1 },
  });
  const pack = (...records: RecordOf<'assign'>[]) =>
    packRecords('run', records, new CountedNames())[0] ?? new Uint8Array(0);

  it('assigns what its coordinator writes', () => {
    const { record } = work({ task: 'a', input: { b: 1, a: 2 }, inline: true });
    const { instructions, ignored } = readInboxMessage(message(pack(record)), '0.0.10');
    expect(ignored).toBeUndefined();
    expect(instructions).toMatchObject([
      { kind: 'assign', assignment: { inlineInput: '{"input":{"a":2,"b":1}}', sequenceNumber: 4 } },
    ]);
  });

  it('is not moved by anybody else, nor by anything malformed; it never throws', () => {
    const { record } = work({ task: 'a' });
    expect(readInboxMessage(message(pack(record), '0.0.11'), '0.0.10').instructions).toEqual([]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readInboxMessage(message(bytes), '0.0.10').instructions).toEqual([]);
      }),
    );
  });
});

it('the line protocol takes any line', () => {
  expect(parseExecutorLine('::progress 7 too much')).toEqual({ type: 'progress', fraction: 1, message: 'too much' });
  expect(parseExecutorLine('::progress')).toEqual({ type: 'progress', fraction: -1, message: '' });
  const used = (tokens: number | undefined, costUsd: number | undefined) => ({
    type: 'usage',
    usage: { tokens, costUsd },
  });
  expect(parseExecutorLine('::usage tokens=1200 cost_usd=0.02')).toEqual(used(1_200, 0.02));
  expect(parseExecutorLine('::usage cost_usd=3')).toEqual(used(undefined, 3));
  expect(parseExecutorLine(`::usage tokens=${'9'.repeat(400)} cost_usd=1`)).toEqual(used(undefined, 1));
  for (const line of ['::usage', '::usage tokens=-1', '::usage words=3', '::usage tokens=1e9 x']) {
    expect(parseExecutorLine(line)).toEqual({ type: 'log', line });
  }
  expect(parseExecutorLine('::progressive')).toEqual({ type: 'log', line: '::progressive' });
  fc.assert(fc.property(fc.string(), (line) => void parseExecutorLine(line)));
});

describe('a challenge', () => {
  const ports = {
    random: (size: number) => randomBytes(size),
    seal: (text: string) => createHmac('sha256', 'key').update(text).digest(),
  };
  const made = () => new SealedChallenges(ports, 10);

  it('is good once, for its coordinator, until it expires', () => {
    const challenges = made();
    const first = challenges.issue('c', 0);
    expect(challenges.read(first.nonce, 'c', 9)).toEqual(first);
    expect(challenges.read(first.nonce, 'another', 1)).toBeUndefined();
    expect(challenges.read(first.nonce, 'c', 10)).toBeUndefined();
    expect([challenges.use(first, 1), challenges.use(first, 1)]).toEqual([true, false]);
    expect(challenges.read(first.nonce, 'c', 1)).toBeUndefined();
  });

  it('cannot be invented or changed, by not so much as a bit', () => {
    const challenges = made();
    const { nonce } = challenges.issue('c', 0);
    const bytes = Buffer.from(nonce, 'hex');
    for (let bit = 0; bit < 256; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(challenges.read(changed.toString('hex'), 'c', 1), `bit ${bit}`).toBeUndefined();
    }
    fc.assert(fc.property(fc.string(), (text) => challenges.read(text, 'c', 1) === undefined));
  });

  it('is not kept: only proofs are, in bounded number, and room returns when they expire', () => {
    const challenges = made();
    const used = Array.from({ length: 5_000 }, () => challenges.use(challenges.issue('c', 0), 0));
    expect(used.filter(Boolean).length).toBe(4_096);
    expect(challenges.use(challenges.issue('c', 20), 20)).toBe(true);
  });
});
