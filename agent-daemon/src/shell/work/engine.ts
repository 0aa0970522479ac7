import type { Cursor } from '@gatepost/shared/ledger/topic-message';
import { type AttemptRef, attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Load } from '../../core/admission.js';
import type { Assignment } from '../../core/assignment.js';
import { type AttemptCommand, type AttemptInput, type Ending, type Phase, stepAttempt } from '../../core/attempt.js';
import type { EventKind, NumberedEvent } from '../../core/event-log.js';
import { objection } from '../../core/objection.js';
import { compareWithInbox, type Refusal, refusal } from '../../core/refusal.js';
import type { AttemptRow } from '../store/rows.js';
import { AttemptKeeper } from './attempt-keeper.js';
import { AttemptReports } from './attempt-reports.js';
import { type EngineListener, type EngineParts, NOBODY } from './engine-parts.js';
import { type LiveAttempt, newLiveAttempt } from './live-attempt.js';
import { RecentAttempts } from './recent-attempts.js';
import { SlotDesk } from './slot-desk.js';

/** Attempts that may be open before the inbox is read further. */
const OPEN_ATTEMPTS = 10_000;

/**
 * Executes the commands of the attempts' state machines: admission, executors, the store, reports. What is told to
 * the outside was made durable before.
 */
export class Engine {
  readonly #live = new Map<string, LiveAttempt>();
  #heldUntilMs: number | undefined;
  readonly #recent = new RecentAttempts();
  readonly #desk: SlotDesk;
  readonly #keeper: AttemptKeeper;
  readonly #reports: AttemptReports;
  #listener: EngineListener = NOBODY;
  readonly #ignored = new Set<string>();
  #atRest: (() => void)[] = [];
  #readers: (() => void)[] = [];

