import type { LedgerFeed, Look } from '@gatepost/party/ledger/ledger-feed';
import type { OutputKeeper } from '@gatepost/party/outputs/output-keeper';
import type { WorkOrders } from '@gatepost/party/outputs/work-orders';
import type { AttemptEvent, Finished, Refused } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { reduce } from '@gatepost/rules/fold/reduce';
import { type Attempt, isOpen, keyOf } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { Emit } from '@gatepost/rules/run/change';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import { clipReason } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_MS, type Nanos } from '@gatepost/shared/vocabulary/time';
import { type Awaited, awaitedArbiter, awaitedPeople, awaitedTime } from '../../core/awaited.js';
import { lookAt } from '../../core/decide/decide.js';
import { judge, type SessionObservation } from '../../core/decide/health.js';
import type { Limits } from '../../core/decide/limits.js';
import type { Observations } from '../../core/decide/observations.js';
import type { AgentFleet } from '../agents/agent-fleet.js';
import type { Sightings } from '../agents/sightings.js';
import type { CoordinatorIdentity } from '../ledger/identity.js';
import type { AttemptLine } from '../reports/attempt-logs.js';
import { type AttemptUsage, usageOf } from '../reports/attempt-usage.js';
import { AwaitedWaits } from './awaited-waits.js';
import { Declined } from './declined.js';
import { EarlyWords } from './early-words.js';
import type { Effects } from './effects.js';
import type { OpenWait, Waits } from './waits.js';
import type { Waker } from './waker.js';

/** Why the loop ended. */
export type LoopEnd = 'closed' | 'fenced' | 'unpayable' | 'interrupted';

/** What the run has cost so far. */
export interface Fees {
  /** US dollars, as of the last reading. */
  readonly usd: number;
  /** Reads on in the background. */
  follow(openedAt: Nanos): void;
}

/** What the loop works with. */
export interface LoopParts {
  readonly state: RunState;
  readonly identity: CoordinatorIdentity;
  readonly feed: LedgerFeed;
  readonly effects: Effects;
  readonly fleet: AgentFleet;
  readonly orders: WorkOrders;
  readonly store: OutputKeeper;
  readonly limits: Limits;
  /** Pause between looks over REST while the journal is silent, for the mirror's sake. */
  readonly inboxPollMs: number;
  /** Least pause between questions to the mirror. */
  readonly restPauseMs: number;
  readonly waker: Waker;
  readonly emit: Emit;
  readonly progress: (task: string, attempt: number, agent: AccountId, fraction: number, message: string) => void;
  /** A line that an executor wrote, or its progress, as its agent passes it on. */
  readonly said: (line: AttemptLine) => void;
  /** What an agent says that an attempt used; whether it is the first word on it. */
  readonly used: (usage: AttemptUsage) => boolean;
  readonly fees: Fees;
  /** Tells this host's other commands what this process sees of the agents. */
  readonly tell: (seen: Sightings) => void;
  readonly waits: Waits;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longest time between two looks at what is to be done. */
const TICK_MS = 200;
/** A tick that comes so late means that this process was away: suspended, or its host was. */
const AWAY_MS = 2_000;
/** How long the journal's subscription may bring nothing, while something is under way, before REST is asked too. */
const CATCH_UP_MS = 5_000;
/** How long news of the journal waits for receipts and for the list of own messages before all is read over REST. */
const HELD_BACK_MS = 50;
/** How often it is looked who is waited for. */
const UNSERVED_MS = 1_000;
/** How often other commands are told what this process sees of the agents. */
const SIGHTINGS_MS = 1_000;

/** Reads, folds, decides and launches, over and over, until the run is closed or cannot go on. */
export class RunLoop {
  readonly #startedMs: number;
  #begun = false;
  #acted = false;
  /** When the mirror was asked last, and when all of the ledger was looked at or something came of it. */
  #askedMs = 0;
  #movedMs = 0;
  /** The message of the journal that waits for what may stand before it, and since when. */
  #held: { readonly message: number; readonly sinceMs: number } | undefined;
  #toldMs = 0;
  #heardMs = 0;
  #lookedMs = 0;
  /** Records of ours that came into sight, and how many there were at the last look for what is awaited. */
  #ownShown = 0;
  #ownSeen = 0;
  readonly #mirror: OpenWait;
  readonly #awaited: AwaitedWaits;
  readonly #declined = new Declined();
  /** Attempts whose output came along with the news of their end. */
  readonly #early = new WeakSet<Attempt>();
  readonly #earlyWords = new EarlyWords();
  /** The newest progress of attempts that the ledger does not show to have started yet. */
  readonly #earlyProgress = new WeakMap<Attempt, () => void>();

