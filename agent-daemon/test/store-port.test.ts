import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@gatepost/shared/clock';
import { packRecords } from '@gatepost/shared/records/codec';
import { namesOf } from '@gatepost/shared/records/task-names';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { describe, expect, it } from 'vitest';
import { readInboxMessage } from '../src/core/inbox-fold.js';
import { LmdbStore } from '../src/shell/store/lmdb-store.js';
import { MemoryStore } from '../src/shell/store/memory-store.js';
import type { AttemptRow } from '../src/shell/store/rows.js';
import type { Store } from '../src/shell/store/store.js';
import { work } from './support/records.js';

/** A store, the same one opened again after a clean end, and how to clean up. */
interface Subject {
  readonly open: () => Store;
  readonly remove: () => void;
}

const subjects: Readonly<Record<string, () => Subject>> = {
  lmdb: () => {
    const directory = mkdtempSync(join(tmpdir(), 'gatepost-store-port-'));
    return {
      open: () => LmdbStore.open(directory),
      remove: () => rmSync(directory, { recursive: true, force: true }),
    };
  },
  memory: () => {
    let store: MemoryStore | undefined;
    const open = () => {
      store = store?.crash() ?? MemoryStore.open({ clock: systemClock, id: 'id', commitMs: () => 1 });
      return store;
    };
    return { open, remove: () => undefined };
  },
};

function row(): AttemptRow {
  const [message = Buffer.alloc(0)] = packRecords('run', [work({ task: 'a' }).record], namesOf(['a']));
  const inboxMessage = { sequenceNumber: 1, payer: '0.0.10', message, chunk: { total: 1 } };
  const { instructions } = readInboxMessage(inboxMessage, '0.0.10');
  const [instruction] = instructions;
  if (instruction?.kind !== 'assign') throw new Error('the message assigns nothing');
  const ending = { outcome: 'failed', reason: 'x' } as const;
  const finished = { ending, event: 3, atMs: 1, reported: false };
  return { assignment: instruction.assignment, starts: 1, hasInput: true, finished };
}

describe.each(Object.entries(subjects))('the store in %s', (_name, subject) => {
  it('reads back what was made durable, and again when it is opened the next time', async () => {
    const { open, remove } = subject();
    let store = open();
    const id = store.id();
    const bytes = Buffer.from('bytes');
    const large = Buffer.alloc(100_000, 1);
    const cursor = { sequenceNumber: 7, consensusTimestamp: 12n };
    const prepared = { id: 'tx', bytes, validUntil: '9', results: ['run/a/1'] };
    const lease = { session: 's', number: 1, schedule: '0.0.5' };
    const writes = [
      store.putAttempt('run/a/1', row()),
      store.putCursor(cursor),
      store.putPrepared(prepared),
      store.putLeases([lease]),
      store.blobs.put(sha256(bytes), bytes),
      store.blobs.put(sha256(large), large),
    ];
    await Promise.all(writes);
    expect(store.attempt('run/a/1')).toMatchObject({ starts: 1, finished: { reported: false } });
    await store.close();
    store = open();
    expect(store.id()).toBe(id);
    expect([...store.attempts()].map(([key]) => key)).toEqual(['run/a/1']);
    expect(store.cursor()).toEqual(cursor);
    expect(store.prepared()).toMatchObject([{ id: 'tx', validUntil: '9', results: ['run/a/1'] }]);
    expect(store.leases()).toEqual([lease]);
    expect(Buffer.from(store.blobs.getSmall(sha256(bytes)) ?? []).toString()).toBe('bytes');
    expect(store.blobs.getSmall(sha256(large))).toBeUndefined();
    expect(await store.blobs.size(sha256(large))).toBe(100_000);
    expect(await store.blobs.intact(sha256(large))).toBe(true);
    expect(await store.blobs.filesBefore(Date.now() + 60_000)).toEqual([sha256(large)]);
    let streamed = 0;
    for await (const piece of store.blobs.stream(sha256(large), 99_990, 4)) streamed += piece.length;
    expect(streamed).toBe(10);
    await store.settlePrepared('tx', ['run/a/1']);
    expect(store.prepared()).toEqual([]);
    expect(store.attempt('run/a/1')?.finished?.reported).toBe(true);
    await Promise.all([store.removeAttempt('run/a/1'), store.blobs.remove(sha256(large))]);
    expect(store.attempt('run/a/1')).toBeUndefined();
    await store.putAttempt('run/a/1', row());
    expect(store.attempt('run/a/1')?.finished?.reported, 'of one that was removed nothing is left').toBe(false);
    expect(await store.blobs.get(sha256(large))).toBeUndefined();
    await store.close();
    remove();
  });
});

describe('a crash of the store in memory', () => {
  it('loses what was not committed, from some write on, and tells nobody of it any more', async () => {
    let commit: () => void = () => undefined;
    const at = (_timeMs: number, callback: () => void) => {
      commit = callback;
      return () => undefined;
    };
    const store = MemoryStore.open({ clock: { ...systemClock, at }, id: 'id', commitMs: () => 1 });
    const told: string[] = [];
    const put = (key: string) => void store.putAttempt(key, row()).then(() => told.push(key));
    put('durable');
    commit();
    await Promise.resolve();
    for (const key of ['first', 'second', 'third']) put(key);
    expect([...store.attempts()]).toHaveLength(1);
    const next = store.crash((uncommitted) => uncommitted - 1);
    commit();
    await Promise.resolve();
    expect([...next.attempts()].map(([key]) => key)).toEqual(['durable', 'first', 'second']);
    expect(told).toEqual(['durable']);
  });

  it('and a full disk refuses writes, which the store says for a while', async () => {
    let nowMs = 0;
    const clock = { ...systemClock, nowMs: () => nowMs };
    const store = MemoryStore.open({ clock, id: 'id', commitMs: () => 1 });
    store.full = true;
    await expect(store.putAttempt('a', row())).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect([store.attempt('a'), store.healthy]).toEqual([undefined, false]);
    nowMs = 10_000;
    expect(store.healthy).toBe(true);
  });
});
