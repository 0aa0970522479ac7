import { fitsOneMessage, MAX_MESSAGE_BYTES } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import type { TaskNames } from '@gatepost/shared/records/task-names';

/** An input of so many bytes fits a message beside the longest names and terms that there are. */
const FITS_BYTES = 128;

/** The assignment with its input, when one message has room for both; otherwise as it was, with the input's digest alone. */
export function withInput(
  run: string,
  record: RecordOf<'assign'>,
  input: unknown,
  names: TaskNames,
): RecordOf<'assign'> {
  const whole = { ...record, input };
  const { input_size: bytes } = record;
  if (bytes <= FITS_BYTES) return whole;
  return bytes < MAX_MESSAGE_BYTES && fitsOneMessage(run, [whole], names) ? whole : record;
}
