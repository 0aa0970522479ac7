import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import { type Parcel, type Report, ReportQueue } from './report-queue.js';

/** Messages on their way at the same time. */
export const IN_FLIGHT = 64;
/** How long a record waits for others to share its message. */
export const LINGER_MS = 20;
/** The same for each that shared the last message, where those were many. */
const LINGER_EACH_MS = 2;
/** The same at most. A message that is full goes at once. */
const MAX_LINGER_MS = 50;
/** A start waits longer: mostly its result goes along, or goes instead, and would have to wait for a start on its way. */
const START_LINGER_MS = 100;
/** A result waits no longer for others than this part of the time that a message takes, where they come one by one. */
const LINGER_PART = 0.25;
const MIN_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

export type OutboxInput =
  /** The last one is not to wait for others: none is to be expected. */
  | { readonly type: 'report'; readonly report: Report; readonly isLast?: boolean }
  /** A message that an earlier process signed and may have sent, with the results it carries. */
  | { readonly type: 'earlier'; readonly id: TransactionId; readonly parcel: Parcel }
  /** A parcel was signed and, if it carries results, stored. */
  | { readonly type: 'signed'; readonly parcel: Parcel; readonly id: TransactionId }
  | { readonly type: 'not_signed'; readonly parcel: Parcel; readonly why: string }
  | { readonly type: 'outcome'; readonly id: TransactionId; readonly outcome: Outcome }
  /** What `conclude` asked for is durable. */
  | { readonly type: 'concluded'; readonly id: TransactionId }
  | { readonly type: 'tick' };

export type OutboxCommand =
  /** Sign these records under a new id and store the signed bytes when they carry results. */
  | { readonly do: 'sign'; readonly parcel: Parcel }
  /** Submit the signed bytes and learn what became of them. */
  | { readonly do: 'execute'; readonly id: TransactionId }
  /** The bytes are not needed any more; `reported` names the attempts whose result is on the journal now. */
  | { readonly do: 'conclude'; readonly id: TransactionId; readonly reported: readonly string[] }
  /** Records are not on the journal yet: say why, and when the next try is. */
  | { readonly do: 'complain'; readonly what: string; readonly why: string; readonly retryInMs: number };

export interface OutboxPlan {
  readonly commands: readonly OutboxCommand[];
  /** When to tick at the latest; undefined when only an answer or a report can change anything. */
  readonly wakeAtMs: number | undefined;
}

/** A signed message. */
interface Message {
  readonly parcel: Parcel;
  /** Whether somebody could not tell what became of it; it may take long to learn and does not count as a try. */
  doubtful: boolean;
  /** Whether it happened, once that is known. */
  happened: boolean | undefined;
  readonly sentMs: number;
}

/** Attempts whose result a parcel carries: what must survive a crash. */
export const resultsOf = ({ reports }: Parcel): string[] =>
  reports.flatMap(({ attempt, record }) => (record.type === 'result' && attempt !== undefined ? [attempt] : []));

/** Whether nothing is lost but a note of a start. */
const isDispensable = ({ reports }: Parcel): boolean => reports.every(({ record }) => record.type === 'started');

/** How long to wait for others, seen how long this message took and whether any came. */
function lingerAfter({ parcel, sentMs }: Message, nowMs: number): number {
  const { length } = parcel.reports;
  if (length > 1) return Math.min(MAX_LINGER_MS, Math.max(LINGER_MS, length * LINGER_EACH_MS));
  return Math.min(LINGER_MS, Math.max(1, Math.ceil((nowMs - sentMs) * LINGER_PART)));
}

/**
 * What becomes of records on their way to the journal, deterministic and without effects. Several records share a
 * message. A message of which nobody can tell stays on its way with the same bytes; only one that certainly did not
 * happen is taken apart, and its records go out again under a new id. So no result is reported twice and none is lost,
 * whichever process signed it. After a failure one message at a time is tried, with growing pauses.
 */
export class Outbox {
  readonly #queue = new ReportQueue();
  readonly #messages = new Map<TransactionId, Message>();
  /** When to submit the same bytes of a message again. */
  readonly #again = new Map<TransactionId, number>();
  #signing = 0;
  /** How long results wait for others. */
  #lingerMs = LINGER_MS;
  /** When waiting records are looked at next. */
  #sendAtMs: number | undefined;
  #backoffMs = 0;
  #retryAtMs = 0;
  #failures = 0;

  /** @param fillMs how long records wait for others where messages cost money; 0 where only time counts. */
  constructor(private readonly fillMs = 0) {}

  /** Records that wait or are on their way. */
  get pending(): number {
    return this.#queue.size;
  }

  /** Messages that the ledger did not take at once, since the start. */
  get failures(): number {
    return this.#failures;
  }

  step(input: OutboxInput, nowMs: number): OutboxPlan {
    const commands = [...this.#absorb(input, nowMs), ...this.#executeAgain(nowMs), ...this.#send(nowMs)];
    return { commands, wakeAtMs: this.#wakeAtMs() };
  }

  #absorb(input: OutboxInput, nowMs: number): OutboxCommand[] {
    switch (input.type) {
      case 'tick':
        return [];
      case 'report': {
        const dueMs = nowMs + this.#waitFor(input);
        this.#queue.add(input.report, dueMs);
        this.#sendFrom(this.fillMs === 0 && this.#queue.fillsMessage ? nowMs : dueMs);
        return [];
      }
      case 'earlier':
        this.#queue.adopt(input.parcel);
        return this.#sent(input.id, input.parcel, true, nowMs);
      case 'signed':
        this.#signing -= 1;
        return this.#sent(input.id, input.parcel, false, nowMs);
      case 'not_signed':
        this.#signing -= 1;
        this.#queue.putBack(input.parcel);
        return this.#failed('a journal message could not be prepared', input.why, nowMs);
      case 'outcome':
        return this.#learnt(input.id, input.outcome, nowMs);
      case 'concluded':
        this.#concluded(input.id);
        return [];
    }
  }

  #waitFor({ report, isLast = false }: Extract<OutboxInput, { type: 'report' }>): number {
    if (this.fillMs > 0) return this.fillMs;
    if (report.record.type === 'started') return START_LINGER_MS;
    return isLast ? 0 : this.#lingerMs;
  }

