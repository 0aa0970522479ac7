import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { isSatisfied } from '../../keys/key-activation.js';
import { primitiveKeyText } from '../../keys/primitive-key.js';
import type { Schedule, ScheduleSignature } from '../../model.js';

/** Whether the schedule's stored signatories satisfy all of `keys`. */
export function isFullySigned(schedule: Pick<Schedule, 'signatures'>, keys: readonly Key[]): boolean {
  const signed = new Set(schedule.signatures.map(primitiveKeyText));
  return keys.every((key) => isSatisfied(key, (primitive) => signed.has(primitiveKeyText(primitive))));
}

/** The signatures of `candidates` whose keys the schedule does not have yet. */
export function newSignatures(
  schedule: Pick<Schedule, 'signatures'>,
  candidates: readonly ScheduleSignature[],
): ScheduleSignature[] {
  const known = new Set(schedule.signatures.map(primitiveKeyText));
  return candidates.filter((candidate) => !known.has(primitiveKeyText(candidate)));
}