  constructor(readonly parts: LoopParts) {
    this.#startedMs = parts.clock.nowMs();
    this.#heardMs = this.#startedMs;
    this.#mirror = parts.waits.open('mirror');
    this.#awaited = new AwaitedWaits(parts.waits);
  }

  /** Whether this process ever had the journal for itself; one whose number another took first never did anything. */
  get acted(): boolean {
    return this.#acted;
  }

  /** @throws GatepostError LEDGER_REJECTED when the ledger takes no records any more, and what an effect ended with. */
  async run(interrupted: AbortSignal): Promise<LoopEnd> {
    const { state, effects, waker, clock } = this.parts;
    let lastMs = clock.nowMs();
    while (!interrupted.aborted) {
      const nowMs = clock.nowMs();
      if (nowMs - lastMs > AWAY_MS) this.parts.fleet.forgiveSilence(nowMs);
      lastMs = nowMs;
      await this.#read();
      if (state.closed !== undefined) return 'closed';
      const stop = this.#decide(nowMs);
      if (stop !== undefined) return stop;
      if (effects.fatal !== undefined) throw effects.fatal;
      const { failure } = effects.inFlight;
      if (failure !== undefined) throw new GatepostError('LEDGER_REJECTED', failure);
      await waker.wait(TICK_MS);
    }
    return 'interrupted';
  }

  async #read(): Promise<void> {
    const { feed, effects, log, state, clock } = this.parts;
    const look = this.#howToLook(clock.nowMs());
    if (look === undefined) return;
    const { by, inboxes } = look;
    const { run } = state.context;
    const awaits = (of: string | undefined, task: string, attempt: number) =>
      of === run && effects.inFlight.awaits(task, attempt);
    let records: LedgerRecord[];
    try {
      records = await feed.read(inboxes, { by, awaits });
      // Where nothing was asked of the mirror, a stream that brings nothing does not say that it is there.
      if (by !== 'stream' || inboxes.size > 0 || records.length > 0) this.#mirror.end();
    } catch (thrown) {
      const error = toGatepostError(thrown, 'MIRROR_UNREACHABLE');
      this.#mirror.note(`to answer: ${error.message}`);
      log.debug({ code: error.code }, `${error.message}; trying again`);
      return;
    }
    for (const record of records) this.#fold(record);
    if (records.length > 0) this.#movedMs = clock.nowMs();
    if (feed.heldBack !== this.#held?.message || by === 'rest') {
      this.#held = feed.heldBack === undefined ? undefined : { message: feed.heldBack, sinceMs: clock.nowMs() };
    }
    this.parts.fleet.follow(state.agents.values());
  }

  /**
   * Whether a process before this one may still have messages under way. It fell silent; what it sent is decided once
   * the journal was read beyond the window of its last transaction. Before its own epoch was read a process does not
   * know whether it has taken over.
   */
  #afterPredecessor(): boolean {
    const { takenOverAt, journalAt } = this.parts.state;
    if (!this.#begun) return true;
    return takenOverAt > 0n && journalAt <= takenOverAt + BigInt(this.parts.limits.quarantineMs) * NANOS_PER_MS;
  }

  /** Whether the subscription has brought nothing for long although something is expected. */
  #isQuiet(): boolean {
    const { feed, effects, clock, state } = this.parts;
    const nowMs = clock.nowMs();
    if (feed.hasNews) this.#heardMs = nowMs;
    if (effects.inFlight.size + state.openAttempts === 0 || nowMs - this.#heardMs < CATCH_UP_MS) return false;
    this.#heardMs = nowMs;
    return true;
  }

  /** By what the ledger is read now, and which inboxes; undefined while that takes the mirror and it must not be asked again. */
  #howToLook(nowMs: number): (Required<Pick<Look, 'by'>> & { readonly inboxes: ReadonlySet<TopicId> }) | undefined {
    const { feed, effects, inboxPollMs, restPauseMs, state } = this.parts;
    const afterPredecessor = this.#afterPredecessor();
    const quiet = this.#isQuiet();
    const mayAsk = nowMs - this.#askedMs >= restPauseMs;
    const inboxes = new Set(effects.inFlight.unseen);
    const none: ReadonlySet<TopicId> = new Set();
    const stands = nowMs - this.#movedMs >= inboxPollMs;
    if (afterPredecessor) {
      // What was heard is nothing to go by: the predecessor may have written to inboxes before it.
      if (feed.hasNews ? !mayAsk : !quiet && !stands) return undefined;
      for (const topic of state.inboxes.keys()) inboxes.add(topic);
      return this.#ask('rest', inboxes, nowMs);
    }
    if (quiet && inboxes.size === 0) return this.#ask('catch-up', none, nowMs);
    const isHeldUp = nowMs - (this.#held?.sinceMs ?? nowMs) >= HELD_BACK_MS;
    if (quiet || (mayAsk && inboxes.size > 0 && (stands || isHeldUp))) return this.#ask('rest', inboxes, nowMs);
    return mayAsk && feed.isListBehind ? this.#ask('list', inboxes, nowMs) : { by: 'stream', inboxes: none };
  }

