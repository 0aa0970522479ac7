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
import { counted } from '@gatepost/shared/vocabulary/counted';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Nanos } from '@gatepost/shared/vocabulary/time';
import { type Awaited, awaitedArbiter, awaitedPeople, awaitedTime } from '../../core/awaited.js';
import type { Decision, RunLook } from '../../core/decide/decide.js';
import type { SessionObservation } from '../../core/decide/health.js';
import type { Limits } from '../../core/decide/limits.js';
import type { Observations } from '../../core/decide/observations.js';
import type { RunFleet } from '../agents/agent-fleet.js';
import type { AttemptLine } from '../reports/attempt-logs.js';
import { type AttemptUsage, usageOf } from '../reports/attempt-usage.js';
import { AwaitedWaits } from './awaited-waits.js';
import { Declined } from './declined.js';
import { EarlyWords } from './early-words.js';
import type { Effects } from './effects.js';
import type { Waits } from './waits.js';
import type { Waker } from './waker.js';

/** Why this process works on a run no more. */
export type LoopEnd = 'closed' | 'fenced' | 'unpayable' | 'interrupted';

/** What the run has cost so far. */
export interface Fees {
  /** US dollars, as of the last reading. */
  readonly usd: number;
  /** Reads on in the background. */
  follow(openedAt: Nanos): void;
}

/** A run's place beside others. */
export interface Share {
  /** Order of submission: of two that are equally far behind, the earlier one is served first. */
  readonly ordinal: number;
  /** Its share is this much of the sum of all weights; a whole number from 1. */
  readonly weight: number;
  /** Most attempts that agents may work on for it. */
  readonly mostOpen: number;
}

/** What this process is on the journal. */
export interface Acting {
  /** Names it; its epoch record carries it. */
  readonly instance: string;
  /** Whether the fold has shown its own epoch. */
  readonly begun: boolean;
}

/** What the work on one run goes by and with. */
export interface DeskParts {
  readonly state: RunState;
  readonly share: Share;
  readonly effects: Effects;
  readonly fleet: RunFleet;
  readonly orders: WorkOrders;
  readonly store: OutputKeeper;
  readonly limits: Limits;
  readonly waker: Waker;
  readonly emit: Emit;
  readonly progress: (task: string, attempt: number, agent: AccountId, fraction: number, message: string) => void;
  /** A line that an executor wrote, or its progress, as its agent passes it on. */
  readonly said: (line: AttemptLine) => void;
  /** What an agent says that an attempt used; whether it is the first word on it. */
  readonly used: (usage: AttemptUsage) => boolean;
  readonly fees: Fees;
  readonly waits: Waits;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often it is looked who is waited for. */
const UNSERVED_MS = 1_000;

/** What one run makes of records and of what agents tell; what is to be done is decided for all runs together. */
export class RunDesk {
  readonly #startedMs: number;
  #lookedMs = 0;
  /** Records of ours that came into sight, and how many there were at the last look for what is awaited. */
  #ownShown = 0;
  #ownSeen = 0;
  readonly #awaited: AwaitedWaits;
  readonly #declined = new Declined();
  /** Attempts whose output came along with the news of their end. */
  readonly #early = new WeakSet<Attempt>();
  readonly #earlyWords = new EarlyWords();
  /** The newest progress of attempts that the ledger does not show to have started yet. */
  readonly #earlyProgress = new WeakMap<Attempt, () => void>();

  constructor(readonly parts: DeskParts) {
    this.#startedMs = parts.clock.nowMs();
    this.#awaited = new AwaitedWaits(parts.waits);
  }

  /** Takes a record that was handed on, in consensus order, whichever run it is of. */
  fold(entry: LedgerRecord): void {
    const { state, effects, emit } = this.parts;
    reduce(state, entry, emit);
    const { record } = entry;
    const { coordinator, gatekeeper } = state.context;
    const ofRun = entry.run === state.context.run;
    if (record.type === 'started' && ofRun) this.#tellProgress(record.task, record.attempt);
    if (record.type === 'verdict' && entry.author === gatekeeper && ofRun) this.#decided(record);
    if (entry.author !== coordinator) return;
    if (record.type !== 'epoch' && !ofRun) return;
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

  /** What is to be known before it is decided what the run does next. */
  look(nowMs: number, acting: Acting, sessions: ReadonlyMap<AccountId, SessionObservation>): RunLook {
    const { state, limits, effects, fees, share } = this.parts;
    effects.inFlight.tick(nowMs);
    if (state.opened && state.context.plan.maxFeesUsd !== undefined) fees.follow(state.openedAt);
    return { ...share, state, limits, seen: this.#observations(acting, sessions) };
  }

  /**
   * Does what was decided.
   * @returns why the run is worked on no more, when that is so.
   * @throws GatepostError LEDGER_REJECTED when the ledger takes no records any more, and what an effect ended with.
   */
  carryOut({ commands, unserved }: Decision, nowMs: number): LoopEnd | undefined {
    const { state, limits, effects } = this.parts;
    if (nowMs - this.#lookedMs >= UNSERVED_MS) {
      this.#lookedMs = nowMs;
      const asked = [...awaitedPeople(state), ...awaitedArbiter(state), ...awaitedTime(state, limits)];
      this.#awaited.note([...unserved(), ...asked, ...this.#unshown()]);
    }
    for (const command of commands) {
      if (command.kind === 'stop') return command.why;
      effects.launch(command);
    }
    if (effects.fatal !== undefined) throw effects.fatal;
    const { failure } = effects.inFlight;
    if (failure !== undefined) throw new GatepostError('LEDGER_REJECTED', failure);
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
        what: `to show ${counted(records, 'record')} that ${records === 1 ? 'was' : 'were'} sent; it lags, and nothing need be done`,
      },
    ];
  }

  #observations({ instance, begun }: Acting, observed: ReadonlyMap<AccountId, SessionObservation>): Observations {
    const { effects } = this.parts;
    const { refusing } = effects.inFlight;
    const sessions = refusing.size === 0 ? observed : new Map(observed);
    for (const [agent, trouble] of refusing) {
      const known = observed.get(agent);
      if (known !== undefined && sessions instanceof Map) {
        sessions.set(agent, { ...known, connected: false, trouble } satisfies SessionObservation);
      }
    }
    return {
      instance,
      begun,
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
