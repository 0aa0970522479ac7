import { MAX_MESSAGE_BYTES, packRecords } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { canonicalJson, sha256 } from '@gatepost/shared/vocabulary/digest';
import { MAX_ATTEMPT, MAX_RUN_ID, MAX_TASK_ID, MAX_TASK_TYPE } from '@gatepost/shared/vocabulary/id-bounds';
import { describe, expect, it } from 'vitest';
import { withInput } from '../../src/core/assign-record.js';

const RUN = 'r'.repeat(MAX_RUN_ID);
const ENTITY = `${9_223_372_036_854_775_807n}.${9_223_372_036_854_775_807n}.${9_223_372_036_854_775_807n}`;
const TASK = 't'.repeat(MAX_TASK_ID);
const names = { numberOf: () => 9_999_999, idOf: () => undefined };

/** The assignment with the longest names and terms there are, and an input of so many bytes. */
function assignment(bytes: number): { readonly record: RecordOf<'assign'>; readonly input: string } {
  const input = '\u{1F600}'.repeat(bytes).slice(0, 2 * Math.floor((bytes - 2) / 4));
  const text = canonicalJson(input);
  const record: RecordOf<'assign'> = {
    type: 'assign',
    task: `${MAX_ATTEMPT}~${TASK}`,
    attempt: MAX_ATTEMPT,
    task_type: '\u{1F600}'.repeat(MAX_TASK_TYPE),
    input_sha256: sha256(text),
    input_size: Buffer.byteLength(text),
    deadline_ms: Number.MAX_SAFE_INTEGER,
    price: `${9_223_372_036_854_775_807n}`,
    token: ENTITY,
    judge: ENTITY,
  };
  return { record, input };
}

describe('an assignment', () => {
  it('has a small input in it, and a message has room for that whatever else it says', () => {
    for (let bytes = 2; bytes <= 128; bytes += 1) {
      const { record, input } = assignment(bytes);
      const whole = withInput(RUN, record, input, names);
      expect(whole).toEqual({ ...record, input });
      expect(packRecords(RUN, [whole], names)[0]?.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    }
  });

  it('has a larger one as long as both fit, and its digest alone from then on', () => {
    const fits = (bytes: number) => {
      const { record, input } = assignment(bytes);
      const whole = { ...record, input };
      const told = withInput(RUN, record, input, names);
      expect([whole, record]).toContainEqual(told);
      return told.input !== undefined;
    };
    const sizes = Array.from({ length: 1_200 }, (_, bytes) => bytes + 129);
    const first = sizes.findIndex((bytes) => !fits(bytes));
    expect(first).toBeGreaterThan(0);
    expect(sizes.slice(first).some(fits)).toBe(false);
    for (const bytes of sizes.slice(0, first)) {
      const { record, input } = assignment(bytes);
      expect(packRecords(RUN, [{ ...record, input }], names)[0]?.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    }
  });
});