  constructor(private readonly parts: EngineParts) {
    this.#desk = new SlotDesk(parts, {
      find: (key) => this.#live.get(key),
      queued: (live, before) => this.#apply(live, { type: 'queued', before }),
      granted: (live) => this.#apply(live, { type: 'slot_granted', nowMs: parts.clock.nowMs() }),
      loadChanged: (load) => this.#listener.loadChanged(load),
    });
    this.#keeper = new AttemptKeeper(parts.store, parts.clock, parts.log);
    this.#reports = new AttemptReports(parts.store, parts.poster);
  }

  listen(listener: EngineListener): void {
    this.#listener = listener;
  }

  /** The latest deadline of what came since there was last nothing to do; undefined while there is nothing. */
  get heldUntilMs(): number | undefined {
    return this.#heldUntilMs;
  }

  get load(): Load {
    return this.#desk.load;
  }

  /** Attempts that are not over. */
  get open(): number {
    return this.#live.size;
  }

  /** The attempts that run or wait for a slot. */
  working(): readonly AttemptRef[] {
    return this.#desk.working();
  }

  /** An attempt at work or finished lately; not one that is being dropped. */
  find(key: string): LiveAttempt | undefined {
    const live = this.#live.get(key);
    return live?.attempt.stop?.why === 'dropped' ? undefined : (live ?? this.#recent.get(key));
  }

  /** Takes up what an earlier process left: reports owed, work unfinished. */
  restore(): void {
    const onTheWay = this.#reports.takeUp();
    for (const [key, row] of this.parts.store.attempts()) {
      if (row.early !== undefined) continue;
      if (row.finished === undefined) this.#resume(row);
      else if (!row.finished.reported && !onTheWay.has(key))
        this.#reports.ended(key, row.assignment, row.finished.ending);
    }
    this.#desk.pump();
  }

  /** An attempt of an earlier life, reported already, whose assignment the inbox will show again. */
  ignore(key: string): void {
    this.#ignored.add(key);
  }

  /** The inbox assigns an attempt. One that is known already stays as it is. */
  assign(assignment: Assignment): void {
    const key = attemptKey(assignment.ref);
    if (this.#ignored.delete(key)) return;
    const live = this.#live.get(key);
    if (live !== undefined) {
      if (!live.attempt.confirmed) this.#settle(live, assignment);
      return;
    }
    const row = this.parts.store.attempt(key);
    if (row !== undefined && row.early === undefined) return;
    const known = row?.hasInput === true && row.assignment.inputSha256 === assignment.inputSha256;
    const input = known ? row.input : undefined;
    const taken = this.#resume({ assignment, starts: row?.starts ?? 0, hasInput: known, ...(input && { input }) });
    // What has begun was noted with that; what is over at once, for nobody here can execute it, is kept with its ending.
    if (taken.attempt.phase === 'assigned' || taken.attempt.phase === 'queued') this.#keeper.note(taken);
  }

  /** The inbox was read up to here, and what it says was handed over. */
  noteRead(cursor: Cursor): void {
    this.#keeper.noteRead(cursor);
  }

  /** Hands to the store at once what was noted and waits. */
  writeNotes(): void {
    this.#keeper.writeNotes();
  }

  /** A dispatch is taken at its word until the inbox shows the assignment, see `assign`, or `dropEarly` ends it. */
  async startEarly(assignment: Assignment, input: Uint8Array): Promise<Refusal | undefined> {
    const key = attemptKey(assignment.ref);
    if (this.#live.has(key)) return refusal('RESOURCE_EXHAUSTED', 'an earlier start of this attempt is being stopped');
    if (this.#ignored.has(key)) return refusal('NOT_FOUND', 'the journal has the result of this attempt already');
    const why = this.#desk.noRoom();
    if (why !== undefined) return why;
    const starts = this.parts.store.attempt(key)?.starts ?? 0;
    this.#add(assignment, { starts, hasInput: false, confirmed: false });
    return this.provideInput(key, input);
  }

  /** The inbox does not assign what was started on a dispatch. */
  dropEarly(key: string, reason: string): void {
    const live = this.#live.get(key);
    if (live !== undefined) this.#apply(live, { type: 'dropped', reason });
  }

  /** The inbox assigns what was started on a dispatch, or something else of that name. */
  #settle(live: LiveAttempt, assignment: Assignment): void {
    const differs = compareWithInbox(live.attempt.assignment, assignment) ?? this.#objection(assignment);
    if (live.attempt.stop?.why === 'dropped' || differs !== undefined) {
      live.successor = assignment;
      this.#keeper.note(live);
      this.#apply(live, { type: 'dropped', reason: 'the inbox assigns something else' });
      return;
    }
    if (!live.hasInput && assignment.inlineInput !== undefined) {
      live.input = Buffer.from(assignment.inlineInput, 'utf8');
      live.hasInput = true;
    }
    this.#apply(live, { type: 'confirmed', assignment });
    if (live.attempt.phase !== 'saving') this.#keeper.note(live);
    this.#ready(live);
  }

  /** The work order of an assigned attempt has arrived and its digest is right. */
  async provideInput(key: string, input: Uint8Array): Promise<Refusal | undefined> {
    const live = this.#live.get(key);
    if (live === undefined || live.attempt.phase !== 'assigned') return undefined;
    const why = this.#desk.noRoom();
    if (why !== undefined) return why;
    await this.#desk.holding(live, async () => {
      if (!live.hasInput) await this.#keeper.keepInput(live, input);
    });
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
    this.#desk.close();
    await this.#rest();
  }

  /** Stops what runs; the next process takes it up again. Resolves when nothing runs any more. */
  async halt(): Promise<void> {
    this.#desk.close();
    for (const live of [...this.#live.values()]) this.#apply(live, { type: 'shutdown' });
    await this.#rest();
  }

  /** Attempts that run or whose end is being stored. */
  get atWork(): number {
    const phases: readonly Phase[] = ['running', 'stopping', 'saving'];
    return [...this.#live.values()].filter(({ attempt }) => phases.includes(attempt.phase)).length;
  }

  #rest(): Promise<void> {
    return this.atWork > 0 ? new Promise((resolve) => this.#atRest.push(resolve)) : Promise.resolve();
  }

  /** Resolves when so few attempts are open that more of the inbox may be read. */
  roomToRead(): Promise<void> {
    if (this.#live.size < OPEN_ATTEMPTS) return Promise.resolve();
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  #resume(row: AttemptRow): LiveAttempt {
    const { assignment, starts } = row;
    const hasInput = row.hasInput || assignment.inlineInput !== undefined;
    const live = this.#add(assignment, { starts, hasInput });
    live.input ??= row.input;
    if (starts > 0 && this.#isLostByRestart(assignment))
      this.#apply(live, { type: 'refused', reason: 'lost: the daemon was restarted while it ran' });
    else this.#ready(live);
    return live;
  }

  #isLostByRestart({ taskType }: Assignment): boolean {
    return this.parts.registry.get(taskType)?.restart === 'lost';
  }

  #add(assignment: Assignment, known: { starts: number; hasInput: boolean; confirmed?: boolean }): LiveAttempt {
    const { limits, clock } = this.parts;
    const live = newLiveAttempt(assignment, limits, known);
    live.cancelDeadline = clock.at(assignment.deadlineMs, () => this.#apply(live, { type: 'deadline_passed' }));
    this.#live.set(live.key, live);
    this.#heldUntilMs = Math.max(this.#heldUntilMs ?? 0, assignment.deadlineMs);
    return live;
  }

  /** Queues an attempt that has all it needs; ends one that nobody here can execute. */
  #ready(live: LiveAttempt): void {
    if (live.attempt.phase !== 'assigned') return;
    const reason = this.#objection(live.attempt.assignment);
    if (reason !== undefined) this.#apply(live, { type: 'refused', reason });
    else if (live.hasInput) this.#desk.enter(live.key);
  }

  #objection(assignment: Assignment): string | undefined {
    const { token, registry } = this.parts;
    return objection(assignment, { token, hasExecutor: (taskType) => registry.has(taskType) });
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
      case 'report_started':
        this.#reports.started(live.key, live.attempt.assignment);
        return;
      case 'stop_executor':
        live.stop = command.stop;
        live.abort.abort(new Error(command.stop.reason));
        return;
      case 'leave_queue':
      case 'free_slot':
        this.#desk.leave(live.key);
        return;
      case 'save':
        this.#save(live, command.ending);
        return;
      case 'announce_finished':
        this.#finish(live, command.ending);
        return;
      case 'report':
        this.#reports.ended(live.key, live.attempt.assignment, command.ending, {
          text: live.outputText,
          isLast: this.#live.size === 1,
          kept: live.kept,
        });
        return;
      case 'forget':
        this.#forget(live);
        return;
    }
  }

  #execute(live: LiveAttempt): void {
    this.#keeper.noteStart(live);
    // What must not run twice is noted before it does anything.
    if (this.#isLostByRestart(live.attempt.assignment)) this.#keeper.writeNotes();
    live.startedAtMs = this.parts.clock.nowMs();
    this.#emit(live, { type: 'started' });
    const sink = (kind: EventKind) => {
      if (live.attempt.phase === 'running') this.#emit(live, kind);
    };
    void this.parts.runner.run(live, sink).then(async (result) => {
      const ending = await this.#keeper.keepOutput(live, result);
      this.#apply(live, { type: 'executor_ended', ending });
      if (live.attempt.phase !== 'saving') this.#noticeRest();
    });
  }

  #save(live: LiveAttempt, ending: Ending): void {
    live.cancelDeadline?.();
    live.kept = this.#keeper.keepEnding(live, ending);
    void live.kept.then(() => this.#apply(live, { type: 'saved' }));
  }

  #finish(live: LiveAttempt, ending: Ending): void {
    this.#leave(live);
    this.#recent.add(live);
    this.#emit(live, { type: 'finished', ending });
    this.#listener.finished(live, ending, this.parts.clock.nowMs());
    this.parts.log.debug({ attempt: live.key, outcome: ending.outcome, reason: ending.reason }, 'finished');
    this.#noticeRest();
  }

  #leave(live: LiveAttempt): void {
    this.#live.delete(live.key);
    if (this.#live.size === 0) this.#heldUntilMs = undefined;
    if (this.#live.size < OPEN_ATTEMPTS) for (const resolve of this.#readers.splice(0)) resolve();
  }

  /** An early start came to nothing; what the inbox assigns under its name instead takes its place. */
  #forget(live: LiveAttempt): void {
    live.cancelDeadline?.();
    this.#leave(live);
    const { successor } = live;
    if (successor === undefined) this.#keeper.noteDropped(live);
    else this.#resume({ assignment: successor, starts: live.attempt.starts, hasInput: false });
    this.#noticeRest();
  }

  #noticeRest(): void {
    if (this.#atRest.length === 0) return;
    const waiting = this.#atRest.splice(0);
    void this.#rest().then(() => {
      for (const resolve of waiting) resolve();
    });
  }

  #emit(live: LiveAttempt, kind: EventKind): void {
    const event = live.log.append(kind, this.parts.clock.nowMs());
    if (event !== undefined) this.#listener.event(live.ref, event);
  }
}