  #sent(id: TransactionId, parcel: Parcel, doubtful: boolean, sentMs: number): OutboxCommand[] {
    this.#messages.set(id, { parcel, doubtful, happened: undefined, sentMs });
    return [{ do: 'execute', id }];
  }

  #learnt(id: TransactionId, outcome: Outcome, nowMs: number): OutboxCommand[] {
    const message = this.#messages.get(id);
    if (message === undefined || message.happened !== undefined) return [];
    switch (outcome.kind) {
      case 'done':
        this.#backoffMs = 0;
        this.#retryAtMs = 0;
        this.#lingerMs = lingerAfter(message, nowMs);
        return this.#conclude(id, message, true);
      case 'refused': {
        const complaint = this.#failed('a journal message was refused', outcome.status, nowMs);
        return [...complaint, ...this.#conclude(id, message, false)];
      }
      case 'never': {
        const complaint = this.#failed('a journal message did not reach the ledger', outcome.why, nowMs);
        return [...complaint, ...this.#conclude(id, message, false)];
      }
      case 'unknown': {
        const complaint = this.#failed('nobody can tell what became of a journal message', outcome.why, nowMs);
        // A result must not wait for what became of a mere `started`.
        if (isDispensable(message.parcel)) return [...complaint, ...this.#conclude(id, message, true)];
        message.doubtful = true;
        this.#again.set(id, this.#retryAtMs);
        return complaint;
      }
    }
  }

  #conclude(id: TransactionId, message: Message, happened: boolean): OutboxCommand[] {
    message.happened = happened;
    return [{ do: 'conclude', id, reported: happened ? resultsOf(message.parcel) : [] }];
  }

  #concluded(id: TransactionId): void {
    const message = this.#messages.get(id);
    if (message === undefined) return;
    this.#messages.delete(id);
    if (message.happened === true) this.#queue.arrived(message.parcel);
    else this.#queue.putBack(message.parcel);
    // What waits only to fill a message goes on waiting.
    const { dueMs } = this.#queue;
    if (dueMs !== undefined) this.#sendFrom(dueMs);
  }

  /** Messages that fail together lengthen the pause, and are complained of, once. */
  #failed(what: string, why: string, nowMs: number): OutboxCommand[] {
    this.#failures += 1;
    this.#sendFrom(this.#retryAtMs);
    if (nowMs < this.#retryAtMs) return [];
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(MIN_BACKOFF_MS, this.#backoffMs * 2));
    this.#retryAtMs = nowMs + this.#backoffMs;
    this.#sendFrom(this.#retryAtMs);
    return [{ do: 'complain', what, why, retryInMs: this.#backoffMs }];
  }

  #sendFrom(timeMs: number): void {
    this.#sendAtMs = Math.min(this.#sendAtMs ?? timeMs, timeMs);
  }

  /** Messages of which nobody could tell, with the same bytes. */
  #executeAgain(nowMs: number): OutboxCommand[] {
    const due = [...this.#again].filter(([, atMs]) => atMs <= nowMs);
    return due.map(([id]) => {
      this.#again.delete(id);
      return { do: 'execute', id };
    });
  }

  #send(nowMs: number): OutboxCommand[] {
    if (this.#sendAtMs === undefined || nowMs < this.#sendAtMs || nowMs < this.#retryAtMs) return [];
    this.#sendAtMs = undefined;
    const commands: OutboxCommand[] = [];
    while (this.#mayTry() && this.#isWorthSending(nowMs)) {
      // Where messages cost money a start goes along with what goes anyway.
      const parcel = this.#queue.takeParcel(this.fillMs === 0 ? nowMs : Infinity);
      if (parcel === undefined) break;
      this.#signing += 1;
      commands.push({ do: 'sign', parcel });
    }
    // What is due and could not go does so when something has arrived.
    const { dueMs } = this.#queue;
    if (dueMs !== undefined && dueMs > nowMs) this.#sendFrom(dueMs);
    return commands;
  }

  /** What is left over when messages are full waits for others again. */
  #isWorthSending(nowMs: number): boolean {
    const { dueMs, fillsMessage } = this.#queue;
    return fillsMessage || (dueMs !== undefined && dueMs <= nowMs);
  }

  /** After a failure one message shows whether the ledger takes any again. */
  #mayTry(): boolean {
    if (this.#signing + this.#messages.size >= IN_FLIGHT) return false;
    if (this.#backoffMs === 0) return true;
    return this.#signing === 0 && [...this.#messages.values()].every(({ doubtful }) => doubtful);
  }

  #wakeAtMs(): number | undefined {
    const send = this.#sendAtMs === undefined ? [] : [Math.max(this.#sendAtMs, this.#retryAtMs)];
    const due = [...this.#again.values(), ...send];
    return due.length === 0 ? undefined : Math.min(...due);
  }
}
