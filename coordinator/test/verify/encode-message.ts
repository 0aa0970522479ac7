import { MessageText } from '@gatepost/shared/records/message-text';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { TaskNames } from '@gatepost/shared/records/task-names';

/** The JSON of a message with these records, however long and in whatever order. */
export function encodeMessage(run: string | undefined, records: readonly AnyRecord[], names: TaskNames): string {
  const text = new MessageText(run, names);
  for (const record of records) text.take(record);
  return text.text();
}
