import { attemptText, isFirstOfNextTask, type ListedAttempt } from './attempt-list.js';
import { AttemptRuns } from './attempt-runs.js';
import { Enclosed, Entries, Groups, type GrowingText } from './growing-text.js';
import type { AnyRecord, RecordOf } from './schema.js';
import { NUMBERS_ALONE, type TaskNames } from './task-names.js';
import { PROTOCOL_VERSION, RECORD_LISTS } from './topic-message.js';

/** One payment of a `settled` record. */
export type RecordedPayment = RecordOf<'settled'>['payments'][number];

const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');

/** The JSON of an object, open for one more member. */
const openObject = (members: object): string => {
  const text = JSON.stringify(members);
  return text === '{}' ? '{' : `${text.slice(0, -1)},`;
};

function withoutType<T extends AnyRecord>({ type: _type, ...rest }: T): Omit<T, 'type'> {
  return rest;
}

const listOf = <T>(inner: GrowingText<T>): GrowingText<T> => new Enclosed('[', inner, ']');
const entries = <T>(jsonOf: (item: T) => unknown): GrowingText<T> =>
  listOf(new Entries<T>((item) => JSON.stringify(jsonOf(item))));
const attempts = (names: TaskNames): GrowingText<ListedAttempt> => new Enclosed('"', new AttemptRuns(names), '"');

const assignments = (names: TaskNames): GrowingText<RecordOf<'assign'>> =>
  listOf(
    new Groups({
      frameOf: ({ task_type: type, price, deadline_ms, judge }) => [
        `${openObject({ type, price, deadline_ms, judge })}"tasks":[`,
        ']}',
      ],
      inner: () =>
        new Entries((record, before) => {
          const { task, input, input_sha256, input_size } = record;
          if (input === undefined) {
            return JSON.stringify([attemptText(record, names), task, base64url(input_sha256), input_size]);
          }
          const isNext = before !== undefined && isFirstOfNextTask(record, before, names);
          return JSON.stringify(isNext ? [task, input] : [attemptText(record, names), task, input]);
        }),
    }),
  );

const verdicts = (names: TaskNames): GrowingText<RecordOf<'verdict'>> =>
  listOf(
    new Groups<RecordOf<'verdict'>>({
      frameOf: ({ accepted, gate, reason }) => [
        `${openObject({ accepted, gate, ...(reason === '' ? {} : { reason }) })}"attempts":"`,
        '"}',
      ],
      inner: () => new AttemptRuns(names),
    }),
  );

/** Entries of attempts and what is said of them, those of which the same is said in one. */
const sayings = <T extends ListedAttempt>(
  names: TaskNames,
  saidOf: (record: T) => readonly unknown[],
): GrowingText<T> =>
  listOf(
    new Groups<T>({
      frameOf: (record) => ['["', `",${JSON.stringify(saidOf(record)).slice(1)}`],
      inner: () => new AttemptRuns(names),
    }),
  );

/** Payments, those to one payee of one amount together. */
const payments = (names: TaskNames): GrowingText<RecordedPayment> =>
  new Groups<RecordedPayment>({
    frameOf: ({ to, amount }) => [`${JSON.stringify([to, amount]).slice(0, -1)},"`, '"]'],
    inner: () => new AttemptRuns(names),
  });

const settlementHead = (transfer: string | undefined): string => `${openObject({ transfer })}"payments":[`;

/** One `settled` record as it grows payment by payment. */
export const settlement = (transfer: string | undefined, names: TaskNames): GrowingText<RecordedPayment> =>
  new Enclosed(settlementHead(transfer), payments(names), ']}');

const settlements = (names: TaskNames): GrowingText<RecordOf<'settled'>> =>
  listOf(
    new Entries(({ transfer, payments: paid }) => {
      const text = settlement(transfer, names);
      for (const payment of paid) text.grow(payment).take();
      return text.text();
    }),
  );

function onlineJson({ cert_sha256: certificate, ...record }: RecordOf<'online'>): object {
  const { capabilities, enforces, session, inbox, address, slots } = record;
  const cert_sha256 = certificate === undefined ? undefined : base64url(certificate);
  return { session, inbox, address, cert_sha256, capabilities, slots, enforces };
}

type Result = RecordOf<'result'>;
type Told = Extract<Result, { outcome: 'ok' }>;
type Failed = Extract<Result, { outcome: 'failed' }>;

/** One value of a message that holds one record alone. */
const single = <T>(jsonOf: (record: T) => unknown): GrowingText<T> =>
  new Entries((record) => JSON.stringify(jsonOf(record)));

