import type { Assignment } from '@gatepost/agent-daemon/core/assignment';
import {
  type Attempt,
  type AttemptCommand,
  type AttemptInput,
  type Ending,
  newAttempt,
  stepAttempt,
} from '@gatepost/agent-daemon/core/attempt';
import { readInboxMessage } from '@gatepost/agent-daemon/core/inbox-fold';
import type { Report } from '@gatepost/agent-daemon/core/report-queue';
import { inlineText, resultRecord } from '@gatepost/agent-daemon/core/result-record';
import { reportedAttempts } from '@gatepost/agent-daemon/shell/ledger/reported';
import { mayBeSent } from '@gatepost/agent-daemon/shell/store/rows';
import { JournalPoster } from '@gatepost/agent-daemon/shell/work/journal-poster';
import { LeaseRunner } from '@gatepost/agent-daemon/shell/work/lease-runner';
import type { DispatchedWork } from '@gatepost/party/agents/session';
import { pause } from '@gatepost/shared/clock';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { TopicMessage } from '@gatepost/shared/ledger/topic-message';
import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { type AttemptRow, DaemonStore } from './daemon-store.js';
import type { Disk } from './disk.js';
import type { Events } from './events.js';
import type { ProcessClock } from './process-clock.js';

/** What an executor makes of an attempt. */
export interface Work {
  readonly ms: number;
  /** Undefined when it fails. */
  readonly output: string | undefined;
}

/** Who a daemon is and what it works with. */
export interface DaemonParts {
  readonly account: AccountId;
  readonly inbox: TopicId;
  readonly journal: TopicId;
  readonly coordinator: AccountId;
  readonly session: string;
  readonly address: string;
  readonly capabilities: readonly string[];
  readonly slots: number;
  readonly leaseMs: number;
  readonly ledger: Ledger;
  readonly clock: ProcessClock;
  readonly disk: Disk;
  readonly work: (assignment: Assignment) => Work;
  readonly events: Events;
}

interface Live {
  readonly key: string;
  attempt: Attempt;
  input: string | undefined;
  output: string | undefined;
  callOffDeadline: () => void;
  endExecutor: (() => void) | undefined;
  /** Resolves when its ending is durable. */
  kept?: Promise<void>;
}

const AGAIN_MS = 500;
/** How long an executor takes to end once it was told to. */
const STOP_MS = 20;
/** An idle daemon renews its lease so many times less often. */
const IDLE_TIMES = 4;

/**
 * A daemon in one process of it, around the real one's pure cores: it reads its inbox from its own cursor, executes,
 * stores an ending before it reports it, and reports again after a restart what the journal lacks.
 */
export class Daemon {
  readonly #store: DaemonStore;
  readonly #poster: JournalPoster;
  readonly #leases: LeaseRunner;
  readonly #live = new Map<string, Live>();
  readonly #queue: Live[] = [];
  readonly #ignored = new Set<string>();
  #running = 0;
  #stopped = false;

  constructor(readonly parts: DaemonParts) {
    const { ledger, clock, journal, disk, session, leaseMs, events } = parts;
    const log = events.logger(session);
    const store = new DaemonStore(disk, clock);
    this.#store = store;
    this.#poster = new JournalPoster({ ledger, clock, journal, store, fillMs: 0, log });
    this.#leases = new LeaseRunner({
      ledger,
      clock,
      journal,
      store,
      session,
      policy: { intervalMs: leaseMs, idleIntervalMs: IDLE_TIMES * leaseMs },
      jitter: 0.5,
      heldUntilMs: () =>
        this.#live.size === 0
          ? undefined
          : Math.max(...[...this.#live.values()].map(({ attempt }) => attempt.assignment.deadlineMs)),
      address: () => 'simulated:1',
      // Two daemons of one account are not among the troubles here.
      living: async () => [],
      hears: () => true,
      announceAgain: () => this.#announce(),
      log,
    });
  }

