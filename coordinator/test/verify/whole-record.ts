import type { AnyRecord } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';

/** A record that was edited, with what a message of its kind cannot leave out, and without what it cannot say with it. */
export function wholeRecord(record: AnyRecord): AnyRecord {
  if (record.type !== 'result') return record;
  const { type, task, attempt } = record;
  const told = record as unknown as Record<'reason' | 'output_sha256' | 'output_size' | 'output', unknown>;
  if (record.outcome === 'failed') return { type, task, attempt, outcome: 'failed', reason: String(told.reason ?? '') };
  const { output_sha256 = sha256(`${task}`), output_size = 1, output } = told;
  const said = typeof output === 'string' && sha256(output) === output_sha256 ? { output } : {};
  const digest = String(output_sha256);
  return { type, task, attempt, outcome: 'ok', output_sha256: digest, output_size: Number(output_size), ...said };
}
