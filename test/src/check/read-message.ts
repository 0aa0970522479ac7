import { createHash } from 'node:crypto';

/** A record as a message tells it, taken apart without the product's own reader. */
export interface ReadRecord {
  readonly type: string;
  /** Its id, or `#number` where only that is said. */
  readonly task?: string;
  readonly attempt?: number;
  readonly [field: string]: unknown;
}

interface Message {
  readonly run?: string;
  readonly token?: string;
  readonly [list: string]: unknown;
}

/** Messages that nobody who keeps to the protocol writes say nothing. */
export class NoMessage extends Error {}

const hex = (digest: string): string => Buffer.from(digest, 'base64url').toString('hex');

function range(text: string): { task: string; attempt: number }[] {
  return text.split(',').flatMap((part) => {
    const found = /^(\d+~)?(\d+)(?:-(\d+))?(?:\.(\d+))?$/.exec(part);
    if (found === null) throw new NoMessage(part);
    const [, review = '', first = '', last = first, attempt = '1'] = found;
    if (Number(last) - Number(first) > 5_000) throw new NoMessage(part);
    const tasks = Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
    return tasks.map((number) => ({ task: `${review}#${number}`, attempt: Number(attempt) }));
  });
}

type Row = readonly unknown[];
const rows = (list: unknown): Row[] => (Array.isArray(list) ? (list as Row[]) : []);
const objects = (list: unknown): Record<string, unknown>[] => rows(list) as unknown as Record<string, unknown>[];

/** RFC 8785 for what plans hold: keys in order. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(fields[key])}`).join(',')}}`;
}

function toldInFull(input: unknown): Record<string, unknown> {
  const text = canonical(input);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { input, input_sha256: sha256, input_size: Buffer.byteLength(text) };
}

function assigned({ token, assign }: Message): ReadRecord[] {
  return objects(assign).flatMap(({ type, price, deadline_ms, tasks }) => {
    let numbered = '';
    return rows(tasks).map((row) => {
      // A row of two is of the task numbered next.
      const [of, task, ...input] =
        row.length === 2 ? [numbered.replace(/\d+/, (n) => `${Number(n) + 1}`), ...row] : row;
      const [{ task: number, attempt } = { task: '', attempt: 0 }] = range(String(of));
      numbered = number.slice(1);
      const told =
        input.length === 1 ? toldInFull(input[0]) : { input_sha256: hex(String(input[0])), input_size: input[1] };
      const terms = { task_type: type, price, deadline_ms, token };
      return { type: 'assign', task: String(task), attempt, numbered: number, ...told, ...terms };
    });
  });
}

function reported({ started, result, output, failed }: Message): ReadRecord[] {
  const each = (of: unknown, said: object) => range(String(of)).map((one) => ({ type: 'result', ...one, ...said }));
  return [
    ...(typeof started === 'string' ? range(started).map((of) => ({ type: 'started', ...of })) : []),
    ...rows(result).flatMap(([of, digest, size]) =>
      each(of, { outcome: 'ok', output_sha256: hex(String(digest)), output_size: size }),
    ),
    ...rows(output).flatMap(([of, text]) => each(of, { outcome: 'ok', output: text })),
    ...rows(failed).flatMap(([of, reason]) => each(of, { outcome: 'failed', reason })),
  ];
}

function decided({ token, verdict, timed_out, settled }: Message): ReadRecord[] {
  return [
    ...objects(verdict).flatMap(({ attempts, ...rest }) =>
      range(String(attempts)).map((of) => ({ type: 'verdict', ...of, reason: '', ...rest })),
    ),
    ...(typeof timed_out === 'string' ? range(timed_out).map((of) => ({ type: 'timed_out', ...of })) : []),
    ...objects(settled).map(({ payments, ...rest }) => ({
      type: 'settled',
      token,
      ...rest,
      payments: rows(payments).flatMap(([to, amount, attempts]) =>
        range(String(attempts)).map((of) => ({ ...of, to, amount })),
      ),
    })),
  ];
}

/** What stands alone in a message. */
const SINGLES = ['epoch', 'run_opened', 'online', 'lapsed', 'offline', 'run_closed'];

/** The records of a message and the run they are of. @throws NoMessage, SyntaxError for what is none. */
export function readMessage(text: string): { readonly run: string | undefined; readonly records: ReadRecord[] } {
  const message = JSON.parse(text) as Message;
  const single = (type: string): ReadRecord[] => {
    const told = message[type];
    if (typeof told !== 'object' || told === null) return [];
    const fields = Object.entries(told).map(([name, value]) => [
      name,
      name.endsWith('_sha256') ? hex(String(value)) : value,
    ]);
    return [{ type, token: message.token, ...Object.fromEntries(fields) }];
  };
  const listed = (type: string): ReadRecord[] => objects(message[type]).map((told) => ({ type, ...told }));
  const records = [
    ...SINGLES.slice(0, 3).flatMap(single),
    ...assigned(message),
    ...listed('cancel'),
    ...listed('directive'),
    ...reported(message),
    ...decided(message),
    ...SINGLES.slice(3).flatMap(single),
  ];
  return { run: message.run, records };
}

/** What a run's numbers stand for, by its assignments. */
export function idsOf(assignments: readonly { readonly [field: string]: unknown }[]): (task: string) => string {
  const ids = new Map<string, string>();
  for (const { task, numbered } of assignments) {
    ids.set(String(numbered).replace(/^\d+~/, ''), String(task).replace(/^\d+~/, ''));
  }
  return (task) => {
    const [, review = '', name = task] = /^(\d+~)?(.*)$/.exec(task) ?? [];
    return `${review}${ids.get(name) ?? name}`;
  };
}

/** A record with its tasks by their ids. */
export function withIds<T extends object>(record: T, ids: (task: string) => string): T {
  const { task, payments } = record as { task?: string; payments?: readonly { readonly task: string }[] };
  return {
    ...record,
    ...(task === undefined ? {} : { task: ids(task) }),
    ...(payments === undefined ? {} : { payments: payments.map((one) => ({ ...one, task: ids(one.task) })) }),
  };
}