  async run(): Promise<void> {
    const { ledger, inbox } = this.parts;
    if (this.#store.rows.size === 0 && this.#store.cursor.sequenceNumber === 0) await this.#readReported();
    this.#announce();
    this.#leases.start();
    for (const [key, row] of [...this.#store.rows]) if (row.finished === undefined) this.#resume(key, row);
    this.#reportOwed();
    for await (const message of ledger.follow(inbox, this.#store.cursor, new AbortController().signal)) {
      if (this.#stopped) return;
      this.#take(message);
      await this.#patiently(() => this.#store.putCursor(message));
    }
  }

  /** Says that it goes; what runs is left to the next process. */
  stop(): void {
    this.#stopped = true;
    void this.#leases.stop();
    const { session } = this.parts;
    this.#poster.add({
      attempt: undefined,
      run: undefined,
      record: { type: 'offline', session, reason: 'stopped' },
    });
  }

  #announce(): void {
    const { session, inbox, address, capabilities, slots } = this.parts;
    this.#poster.add({
      attempt: undefined,
      run: undefined,
      record: { type: 'online', session, inbox, address, capabilities: [...capabilities], slots },
    });
  }

  /** A daemon without a memory asks the journal which of its attempts are over. */
  async #readReported(): Promise<void> {
    const { ledger, clock } = this.parts;
    for (;;) {
      try {
        for (const key of await reportedAttempts(ledger, this.parts)) this.#ignored.add(key);
        return;
      } catch {
        // The mirror is away; without it nothing is known, so nothing is begun.
        await pause(clock, AGAIN_MS);
      }
    }
  }

  /** Writes until the disk takes it. */
  async #patiently(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch {
        // The disk is full; it has to be emptied before anything goes on.
        await pause(this.parts.clock, AGAIN_MS);
      }
    }
  }

  /** Notes how an attempt stands; what is lost of that is made good by the inbox. */
  #note(key: string, row: AttemptRow): void {
    void this.#store.putRow(key, row).catch(() => this.parts.events.note(key, 'is not noted: the disk is full'));
  }

  /** What an earlier process had on its way is asked after; what it did not send is sent now. */
  #reportOwed(): void {
    const { events } = this.parts;
    const onTheWay = new Set<string>();
    for (const row of this.#store.prepared()) {
      if (!mayBeSent(row, (key) => this.#store.rows.get(key)?.finished !== undefined)) {
        this.#poster.discard(row);
        continue;
      }
      for (const key of row.results) onTheWay.add(key);
      this.#poster.takeUp(
        row,
        row.results.flatMap((key) => this.#reportOf(key) ?? []),
      );
    }
    for (const [key, row] of [...this.#store.rows]) {
      if (row.finished === undefined || row.finished.reported || onTheWay.has(key)) continue;
      const report = this.#reportOf(key);
      if (report === undefined) continue;
      events.mark('a daemon reported again after a restart');
      this.#poster.add(report);
    }
  }

  #reportOf(key: string): Report | undefined {
    const row = this.#store.rows.get(key);
    return row?.finished && reportOf(key, row.assignment, row.finished.ending, row.finished.output);
  }

  #take(message: TopicMessage): void {
    for (const instruction of readInboxMessage(message, this.parts.coordinator).instructions) {
      if (instruction.kind === 'cancel') this.cancel(instruction.ref, instruction.reason);
      else this.#assign(instruction.assignment);
    }
  }

  #assign(assignment: Assignment): void {
    const key = attemptKey(assignment.ref);
    if (this.#store.rows.has(key) || this.#ignored.has(key)) return;
    const row = { assignment, starts: 0 };
    this.#note(key, row);
    this.#resume(key, row);
  }

  #resume(key: string, row: AttemptRow): void {
    const { assignment, starts } = row;
    const { clock, capabilities } = this.parts;
    const live: Live = {
      key,
      attempt: newAttempt(assignment, starts),
      input: row.input ?? assignment.inlineInput,
      output: undefined,
      callOffDeadline: clock.at(assignment.deadlineMs, () => this.#apply(live, { type: 'deadline_passed' })),
      endExecutor: undefined,
    };
    this.#live.set(key, live);
    if (!capabilities.includes(assignment.taskType)) this.#apply(live, { type: 'refused', reason: 'no executor' });
    else if (live.input !== undefined) this.#enter(live);
  }

  /** The session brings the input of an attempt; false when the inbox does not know it yet. */
  dispatch({ ref, input }: DispatchedWork): boolean {
    const key = attemptKey(ref);
    const live = this.#live.get(key);
    if (live === undefined) return this.#store.rows.has(key) || this.#ignored.has(key);
    if (live.input !== undefined || live.attempt.phase !== 'assigned') return true;
    if (sha256(input) !== live.attempt.assignment.inputSha256) return true;
    live.input = input.toString('utf8');
    const { assignment, starts } = live.attempt;
    this.#note(key, { assignment, starts, input: live.input });
    this.#enter(live);
    return true;
  }

  cancel(ref: AttemptRef, reason: string): void {
    const live = this.#live.get(attemptKey(ref));
    if (live !== undefined) this.#apply(live, { type: 'cancelled', reason });
  }

  /** An output by its digest, as the session fetches it. */
  output(digest: string): Buffer | undefined {
    const text = this.#store.output(digest);
    return text === undefined ? undefined : Buffer.from(text, 'utf8');
  }

  #enter(live: Live): void {
    this.#queue.push(live);
    this.#apply(live, { type: 'queued', before: this.#queue.length });
    this.#pump();
  }

  #pump(): void {
    while (this.#running < this.parts.slots && !this.#stopped) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      if (next.attempt.phase !== 'queued') continue;
      this.#running += 1;
      this.#apply(next, { type: 'slot_granted', nowMs: this.parts.clock.nowMs() });
    }
  }

  #apply(live: Live, input: AttemptInput): void {
    const { attempt, commands } = stepAttempt(live.attempt, input);
    live.attempt = attempt;
    for (const command of commands) this.#perform(live, command);
  }

  #perform(live: Live, command: AttemptCommand): void {
    const { clock } = this.parts;
    const { ref } = live.attempt.assignment;
    switch (command.do) {
      case 'execute':
        this.#execute(live);
        return;
      case 'report_started':
        this.#poster.add({
          attempt: live.key,
          run: ref.run,
          record: { type: 'started', task: live.attempt.assignment.numbered, attempt: ref.attempt },
        });
        return;
      case 'stop_executor':
        live.endExecutor?.();
        clock.at(clock.nowMs() + STOP_MS, () =>
          this.#apply(live, { type: 'executor_ended', ending: { outcome: 'failed', reason: 'stopped' } }),
        );
        return;
      case 'free_slot':
        this.#running -= 1;
        this.#pump();
        return;
      case 'save':
        live.kept = this.#save(live, command.ending);
        void live.kept.then(() => this.#saved(live));
        return;
      case 'report': {
        const { key, attempt, output, kept } = live;
        this.#poster.add(reportOf(key, attempt.assignment, command.ending, output), { kept });
        return;
      }
      default:
        return;
    }
  }

  #execute(live: Live): void {
    const { clock, work, events, account } = this.parts;
    const { assignment, starts } = live.attempt;
    const input = live.input === undefined ? {} : { input: live.input };
    this.#note(live.key, { assignment, starts, ...input });
    const { ms, output } = work(assignment);
    events.note(account, `executes ${live.key} for ${ms} ms, start ${starts}`);
    live.endExecutor = clock.at(clock.nowMs() + ms, () => {
      live.output = output;
      const ending: Ending =
        output === undefined
          ? { outcome: 'failed', reason: 'exit code 1' }
          : { outcome: 'ok', reason: '', output: { sha256: sha256(output), size: Buffer.byteLength(output) } };
      this.#apply(live, { type: 'executor_ended', ending });
    });
  }

  /** An ending is durable before anybody hears of it. */
  async #save(live: Live, ending: Ending): Promise<void> {
    live.callOffDeadline();
    const { assignment, starts } = live.attempt;
    const row = { assignment, starts, finished: { ending, output: live.output, reported: false } };
    await this.#patiently(() => this.#store.putRow(live.key, row));
  }

  #saved(live: Live): void {
    this.#live.delete(live.key);
    this.#apply(live, { type: 'saved' });
  }
}

function reportOf(key: string, assignment: Assignment, ending: Ending, output: string | undefined): Report {
  const text = output === undefined ? undefined : inlineText(Buffer.from(output, 'utf8'));
  return { attempt: key, run: assignment.ref.run, record: resultRecord(assignment, ending, text) };
}
