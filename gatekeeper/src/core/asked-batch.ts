import { unpackMessage } from '@gatepost/shared/records/codec';
import { type TaskNames, withIds } from '@gatepost/shared/records/task-names';
import { accountId, type TopicId } from '@gatepost/shared/vocabulary/ids';
import type { AskedBatch } from './cosigning.js';

/** A batch as its bytes say it, its messages not yet read. */
export type RawBatch = Omit<AskedBatch, 'records'> & {
  readonly messages: readonly { readonly topic: TopicId; readonly message: Uint8Array }[];
};

/**
 * Reads what the messages of a batch record.
 * @param names of the run's tasks.
 * @returns an objection for messages that hold anything but `settled` records; never throws for what they hold.
 */
export function askedBatch(
  { messages, ...batch }: RawBatch,
  names: TaskNames,
): AskedBatch | { readonly objection: string } {
  const records: AskedBatch['records'][number][] = [];
  for (const { topic, message } of messages) {
    const decoded = unpackMessage(message);
    if ('malformed' in decoded) return { objection: `one of its messages is malformed: ${decoded.malformed}` };
    if (decoded.unknownTypes.length > 0)
      return { objection: `one of its messages says ${decoded.unknownTypes.join(', ')}` };
    for (const read of decoded.records) {
      const record = withIds(read, names);
      if (record.type !== 'settled') return { objection: `one of its messages says ${record.type}` };
      const { token, transfer, payments } = record;
      records.push({
        topic,
        run: decoded.run,
        token,
        transfer,
        payments: payments.map(({ to, amount, ...of }) => ({ ...of, to: accountId(to), amount: BigInt(amount) })),
      });
    }
  }
  return { ...batch, records };
}