  #ask<By extends 'list' | 'catch-up' | 'rest'>(by: By, inboxes: ReadonlySet<TopicId>, nowMs: number) {
    this.#askedMs = nowMs;
    if (by !== 'list') this.#movedMs = nowMs;
    return { by, inboxes };
  }

  #fold(entry: LedgerRecord): void {
    const { state, effects, identity, emit } = this.parts;
    reduce(state, entry, emit);
    const { record } = entry;
    if (record.type === 'started') this.#tellProgress(record.task, record.attempt);
    const { coordinator, gatekeeper } = state.context;
    const ofRun = entry.run === state.context.run;
    if (record.type === 'verdict' && entry.author === gatekeeper && ofRun) this.#decided(record);
    if (entry.author !== coordinator) return;
    if (record.type === 'epoch') {
      this.#begun ||= record.instance === identity.instance;
      this.#acted ||= state.epoch?.instance === identity.instance;
    }
    if (record.type !== 'epoch' && entry.run !== state.context.run) return;
    this.#ownShown += 1;
    effects.inFlight.folded(entry, this.parts.clock.nowMs());
    if (record.type === 'verdict') this.#decided(record);
    if (record.type !== 'assign' && record.type !== 'cancel') return;
    this.#earlyWords.release(keyOf(record.task, record.attempt));
    const attempt = attemptAt(state.tasks.get(record.task), record.attempt);
    if (record.type === 'assign' && attempt?.inboxSequence === entry.sequence) void this.dispatch(attempt);
  }

  /** A verdict on an attempt is on the journal: nothing more is asked about it, here or at its agent. */
  #decided({ task, attempt: number }: RecordOf<'verdict'>): void {
    const { state, effects, fleet } = this.parts;
    effects.gated.delete(keyOf(task, number));
    effects.decided(task, number);
    this.#declined.forget(task, number);
    const agent = attemptAt(state.tasks.get(task), number)?.agent;
    if (agent !== undefined) fleet.link(agent)?.forget({ run: state.context.run, task, attempt: number });
  }

  #tellProgress(task: string, number: number): void {
    const attempt = attemptAt(this.parts.state.tasks.get(task), number);
    if (attempt?.startedAt === undefined) return;
    this.#earlyProgress.get(attempt)?.();
    this.#earlyProgress.delete(attempt);
  }

  #decide(nowMs: number): LoopEnd | undefined {
    const { state, limits, effects, fees } = this.parts;
    effects.inFlight.tick(nowMs);
    if (state.opened && state.context.plan.maxFeesUsd !== undefined) fees.follow(state.openedAt);
    const seen = this.#observations();
    if (nowMs - this.#toldMs >= SIGHTINGS_MS) this.#tell(nowMs, seen);
    const { commands, unserved } = lookAt(state, nowMs, seen, limits);
    if (nowMs - this.#lookedMs >= UNSERVED_MS) {
      this.#lookedMs = nowMs;
      const asked = [...awaitedPeople(state), ...awaitedArbiter(state), ...awaitedTime(state, limits)];
      this.#awaited.note([...unserved(), ...asked, ...this.#unshown()]);
    }
    for (const command of commands) {
      if (command.kind === 'stop') return command.why;
      effects.launch(command);
    }
    return undefined;
  }

  /** Records that the network took, as far as is known, while the mirror shows none of them. */
  #unshown(): Awaited[] {
    const { effects, waits } = this.parts;
    const { records } = effects.inFlight;
    const stands = this.#ownShown === this.#ownSeen;
    this.#ownSeen = this.#ownShown;
    if (records === 0 || !stands || waits.isOpen('network') || waits.isOpen('gatekeeper')) return [];
    return [
      {
        kind: 'mirror',
        whom: 'the mirror',
        what: `to show ${records} records that were sent; it lags, and nothing need be done`,
      },
    ];
  }

  #tell(nowMs: number, { sessions }: Observations): void {
    const { state, limits, tell } = this.parts;
    this.#toldMs = nowMs;
    const agents = [...state.agents.values()].map((agent) => {
      const session = sessions.get(agent.account);
      const { health, why } = judge(agent, session, nowMs, limits);
      return { agent: agent.account, health, why, last_beat_ms: session?.lastHeardMs, ...session?.load };
    });
    tell({ run: state.context.run, at_ms: nowMs, agents });
  }

  #observations(): Observations {
    const { identity, effects, fleet } = this.parts;
    const sessions = new Map(fleet.observations());
    for (const [agent, trouble] of effects.inFlight.refusing) {
      const known = sessions.get(agent);
      if (known !== undefined)
        sessions.set(agent, { ...known, connected: false, trouble } satisfies SessionObservation);
    }
    return {
      instance: identity.instance,
      begun: this.#begun,
      startedMs: this.#startedMs,
      inFlight: effects.inFlight,
      sessions,
      gated: effects.gated,
      inputTrouble: effects.inputTrouble,
      largeInputs: effects.largeInputs,
      declined: this.#declined.attempts,
      feesUsd: this.parts.fees.usd,
    };
  }

  /** Tells an agent about an attempt the ledger assigns to it, with its input. Does nothing when it is over. */
  async dispatch(attempt: Attempt): Promise<void> {
    const { state, orders, fleet, log } = this.parts;
    const task = state.tasks.get(attempt.task);
    if (task === undefined || !isOpen(attempt) || attempt.cancelled || attempt.result !== undefined) return;
    const ref = { run: state.context.run, task: attempt.task, attempt: attempt.number };
    const link = fleet.link(attempt.agent);
    if (link === undefined || link.isTold(ref)) return;
    try {
      const input = await orders.bytesOf(task, attempt);
      const { inbox, inboxSequence, inputSha256, deadlineMs } = attempt;
      const work = { ref, inbox, inboxSequence, inputSha256, input, taskType: task.spec.type, deadlineMs };
      await link.dispatch(work);
    } catch (thrown) {
      // The agent may still have the input from its inbox; if not, the deadline decides.
      log.warn({ task: attempt.task, attempt: attempt.number }, toGatepostError(thrown).message);
    }
  }

  /** A session is up: everything the agent has to do is told again. */
  connected(agent: AccountId): void {
    for (const attempt of this.parts.state.agents.get(agent)?.open ?? []) void this.dispatch(attempt);
  }

  /** What a session tells of an attempt; the ledger decides, so only bytes and progress count. */
  event(agent: AccountId, event: AttemptEvent): void {
    const { ref, kind, atUnixMs } = event;
    const { state, effects, progress, said } = this.parts;
    if (ref === undefined || ref.run !== state.context.run) return;
    const { task, attempt } = ref;
    // Whoever says something else of an attempt speaks of another's, or of none.
    const own = attemptAt(state.tasks.get(task), attempt);
    if (own === undefined && kind?.$case !== 'finished' && effects.inFlight.awaits(task, attempt)) {
      this.#earlyWords.hold(keyOf(task, attempt), () => this.event(agent, event));
    }
    if (own?.agent !== agent) return;
    if (kind?.$case === 'finished') {
      this.#keepEarly(own, kind.value);
      const usage = usageOf(kind.value);
      if (usage !== undefined) this.parts.used({ task, attempt, agent, ...usage });
    } else if (kind?.$case === 'log') {
      const { line, droppedBefore } = kind.value;
      said({ atMs: Number(atUnixMs), task, attempt, agent, line, droppedBefore: Number(droppedBefore) });
    } else if (kind?.$case === 'progress') {
      const { fraction, message } = kind.value;
      const told = () => progress(task, attempt, agent, fraction, clipReason(message));
      // A session is faster than the ledger; nothing goes on that was not said to have begun.
      if (own.startedAt === undefined) this.#earlyProgress.set(own, told);
      else told();
      said({ atMs: Number(atUnixMs), task, attempt, agent, line: clipReason(message), fraction });
    }
  }

  /** A small output comes along with its end; one of each attempt is kept, from the agent it was assigned to. */
  #keepEarly(attempt: Attempt, { output, outputSha256 }: Finished): void {
    if (output.length === 0 || !isOpen(attempt) || this.#early.has(attempt)) return;
    if (sha256(output) !== Buffer.from(outputSha256).toString('hex')) return;
    this.#early.add(attempt);
    this.parts.store.put(output);
  }

  /** The daemon may not have seen the assignment yet, or have no room: it is told again a little later, within bounds. */
  refused(agent: AccountId, { ref, code, message }: Refused): void {
    if (ref === undefined || ref.run !== this.parts.state.context.run) return;
    const attempt = attemptAt(this.parts.state.tasks.get(ref.task), ref.attempt);
    if (attempt === undefined || attempt.agent !== agent) return;
    const consequence = this.#declined.refused(ref.task, ref.attempt, code, message);
    const { clock, log, waker } = this.parts;
    const declined = consequence === 'declined';
    log[declined ? 'warn' : 'debug']({ agent, task: ref.task, attempt: ref.attempt, code }, message);
    if (declined) waker.wake();
    else if (consequence !== 'planned') clock.at(clock.nowMs() + consequence.retryInMs, () => this.#again(attempt));
  }

  #again(attempt: Attempt): void {
    this.#declined.dispatched(attempt.task, attempt.number);
    void this.dispatch(attempt);
  }
}
