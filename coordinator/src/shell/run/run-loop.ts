import type { AttemptEvent, Refused } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { reduce } from '@gatepost/rules/fold/reduce';
import { type Attempt, isOpen, keyOf } from '@gatepost/rules/run/attempt';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { Emit } from '@gatepost/rules/run/change';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { decide } from '../../core/decide/decide.js';
import { judge, type SessionObservation } from '../../core/decide/health.js';
import type { Limits } from '../../core/decide/limits.js';
import type { Observations } from '../../core/decide/observations.js';
import type { Fleet } from '../agents/fleet.js';
import { writeSightings } from '../agents/sightings.js';
import type { FeeMeter } from '../ledger/fee-meter.js';
import type { CoordinatorIdentity } from '../ledger/identity.js';
import type { LedgerFeed } from '../ledger/ledger-feed.js';
import type { OutputStore } from '../outputs/output-store.js';
import type { WorkOrders } from '../outputs/work-orders.js';
import type { Effects } from './effects.js';
import type { Waker } from './waker.js';

/** Why the loop ended. */
export type LoopEnd = 'closed' | 'fenced' | 'unpayable' | 'interrupted';

/** What the loop works with. */
export interface LoopTools {
  readonly state: RunState;
  readonly identity: CoordinatorIdentity;
  readonly feed: LedgerFeed;
  readonly effects: Effects;
  readonly fleet: Fleet;
  readonly orders: WorkOrders;
  readonly store: OutputStore;
  readonly limits: Limits;
  /** Pause between looks at inboxes while the journal is silent, for the mirror's sake. */
  readonly inboxPollMs: number;
  readonly waker: Waker;
  readonly emit: Emit;
  readonly progress: (task: string, attempt: number, agent: AccountId, fraction: number, message: string) => void;
  readonly fees: FeeMeter;
  /** Where this host's other commands look for what this process sees. */
  readonly stateDir: string;
  readonly log: Logger;
}

/** Longest time between two looks at what is to be done. */
const TICK_MS = 200;
/** A tick that comes so late means that this process was away: suspended, or its host was. */
const AWAY_MS = 2_000;
/** How long the mirror may be out of reach before the run gives up waiting. */
const MIRROR_PATIENCE_MS = 120_000;
const NOT_FOUND_CODE = 5;
const RESOURCE_EXHAUSTED_CODE = 8;
const REDISPATCH_MS = 500;
/** How often other commands are told what this process sees of the agents. */
const SIGHTINGS_MS = 1_000;

/** Reads, folds, decides and launches, over and over, until the run is closed or cannot go on. */
export class RunLoop {
  readonly #startedMs = Date.now();
  #begun = false;
  #polledMs = 0;
  #toldMs = 0;
  #mirrorLostMs: number | undefined;

  constructor(
    readonly tools: LoopTools,
    /** Inboxes a predecessor may still have messages under way to, until when (consensus time, ms). */
    readonly predecessor: { readonly inboxes: () => Iterable<TopicId>; readonly untilMs: number },
  ) {}

  /** @throws GatepostError when an effect failed for good or the mirror stays out of reach. */
  async run(interrupted: AbortSignal): Promise<LoopEnd> {
    const { state, effects, waker } = this.tools;
    let lastMs = Date.now();
    while (!interrupted.aborted) {
      const nowMs = Date.now();
      if (nowMs - lastMs > AWAY_MS) this.tools.fleet.forgiveSilence(nowMs);
      lastMs = nowMs;
      await this.#read();
      if (state.closed !== undefined) return 'closed';
      const stop = this.#decide(nowMs);
      if (stop !== undefined) return stop;
      if (effects.fatal !== undefined) throw effects.fatal;
      await waker.wait(TICK_MS);
    }
    return 'interrupted';
  }

  async #read(): Promise<void> {
    const { feed, log } = this.tools;
    const inboxes = this.#inboxesToRead();
    let records: LedgerRecord[];
    try {
      records = await feed.read(inboxes);
      this.#mirrorLostMs = undefined;
    } catch (thrown) {
      const error = toGatepostError(thrown, 'MIRROR_UNREACHABLE');
      this.#mirrorLostMs ??= Date.now();
      if (Date.now() - this.#mirrorLostMs > MIRROR_PATIENCE_MS) throw error;
      log.warn({ code: error.code }, `${error.message}; trying again`);
      return;
    }
    for (const record of records) this.#fold(record);
    this.tools.fleet.follow(this.tools.state.agents.values());
  }

  /** Before news of the journal is folded all that may hold earlier records; otherwise now and then. */
  #inboxesToRead(): ReadonlySet<TopicId> {
    const { feed, effects, inboxPollMs } = this.tools;
    const nowMs = Date.now();
    if (!feed.hasNews && nowMs - this.#polledMs < inboxPollMs) return new Set();
    this.#polledMs = nowMs;
    const inboxes = new Set(effects.unseen.keys());
    if (nowMs < this.predecessor.untilMs) for (const topic of this.predecessor.inboxes()) inboxes.add(topic);
    return inboxes;
  }

