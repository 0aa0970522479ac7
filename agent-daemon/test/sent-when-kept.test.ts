import { resultRecord } from '@gatepost/agent-daemon/core/result-record';
import { systemClock } from '@gatepost/shared/clock';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { JOURNAL, MemoryLedger } from '../src/bench/memory-ledger.js';
import type { Assignment } from '../src/core/assignment.js';
import { MemoryStore } from '../src/shell/store/memory-store.js';
import { AttemptReports } from '../src/shell/work/attempt-reports.js';
import { JournalPoster } from '../src/shell/work/journal-poster.js';
import { until } from './support/until.js';

const assignment: Assignment = {
  ref: { run: 'r', task: 'a', attempt: 1 },
  numbered: '#1',
  taskType: 'echo',
  inputSha256: sha256('{}'),
  inputSize: 2,
  inlineInput: '{}',
  deadlineMs: Date.now() + 60_000,
  price: '1',
  token: '0.0.40',
  sequenceNumber: 1,
};
const ending = { outcome: 'failed', reason: 'exit code 1' } as const;
const report = { attempt: 'r/a#1', run: 'r', record: resultRecord(assignment, ending, undefined) };

function process(store = MemoryStore.open({ clock: systemClock, id: 's', commitMs: () => 1 })) {
  const ledger = new MemoryLedger();
  const about = { journal: JOURNAL, clock: systemClock, fillMs: 0, log: pino({ level: 'silent' }) };
  return { ledger, store, poster: new JournalPoster({ ledger, store, ...about }) };
}

it('a result is signed while its ending is written, and sent when both are durable', async () => {
  const { ledger, store, poster } = process();
  let written: () => void = () => undefined;
  const kept = new Promise<void>((resolve) => {
    written = resolve;
  });
  poster.add(report, { isLast: true, kept });
  await until(() => store.prepared().length > 0 || undefined, 'the signed message');
  await store.putLeases([]);
  expect(ledger.submitted).toEqual([]);
  written();
  await until(() => ledger.submitted.length > 0 || undefined, 'its submission');
  await poster.flushed();
  expect(store.prepared()).toEqual([]);
});

it('a message of a crashed process whose endings were not written is neither sent nor waited for', async () => {
  const { ledger, store, poster } = process();
  await store.putAttempt('r/a#1', { assignment, starts: 1, hasInput: true });
  const lost = new Promise<void>(() => undefined);
  poster.add(report, { isLast: true, kept: lost });
  await until(() => store.prepared().length > 0 || undefined, 'the signed message');
  poster.stop();
  const next = process(store);
  expect(new AttemptReports(store, next.poster).takeUp()).toEqual(new Set());
  await until(() => store.prepared().length === 0 || undefined, 'that it is gone');
  expect([ledger.submitted, next.ledger.submitted]).toEqual([[], []]);
});
