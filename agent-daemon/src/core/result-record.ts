import { clipReason, fitsOneMessage } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { MAX_INLINE_OUTPUT_BYTES } from '@gatepost/shared/vocabulary/limits';
import type { Assignment } from './assignment.js';
import type { Ending } from './attempt.js';

/** So many bytes of text fit a record whatever they are: JSON writes six bytes for one at most. */
const FITS_BYTES = 64;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text when they are valid UTF-8 and small enough for a record; undefined otherwise. */
export function inlineText(output: Uint8Array): string | undefined {
  if (output.length > MAX_INLINE_OUTPUT_BYTES) return undefined;
  try {
    return decoder.decode(output);
  } catch {
    return undefined;
  }
}

/** What the journal is told about an ending. The output goes along when it is text and leaves the record small. */
export function resultRecord(
  { ref, numbered }: Pick<Assignment, 'ref' | 'numbered'>,
  ending: Ending,
  outputText: string | undefined,
): RecordOf<'result'> {
  const base = { type: 'result', task: numbered, attempt: ref.attempt } as const;
  if (ending.outcome !== 'ok' || ending.output === undefined) {
    const reason = clipReason(ending.reason) || ending.outcome;
    return { ...base, outcome: 'failed', reason };
  }
  const { sha256, size } = ending.output;
  const plain = { ...base, outcome: 'ok', output_sha256: sha256, output_size: size } as const;
  if (outputText === undefined) return plain;
  const full = { ...plain, output: outputText };
  return size <= FITS_BYTES || fitsOneMessage(ref.run, [full]) ? full : plain;
}
