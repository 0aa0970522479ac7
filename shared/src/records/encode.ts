import { attemptText, listText } from './attempt-list.js';
import type { AnyRecord, RecordOf } from './schema.js';
import type { TaskNames } from './task-names.js';
import { PROTOCOL_VERSION, type TopicMessageJson } from './topic-message.js';

const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');

/** Parts records by what they have in common, in the order in which each part first comes. */
function parted<T>(all: readonly T[], commonOf: (one: T) => readonly unknown[]): T[][] {
  const parts = new Map<string, T[]>();
  for (const one of all) {
    const key = JSON.stringify(commonOf(one));
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [one]);
    else part.push(one);
  }
  return [...parts.values()];
}

type AssignGroup = NonNullable<TopicMessageJson['assign']>[number];

function assignTasks(group: readonly RecordOf<'assign'>[], names: TaskNames): AssignGroup['tasks'] {
  return group.map((record) => {
    const attempt = attemptText(record, names);
    if (record.input !== undefined) return [attempt, record.task, record.input];
    return [attempt, record.task, base64url(record.input_sha256), record.input_size];
  });
}

function assignments(records: readonly RecordOf<'assign'>[], names: TaskNames): TopicMessageJson['assign'] {
  return parted(records, (one) => [one.task_type, one.price, one.deadline_ms]).map((group) => ({
    type: group[0]?.task_type ?? '',
    price: group[0]?.price ?? '',
    deadline_ms: group[0]?.deadline_ms ?? 0,
    tasks: assignTasks(group, names),
  }));
}

const verdicts = (records: readonly RecordOf<'verdict'>[], names: TaskNames): TopicMessageJson['verdict'] =>
  parted(records, ({ accepted, gate, reason }) => [accepted, gate, reason]).map((group) => {
    const { accepted = false, gate = '', reason = '' } = group[0] ?? {};
    return { accepted, gate, ...(reason === '' ? {} : { reason }), attempts: listText(group, names) };
  });

const settlements = (records: readonly RecordOf<'settled'>[], names: TaskNames): TopicMessageJson['settled'] =>
  records.map(({ transfer, payments }) => ({
    ...(transfer === undefined ? {} : { transfer }),
    payments: parted(payments, ({ to, amount }) => [to, amount]).map((group) => [
      group[0]?.to ?? '',
      group[0]?.amount ?? '',
      listText(group, names),
    ]),
  }));

interface Results {
  readonly result: NonNullable<TopicMessageJson['result']>;
  readonly output: NonNullable<TopicMessageJson['output']>;
  readonly failed: NonNullable<TopicMessageJson['failed']>;
}

/** Done with an output of which the digest is told, done with an output that is told itself, and not done. */
function results(records: readonly RecordOf<'result'>[], names: TaskNames): Results {
  const sorted: Results = { result: [], output: [], failed: [] };
  for (const record of records) {
    const attempt = attemptText(record, names);
    if (record.outcome === 'failed') sorted.failed.push([attempt, record.reason]);
    // What is told in full has its digest in itself.
    else if (record.output !== undefined) sorted.output.push([attempt, record.output]);
    else sorted.result.push([attempt, base64url(record.output_sha256), record.output_size]);
  }
  return sorted;
}

const tokenOf = (record: AnyRecord): string | undefined => ('token' in record ? record.token : undefined);

/** What all records of a message that name a token must have in common; undefined when none does. */
export const commonToken = (records: readonly AnyRecord[]): string | undefined =>
  records.map(tokenOf).find((token) => token !== undefined);

/** The JSON of a message with these records, however long. @throws GatepostError INTERNAL for a task without a number. */
export function encodeMessage(run: string | undefined, records: readonly AnyRecord[], names: TaskNames): string {
  const all = <T extends AnyRecord['type']>(type: T) =>
    records.filter((record): record is RecordOf<T> => record.type === type);
  const some = <T, U>(list: readonly T[], made: (list: readonly T[]) => U): U | undefined =>
    list.length === 0 ? undefined : made(list);
  const [epoch] = all('epoch');
  const [opened] = all('run_opened');
  const [online] = all('online');
  const [lapsed] = all('lapsed');
  const [offline] = all('offline');
  const [closed] = all('run_closed');
  const { result, output, failed } = results(all('result'), names);
  const message: TopicMessageJson = {
    gatepost: PROTOCOL_VERSION,
    run,
    token: commonToken(records),
    epoch: epoch && { ...withoutType(epoch) },
    run_opened: opened && { plan_sha256: base64url(opened.plan_sha256), name: opened.name, tasks: opened.tasks },
    online: online && onlineJson(online),
    assign: some(all('assign'), (list) => assignments(list, names)),
    cancel: some(all('cancel'), (list) => list.map(withoutType)),
    directive: some(all('directive'), (list) => list.map(withoutType)),
    started: some(all('started'), (list) => listText(list, names)),
    result: some(result, (list) => [...list]),
    output: some(output, (list) => [...list]),
    failed: some(failed, (list) => [...list]),
    verdict: some(all('verdict'), (list) => verdicts(list, names)),
    timed_out: some(all('timed_out'), (list) => listText(list, names)),
    settled: some(all('settled'), (list) => settlements(list, names)),
    lapsed: lapsed && withoutType(lapsed),
    offline: offline && withoutType(offline),
    run_closed: closed && { ...withoutType(closed), state_sha256: base64url(closed.state_sha256) },
  };
  return JSON.stringify(message);
}

function withoutType<T extends AnyRecord>({ type: _type, ...rest }: T): Omit<T, 'type'> {
  return rest;
}

function onlineJson(record: RecordOf<'online'>): TopicMessageJson['online'] {
  const { cert_sha256: certificate, capabilities, enforces, session, inbox, address, slots } = record;
  return {
    session,
    inbox,
    address,
    ...(certificate === undefined ? {} : { cert_sha256: base64url(certificate) }),
    capabilities: [...capabilities],
    slots,
    ...(enforces === undefined ? {} : { enforces: [...enforces] }),
  };
}
