import { describe, expect, it } from 'vitest';
import type { RecordItem } from '../../src/core/record-item.js';
import { Ingest, TESTNET_LAG } from '../../src/mirror/ingest.js';
import { FakeClock } from './fake-clock.js';
import { HandMadeSource } from './hand-made-source.js';

function setUp(lag: ConstructorParameters<typeof Ingest>[1]) {
  const clock = new FakeClock();
  const source = new HandMadeSource();
  const applied: RecordItem[] = [];
  const ingest = new Ingest(clock, lag, (item) => applied.push(item));
  source.subscribe((item) => ingest.push(item));
  return { clock, source, applied, ingest };
}

describe('mirror lag', () => {
  it('is none by default: an item shows within the call that emits it', () => {
    const { source, applied } = setUp({ kind: 'fixed', ms: 0 });
    const item = source.emit();
    expect(applied).toEqual([item]);
  });

  it('delays each item by a fixed time and keeps the order', () => {
    const { clock, source, applied } = setUp({ kind: 'fixed', ms: 3000 });
    const first = source.emit();
    clock.advance(1000);
    const second = source.emit();
    clock.advance(1999);
    expect(applied).toEqual([]);
    clock.advance(1);
    expect(applied).toEqual([first]);
    clock.advance(1000);
    expect(applied).toEqual([first, second]);
  });

  it('on testnet waits for the record file and its import: 2 to 4 seconds', () => {
    const { clock, source, applied } = setUp(TESTNET_LAG);
    clock.advance(500);
    source.emit();
    clock.advance(1400);
    source.emit();
    clock.advance(2099);
    expect(applied).toHaveLength(0);
    clock.advance(1);
    expect(applied).toHaveLength(2);
  });

  it('can be changed while items wait, never overtaking or delaying those before', () => {
    const { clock, source, applied, ingest } = setUp({ kind: 'fixed', ms: 60_000 });
    source.emit();
    ingest.setLag({ kind: 'fixed', ms: 120_000 });
    source.emit();
    clock.advance(60_000);
    expect(applied).toHaveLength(1);
    ingest.setLag({ kind: 'fixed', ms: 0 });
    expect(applied).toHaveLength(2);
    expect(ingest.pending).toBe(0);
  });
});
