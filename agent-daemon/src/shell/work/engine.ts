import type { Logger } from '@gatepost/shared/log';
import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Limits } from '../../config/daemon-config.js';
import { Admission, type Load } from '../../core/admission.js';
import type { Assignment } from '../../core/assignment.js';
import { type AttemptCommand, type AttemptInput, type Ending, newAttempt, stepAttempt } from '../../core/attempt.js';
import { type EventKind, EventLog, type NumberedEvent } from '../../core/event-log.js';
import { type Refusal, refusal } from '../../core/refusal.js';
import { inlineText, resultRecord } from '../../core/result-record.js';
import type { Clock } from '../clock.js';
import type { AttemptRow } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { AttemptKeeper } from './attempt-keeper.js';
import type { ExecutorRegistry } from './executor-registry.js';
import type { JournalPoster } from './journal-poster.js';
import type { LiveAttempt } from './live-attempt.js';
import { RecentAttempts } from './recent-attempts.js';
import type { Runner } from './runner.js';

/** Attempts that may be open before the inbox is read further. */
const OPEN_ATTEMPTS = 10_000;

/** Who hears of events. */
export interface EngineListener {
  event(ref: AttemptRef, event: NumberedEvent): void;
  loadChanged(load: Load): void;
  /** The duration is undefined for an attempt that never started here. */
  finished(ending: Ending, durationMs: number | undefined): void;
}

const noop = (): void => undefined;

export interface EngineParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly registry: ExecutorRegistry;
  readonly runner: Runner;
  readonly poster: JournalPoster;
  readonly log: Logger;
}

/**
 * Executes the commands of the attempts' state machines: admission, executors, the store, reports. What is told to
 * the outside was made durable before.
 */
export class Engine {
  readonly #live = new Map<string, LiveAttempt>();
  readonly #recent = new RecentAttempts();
  readonly #admission: Admission;
  readonly #keeper: AttemptKeeper;
  /** Attempts with everything at hand that found the queue full. */
  readonly #backlog = new Set<string>();
  #listener: EngineListener = { event: noop, loadChanged: noop, finished: noop };
  readonly #ignored = new Set<string>();
  #draining = false;
  /** Dispatched attempts whose input is being written. */
  #entering = 0;
  #atRest: (() => void)[] = [];
  #readers: (() => void)[] = [];

  constructor(private readonly parts: EngineParts) {
    this.#admission = new Admission(parts.limits.slots, parts.limits.queue);
    this.#keeper = new AttemptKeeper(parts.store, parts.clock, parts.log);
  }

  listen(listener: EngineListener): void {
    this.#listener = listener;
  }

  get load(): Load {
    return this.#admission.load;
  }

  /** Attempts that are not over. */
  get open(): number {
    return this.#live.size;
  }

  /** The attempts that run or wait for a slot. */
  working(): readonly AttemptRef[] {
    return this.#admission.keys().flatMap((key) => this.#live.get(key)?.ref ?? []);
  }

  find(key: string): LiveAttempt | undefined {
    return this.#live.get(key) ?? this.#recent.get(key);
  }

  /** Takes up what an earlier process left: reports owed, work unfinished. */
  restore(): void {
    const onTheWay = new Set(this.parts.store.prepared().flatMap(({ results }) => results));
    for (const [key, row] of this.parts.store.attempts()) {
      if (row.finished === undefined) this.#resume(key, row);
      else if (!row.finished.reported && !onTheWay.has(key)) this.#report(key, row.assignment.ref, row.finished.ending);
    }
    this.#pump();
  }

  /** An attempt of an earlier life, reported already, whose assignment the inbox will show again. */
  ignore(key: string): void {
    this.#ignored.add(key);
  }