  #fold(entry: LedgerRecord): void {
    const { state, effects, identity, emit } = this.tools;
    reduce(state, entry, emit);
    const { record } = entry;
    if (entry.author !== state.context.coordinator) return;
    if (record.type === 'epoch') this.#begun ||= record.instance === identity.instance;
    else if (entry.run !== state.context.run) return;
    effects.inFlight.folded(entry);
    if (record.type === 'verdict') {
      effects.gated.delete(keyOf(record.task, record.attempt));
      effects.decided(record.task, record.attempt);
      const agent = attemptAt(state.tasks.get(record.task), record.attempt)?.agent;
      const ref = { run: state.context.run, task: record.task, attempt: record.attempt };
      if (agent !== undefined) this.tools.fleet.link(agent)?.forget(ref);
    }
    if (record.type !== 'assign' && record.type !== 'cancel') return;
    effects.readBack(entry.topic, record.type, record.task, record.attempt);
    const attempt = attemptAt(state.tasks.get(record.task), record.attempt);
    if (record.type === 'assign' && attempt?.inboxSequence === entry.sequence) void this.dispatch(attempt);
  }

  #decide(nowMs: number): LoopEnd | undefined {
    const { state, limits, effects, fees } = this.tools;
    if (state.opened && state.context.plan.maxFeesUsd !== undefined) fees.follow(state.openedAt);
    const seen = this.#observations();
    if (nowMs - this.#toldMs >= SIGHTINGS_MS) this.#tell(nowMs, seen);
    for (const command of decide(state, nowMs, seen, limits)) {
      if (command.kind === 'stop') return command.why;
      effects.launch(command);
    }
    return undefined;
  }

  #tell(nowMs: number, { sessions }: Observations): void {
    const { state, limits, stateDir, log } = this.tools;
    this.#toldMs = nowMs;
    const agents = [...state.agents.values()].map((agent) => {
      const session = sessions.get(agent.account);
      const { health, why } = judge(agent, session, nowMs, limits);
      return { agent: agent.account, health, why, last_beat_ms: session?.lastHeardMs, ...session?.load };
    });
    try {
      writeSightings(stateDir, { run: state.context.run, at_ms: nowMs, agents });
    } catch (thrown) {
      log.warn(`what is seen of the agents cannot be written: ${toGatepostError(thrown).message}`);
    }
  }

  #observations(): Observations {
    const { identity, effects, fleet } = this.tools;
    const sessions = new Map(fleet.observations());
    for (const [agent, trouble] of effects.refusing) {
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
      feesUsd: this.tools.fees.usd,
      unpayable: effects.unpayable,
    };
  }

  /** Tells an agent about an attempt the ledger assigns to it, with its input. Does nothing when it is over. */
  async dispatch(attempt: Attempt): Promise<void> {
    const { state, orders, fleet, log } = this.tools;
    const task = state.tasks.get(attempt.task);
    if (task === undefined || !isOpen(attempt) || attempt.cancelled || attempt.result !== undefined) return;
    try {
      const input = await orders.bytesOf(task, attempt);
      const ref = { run: state.context.run, task: attempt.task, attempt: attempt.number };
      const { inbox, inboxSequence, inputSha256, deadlineMs } = attempt;
      const work = { ref, inbox, inboxSequence, inputSha256, input, taskType: task.spec.type, deadlineMs };
      await fleet.link(attempt.agent)?.dispatch(work);
    } catch (thrown) {
      // The agent may still have the input from its inbox; if not, the deadline decides.
      log.warn({ task: attempt.task, attempt: attempt.number }, toGatepostError(thrown).message);
    }
  }

  /** A session is up: everything the agent has to do is told again. */
  connected(agent: AccountId): void {
    for (const key of this.tools.state.agents.get(agent)?.open ?? []) {
      const attempt = this.#attemptOf(key);
      if (attempt !== undefined) void this.dispatch(attempt);
    }
  }

  #attemptOf(key: string): Attempt | undefined {
    const mark = key.lastIndexOf('#');
    return attemptAt(this.tools.state.tasks.get(key.slice(0, mark)), Number(key.slice(mark + 1)));
  }

  /** What a session tells of an attempt; the ledger decides, so only bytes and progress count. */
  event(agent: AccountId, { ref, kind }: AttemptEvent): void {
    const { state, store, progress, log } = this.tools;
    if (ref === undefined || ref.run !== state.context.run) return;
    if (kind?.$case === 'progress') progress(ref.task, ref.attempt, agent, kind.value.fraction, kind.value.message);
    else if (kind?.$case === 'log') log.debug({ agent, task: ref.task, attempt: ref.attempt }, kind.value.line);
    else if (kind?.$case === 'finished' && kind.value.output.length > 0) store.put(kind.value.output);
  }

  /** The daemon may not have seen the assignment yet, or have no room: it is told again a little later. */
  refused(agent: AccountId, { ref, code, message }: Refused): void {
    if (ref === undefined || ref.run !== this.tools.state.context.run) return;
    const attempt = this.#attemptOf(keyOf(ref.task, ref.attempt));
    const soon = code === NOT_FOUND_CODE || code === RESOURCE_EXHAUSTED_CODE;
    this.tools.log[soon ? 'debug' : 'warn']({ agent, task: ref.task, attempt: ref.attempt, code }, message);
    if (soon && attempt !== undefined) setTimeout(() => void this.dispatch(attempt), REDISPATCH_MS);
  }
}
