import { MessageText } from '@gatepost/shared/records/message-text';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import type { TaskNames } from '@gatepost/shared/records/task-names';

/** What a stranger writes that is no record of ours: the message says nothing that we read. */
const isNonsense = ({ type }: { readonly type: string }): boolean => type === 'nonsense';

/** The JSON of a message with these records, however long and in whatever order. */
export function encodeMessage(run: string | undefined, records: readonly AnyRecord[], names: TaskNames): string {
  const text = new MessageText(run, names);
  for (const record of records) if (!isNonsense(record)) text.take(record);
  return text.text();
}