  /** The inbox assigns an attempt. One that is known already stays as it is. */
  assign(assignment: Assignment): void {
    const key = attemptKey(assignment.ref);
    if (this.#ignored.delete(key)) return;
    if (this.#live.has(key) || this.parts.store.attempt(key) !== undefined) return;
    const live = this.#add(key, assignment, 0, assignment.inlineInput !== undefined);
    this.#keeper.note(live);
    this.#ready(live);
  }

  /** The work order of an assigned attempt has arrived and its digest is right. */
  async provideInput(key: string, input: Uint8Array): Promise<Refusal | undefined> {
    const live = this.#live.get(key);
    if (live === undefined || live.attempt.phase !== 'assigned') return undefined;
    const why = this.#noRoom();
    if (why !== undefined) return why;
    // The place is held while the input is written.
    this.#entering += 1;
    try {
      if (!live.hasInput) await this.#keeper.keepInput(live, input);
    } finally {
      this.#entering -= 1;
    }
    this.#pump(live);
    return undefined;
  }

  cancel(ref: AttemptRef, reason: string): boolean {
    const key = attemptKey(ref);
    const live = this.#live.get(key);
    if (live !== undefined) this.#apply(live, { type: 'cancelled', reason });
    else this.#recent.drop(key);
    return live !== undefined || this.parts.store.attempt(key) !== undefined;
  }

  /** The coordinator has seen events up to a number. */
  acknowledge(ref: AttemptRef, event: number): void {
    const key = attemptKey(ref);
    const live = this.find(key);
    live?.log.acknowledge(event);
    if (live?.log.size === 0 && live.attempt.phase === 'finished') this.#recent.drop(key);
  }

  /** Events after a number, from memory, or of a long finished attempt its last. */
  eventsAfter(key: string, number: number): readonly NumberedEvent[] {
    const live = this.find(key);
    if (live !== undefined) return live.log.after(number);
    const finished = this.parts.store.attempt(key)?.finished;
    if (finished === undefined) return [];
    return [{ number: finished.event, atMs: finished.atMs, kind: { type: 'finished', ending: finished.ending } }];
  }

  /** Attempts whose events are in memory. */
  remembered(): readonly LiveAttempt[] {
    return [...this.#live.values(), ...this.#recent.values()];
  }

  /** Starts nothing new; resolves when nothing runs any more. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#rest();
  }

  /** Stops what runs; the next process takes it up again. Resolves when nothing runs any more. */
  async halt(): Promise<void> {
    this.#draining = true;
    for (const live of [...this.#live.values()]) this.#apply(live, { type: 'shutdown' });
    await this.#rest();
  }

  #rest(): Promise<void> {
    const busy = [...this.#live.values()].some(({ attempt }) =>
      ['running', 'stopping', 'saving'].includes(attempt.phase),
    );
    return busy ? new Promise((resolve) => this.#atRest.push(resolve)) : Promise.resolve();
  }

  /** Why nothing new is taken in at the moment; undefined when there is room. */
  #noRoom(): Refusal | undefined {
    const { poster, limits, store } = this.parts;
    if (this.#draining) return refusal('UNAVAILABLE', 'the daemon stops');
    if (!store.healthy) return refusal('UNAVAILABLE', 'the store of the daemon cannot be written; its log says why');
    if (poster.pending >= limits.unreported) {
      return refusal('RESOURCE_EXHAUSTED', `${poster.pending} records wait for the ledger already`);
    }
    if (this.#admission.room > this.#entering) return undefined;
    return refusal('RESOURCE_EXHAUSTED', 'every slot and every place in the queue is taken');
  }

  /** Resolves when so few attempts are open that more of the inbox may be read. */
  roomToRead(): Promise<void> {
    if (this.#live.size < OPEN_ATTEMPTS) return Promise.resolve();
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  #resume(key: string, row: AttemptRow): void {
    const { assignment, starts } = row;
    const live = this.#add(key, assignment, starts, row.hasInput || assignment.inlineInput !== undefined);
    const lost = starts > 0 && this.parts.registry.get(assignment.taskType)?.restart === 'lost';
    if (lost) this.#apply(live, { type: 'refused', reason: 'lost: the daemon was restarted while it ran' });
    else this.#ready(live);
  }

  #add(key: string, assignment: Assignment, starts: number, hasInput: boolean): LiveAttempt {
    const { limits, clock } = this.parts;
    const live: LiveAttempt = {
      key,
      ref: assignment.ref,
      attempt: newAttempt(assignment, starts),
      log: new EventLog(starts, limits),
      input: assignment.inlineInput === undefined ? undefined : Buffer.from(assignment.inlineInput, 'utf8'),
      hasInput,
      output: undefined,
      outputText: undefined,
      abort: new AbortController(),
      stop: undefined,
      startedAtMs: undefined,
      cancelDeadline: clock.at(assignment.deadlineMs, () => this.#apply(live, { type: 'deadline_passed' })),
    };
    this.#live.set(key, live);
    return live;
  }

  /** Queues an attempt that has all it needs; ends one that nobody here can execute. */
  #ready(live: LiveAttempt): void {
    const { taskType } = live.attempt.assignment;
    if (live.attempt.phase !== 'assigned') return;
    if (!this.parts.registry.has(taskType)) {
      this.#apply(live, { type: 'refused', reason: `this agent has no executor for ${JSON.stringify(taskType)}` });
    } else if (live.hasInput) {
      this.#backlog.add(live.key);
      this.#pump();
    }
  }

  /** Lets an attempt with a held place in, then moves others from the backlog to the queue and from the queue to the slots. */
  #pump(first?: LiveAttempt): void {
    const before = this.#admission.load;
    if (first !== undefined) this.#admit(first);
    for (const key of this.#backlog) {
      if (this.#noRoom() !== undefined) break;
      this.#backlog.delete(key);
      const live = this.#live.get(key);
      if (live !== undefined) this.#admit(live);
    }
    this.#grant();
    const { load } = this.#admission;
    if (load.running !== before.running || load.queued !== before.queued) this.#listener.loadChanged(load);
  }

  #admit(live: LiveAttempt): void {
    if (live.attempt.phase !== 'assigned') return;
    const admitted = this.#admission.offer(live.key);
    if (admitted === 'full') {
      this.#backlog.add(live.key);
      return;
    }
    this.#apply(live, { type: 'queued', before: admitted.queuedBefore });
    this.#grant();
  }

  #grant(): void {
    while (!this.#draining) {
      const key = this.#admission.grantNext();
      const live = key === undefined ? undefined : this.#live.get(key);
      if (live === undefined) return;
      this.#apply(live, { type: 'slot_granted', nowMs: this.parts.clock.nowMs() });
    }
  }

  #apply(live: LiveAttempt, input: AttemptInput): void {
    const { attempt, commands } = stepAttempt(live.attempt, input);
    live.attempt = attempt;
    for (const command of commands) this.#perform(live, command);
  }

  #perform(live: LiveAttempt, command: AttemptCommand): void {
    switch (command.do) {
      case 'announce_accepted':
        this.#emit(live, { type: 'accepted', queuedBefore: command.before });
        return;
      case 'execute':
        this.#execute(live);
        return;
      case 'stop_executor':
        live.stop = command.stop;
        live.abort.abort(new Error(command.stop.reason));
        return;
      case 'leave_queue':
      case 'free_slot':
        this.#admission.leave(live.key);
        this.#backlog.delete(live.key);
        this.#pump();
        return;
      case 'save':
        return void this.#save(live, command.ending);
      case 'announce_finished':
        this.#finish(live, command.ending);
        return;
      case 'report':
        this.#report(live.key, live.ref, command.ending, live.outputText);
        return;
    }
  }

  #execute(live: LiveAttempt): void {
    this.#keeper.note(live);
    live.startedAtMs = this.parts.clock.nowMs();
    this.#emit(live, { type: 'started' });
    const { run, task, attempt } = live.ref;
    this.parts.poster.add({ attempt: live.key, run, record: { type: 'started', task, attempt } });
    const sink = (kind: EventKind) => {
      if (live.attempt.phase === 'running') this.#emit(live, kind);
    };
    void this.parts.runner.run(live, sink).then(async (result) => {
      const ending = await this.#keeper.keepOutput(live, result);
      this.#apply(live, { type: 'executor_ended', ending });
      if (live.stop?.why === 'shutdown') this.#noticeRest();
    });
  }

  async #save(live: LiveAttempt, ending: Ending): Promise<void> {
    live.cancelDeadline?.();
    await this.#keeper.keepEnding(live, ending);
    this.#apply(live, { type: 'saved' });
  }