/** How the records of one key of a message are written. */
const FORMS = {
  epoch: () => single(withoutType<RecordOf<'epoch'>>),
  run_opened: () =>
    single(({ plan_sha256, name, tasks, gatekeeper, escrow, arbiter }: RecordOf<'run_opened'>) => ({
      plan_sha256: base64url(plan_sha256),
      name,
      tasks,
      gatekeeper,
      escrow,
      arbiter,
    })),
  online: () => single(onlineJson),
  gatekeeper_online: () =>
    single(({ session, address, cert_sha256 }: RecordOf<'gatekeeper_online'>) => ({
      session,
      address,
      ...(cert_sha256 === undefined ? {} : { cert_sha256: base64url(cert_sha256) }),
    })),
  assign: assignments,
  cancel: () => entries(withoutType<RecordOf<'cancel'>>),
  directive: () =>
    entries(({ type: _type, by, ...rest }: RecordOf<'directive'>) => ({
      ...rest,
      ...(by === undefined ? {} : { by: base64url(by) }),
    })),
  started: attempts,
  result: (names: TaskNames) =>
    sayings<Told>(names, ({ output_sha256, output_size }) => [base64url(output_sha256), output_size]),
  // What is told in full has its digest in itself.
  output: (names: TaskNames) => sayings<Told>(names, ({ output }) => [output]),
  failed: (names: TaskNames) => sayings<Failed>(names, (one) => [one.reason]),
  verdict: verdicts,
  timed_out: attempts,
  settled: settlements,
  dispute: (names: TaskNames) =>
    entries((one: RecordOf<'dispute'>) => [attemptText(one, names), one.schedule, one.reason]),
  decision: (names: TaskNames) =>
    entries((one: RecordOf<'decision'>) => [attemptText(one, names), one.pay, one.reason]),
  lapsed: () => single(withoutType<RecordOf<'lapsed'>>),
  offline: () => single(withoutType<RecordOf<'offline'>>),
  gatekeeper_offline: () => single(withoutType<RecordOf<'gatekeeper_offline'>>),
  run_closed: () =>
    single((record: RecordOf<'run_closed'>) => ({
      ...withoutType(record),
      state_sha256: base64url(record.state_sha256),
    })),
} satisfies Record<string, (names: TaskNames) => unknown>;

type Key = keyof typeof FORMS;

/** The key of a message that a record belongs to. */
function keyOf(record: AnyRecord): Key {
  if (record.type !== 'result') return record.type;
  if (record.outcome === 'failed') return 'failed';
  return record.output === undefined ? 'result' : 'output';
}

/** What a record pays in, which all of a message have in common; undefined when it names no token. */
export const tokenOf = (record: AnyRecord): string | undefined => ('token' in record ? record.token : undefined);

const tokenText = (token: string): string => `,"token":${JSON.stringify(token)}`;

/** Bytes of a message with one `settled` record besides those of that record itself. */
export const settlementFrame = (run: string | undefined, token: string): number =>
  new MessageText(run, NUMBERS_ALONE).bytes + Buffer.byteLength(tokenText(token)) + ',"settled":[]'.length;

/** The JSON of a message, written as its records come, and its size. */
export class MessageText {
  readonly #head: string;
  #token: string | undefined;
  readonly #values = new Map<Key, GrowingText<AnyRecord>>();
  /** Of the whole message, as UTF-8. */
  bytes: number;

  constructor(
    run: string | undefined,
    private readonly names: TaskNames,
  ) {
    this.#head = JSON.stringify({ gatepost: PROTOCOL_VERSION, run }).slice(0, -1);
    this.bytes = Buffer.byteLength(this.#head) + 1;
  }

  /**
   * Takes a record, unless the message would have more than so many bytes with it.
   * @throws GatepostError INTERNAL for a task without a number.
   */
  take(record: AnyRecord, maxBytes = Infinity): boolean {
    const key = keyOf(record);
    const known = this.#values.get(key);
    const value = known ?? (FORMS[key](this.names) as GrowingText<AnyRecord>);
    const token = this.#token === undefined ? tokenOf(record) : undefined;
    const growth = value.grow(record);
    let bytes = this.bytes + growth.bytes;
    if (known === undefined) bytes += `,"${key}":`.length + value.bytes;
    if (token !== undefined) bytes += Buffer.byteLength(tokenText(token));
    if (bytes > maxBytes) return false;
    growth.take();
    this.#values.set(key, value);
    this.#token ??= token;
    this.bytes = bytes;
    return true;
  }

  /** The message. */
  text(): string {
    const token = this.#token === undefined ? '' : tokenText(this.#token);
    const values = RECORD_LISTS.flatMap((key) => {
      const value = this.#values.get(key as Key);
      return value === undefined ? [] : [`,"${key}":${value.text()}`];
    });
    return `${this.#head}${token}${values.join('')}}`;
  }
}