  #finish(live: LiveAttempt, ending: Ending): void {
    this.#live.delete(live.key);
    this.#recent.add(live);
    if (this.#live.size < OPEN_ATTEMPTS) for (const resolve of this.#readers.splice(0)) resolve();
    this.#emit(live, { type: 'finished', ending });
    const durationMs = live.startedAtMs === undefined ? undefined : this.parts.clock.nowMs() - live.startedAtMs;
    this.#listener.finished(ending, durationMs);
    this.parts.log.debug({ attempt: live.key, outcome: ending.outcome, reason: ending.reason }, 'finished');
    this.#noticeRest();
  }

  #noticeRest(): void {
    if (this.#atRest.length === 0) return;
    const waiting = this.#atRest.splice(0);
    void this.#rest().then(() => {
      for (const resolve of waiting) resolve();
    });
  }

  #report(key: string, ref: AttemptRef, ending: Ending, text?: string): void {
    const stored = ending.output === undefined ? undefined : this.parts.store.blobs.getSmall(ending.output.sha256);
    const outputText = text ?? (stored === undefined ? undefined : inlineText(stored));
    this.parts.poster.add({ attempt: key, run: ref.run, record: resultRecord(ref, ending, outputText) });
  }

  #emit(live: LiveAttempt, kind: EventKind): void {
    const event = live.log.append(kind, this.parts.clock.nowMs());
    if (event !== undefined) this.#listener.event(live.ref, event);
  }
}
