import { indexJournal, indexRuns } from '@gatepost/party/ledger/journal-replay';
import type { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { RecordWriter } from '@gatepost/party/ledger/record-writer';
import { reduce } from '@gatepost/rules/fold/reduce';
import type { Plan } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { emptyIndex, indexRecord, type JournalIndex } from '@gatepost/rules/run/journal-index';
import type { LedgerRecord } from '@gatepost/rules/run/ledger-record';
import { emptyState, type RunContext, type RunState } from '@gatepost/rules/run/run-state';
import { type Clock, pause } from '@gatepost/shared/clock';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { NUMBERS_ALONE } from '@gatepost/shared/records/task-names';
import { stopController } from '@gatepost/shared/stop-controller';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { clockSkew, type Outcome, requireDone } from '@gatepost/shared/vocabulary/outcome';
import { decideTogether } from '../../core/decide/decide.js';
import { judge } from '../../core/decide/health.js';
import type { Limits } from '../../core/decide/limits.js';
import type { AgentFleet } from '../agents/agent-fleet.js';
import type { LinkHandlers } from '../agents/agent-link.js';
import type { Sightings } from '../agents/sightings.js';
import type { CoordinatorIdentity } from '../ledger/identity.js';
import { Beacon } from './beacon.js';
import { LedgerSight } from './ledger-sight.js';
import { PastRecords } from './past-records.js';
import type { Acting, LoopEnd } from './run-desk.js';
import { type RunParts, type RunSettings, RunWork } from './run-work.js';
import { Waits } from './waits.js';
import { Waker } from './waker.js';

/** Everything that the runs of a process reach the outside through together. */
export interface CoordinationParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly fleet: (handlers: LinkHandlers) => AgentFleet;
  /** Tells this host's other commands what this process sees of the agents. */
  readonly tell: (seen: Sightings) => void;
  readonly log: Logger;
}

/** How to work on runs. */
export interface CoordinationSettings {
  readonly limits: Pick<Limits, 'quarantineMs' | 'lossGraceMs'>;
  /** Pause between looks at inboxes while the journal is silent, for the mirror's sake. */
  readonly inboxPollMs: number;
  /** Least pause between readings over REST while the journal brings news, for the mirror's sake. */
  readonly restPauseMs: number;
  /** How long a record waits for others to share its message, milliseconds. */
  readonly fillMs: number;
  /** Most attempts that agents may work on in all runs together. */
  readonly mostOpen: number;
  /** Whether runs may be joined after the first reading; what they will have to fold is kept then. */
  readonly staysOpen: boolean;
}

/** Longest time between two looks at what is to be done. */
const TICK_MS = 200;
/** A tick that comes so late means that this process was away: suspended, or its host was. */
const AWAY_MS = 2_000;
/** How often other commands are told what this process sees of the agents. */
const SIGHTINGS_MS = 1_000;
/** How long a process that ends waits for what it has under way. */
const PARTING_MS = 10_000;
/** Pause before the first word of this process is tried again. */
const BEGIN_AGAIN_MS = 1_000;
/** An answer within this time is about what was just sent. */
const AT_ONCE_MS = 5_000;
/** How often it is looked whether a wait has become worth a word. */
const WAITS_EVERY_MS = 1_000;

/** Of no task: what is folded with it are epochs, agents and inboxes. */
const NO_PLAN: Plan = {
  name: '',
  digest: '0'.repeat(64) as Plan['digest'],
  sequences: [],
  tasks: [],
  maxTotal: undefined,
  maxFeesUsd: undefined,
};

/**
 * One process that acts for a coordinator on its journal: one reading of the ledger, one epoch and one session with each
 * agent, for as many runs as there are. Every record goes, in consensus order, to the fold of every run. A run that cannot
 * go on ends by itself; only what all runs depend on ends them all.
 */
export class Coordination {
  readonly waker: Waker;
  /** What all runs wait for. */
  readonly waits: Waits;
  /** What the journal says of its runs, as far as it was handed on. */
  readonly index: JournalIndex = emptyIndex();
  readonly fleet: AgentFleet;
  readonly #lives: RunState;
  readonly #past: PastRecords | undefined;
  readonly #states = new Map<string, RunState>();
  readonly #works = new Map<string, RunWork>();
  /** Runs that end as soon as what they have under way is over. */
  readonly #ending = new Map<RunWork, Promise<void>>();
  /** Runs that were worked on before, with the message of the journal that shows everything which was done then. */
  readonly #resumed = new Map<string, number>();
  readonly #worked = new Set<string>();
  /** The newest message of the journal that was handed on. */
  #handedOn = 0;
  readonly #sight: LedgerSight;
  readonly #stop = stopController();
  readonly #writer: RecordWriter;
  #identity: CoordinatorIdentity | undefined;
  /** Whether the network took this process's first word, and whether it was read back. */
  #isSaid = false;
  #begun = false;
  /** Whether this process ever had the journal for itself; one whose number another took first never did anything. */
  #acted = false;
  readonly #beacon = new Beacon(async () => {
    if (this.#identity === undefined) throw new GatepostError('INTERNAL', 'this process does not act yet');
    return this.#say(this.#identity, 'begun');
  });
  /** What the subscription ended with. */
  #fatal: GatepostError | undefined;
  #toldMs = 0;
  /** Why nothing is worked on any more. */
  #over: LoopEnd | GatepostError | undefined;

  constructor(
    readonly parts: CoordinationParts,
    readonly settings: CoordinationSettings,
    readonly feed: LedgerFeed,
    about: Omit<RunContext, 'run' | 'plan'>,
  ) {
    const { ledger, clock, log } = parts;
    const { limits, inboxPollMs, restPauseMs, staysOpen } = settings;
    this.waker = new Waker(clock);
    this.waits = new Waits(clock);
    this.#lives = emptyState({ ...about, run: '', plan: NO_PLAN });
    this.#past = staysOpen ? new PastRecords() : undefined;
    this.fleet = parts.fleet({
      connected: (agent) => this.#each(({ desk }) => desk.connected(agent)),
      event: (agent, event) => this.#works.get(event.ref?.run ?? '')?.desk.event(agent, event),
      refused: (agent, refused) => this.#works.get(refused.ref?.run ?? '')?.desk.refused(agent, refused),
      changed: this.waker.wake,
    });
    const mirror = this.waits.open('mirror');
    const { quarantineMs } = limits;
    const lives = this.#lives;
    this.#sight = new LedgerSight({ feed, lives, quarantineMs, inboxPollMs, restPauseMs, mirror, clock, log });
    const openWait = () => this.waits.open('network');
    this.#writer = new RecordWriter(ledger, clock, openWait, NUMBERS_ALONE, this.#stop.signal, feed);
    this.#sayWaits();
  }

  #each(work: (of: RunWork) => void): void {
    for (const one of this.#works.values()) work(one);
  }

  /** What this process is on the journal. */
  get acting(): Acting {
    return { instance: this.#identity?.instance ?? '', begun: this.#begun };
  }

  /** What the journal says of its runs before anything is handed on, see `indexRuns`. @throws GatepostError MIRROR_UNREACHABLE */
  lookAhead(): Promise<JournalIndex> {
    return indexRuns(this.feed, this.#lives.context.coordinator);
  }

  /** The same with what was accepted, which takes longer. @throws GatepostError MIRROR_UNREACHABLE */
  lookAtAll(): Promise<JournalIndex> {
    return indexJournal(this.feed, this.#lives.context.coordinator);
  }

  /**
   * The fold of a run: what was handed on so far, and from now on everything that is. One that was joined before goes on.
   */
  join(context: RunContext): RunState {
    const known = this.#states.get(context.run);
    if (known !== undefined) return known;
    const names = taskNamesOf(context.plan);
    this.feed.nameTasksOf(context.run, names);
    const state = emptyState(context);
    for (const entry of this.#past?.take(context.run, names) ?? []) reduce(state, entry, this.#tellIgnored);
    this.#states.set(context.run, state);
    return state;
  }

  readonly #tellIgnored: NonNullable<Parameters<typeof reduce>[2]> = (change) => {
    if (change.event === 'ignored') this.parts.log.debug(change.reason);
  };

  /** Hands on everything that the mirror has by now. @throws GatepostError MIRROR_UNREACHABLE */
  async catchUp(): Promise<void> {
    for (const entry of await this.feed.history()) this.#take(entry);
  }

  /**
   * Begins to work on a run that was joined. Nothing is decided on one that was worked on before until everything that was
   * done then has come back as records.
   */
  work(state: RunState, parts: RunParts, settings: RunSettings): RunWork {
    const work = new RunWork(parts, settings, state, this);
    const { run } = work;
    if (this.#over !== undefined) {
      void work.end(this.#over);
      return work;
    }
    this.#works.set(run, work);
    if (this.#worked.has(run)) void this.#showWhatWasDone(work);
    this.#worked.add(run);
    if (this.#isSaid) work.attend();
    this.waker.wake();
    return work;
  }

  async #showWhatWasDone(work: RunWork): Promise<void> {
    const identity = this.#identity;
    this.#resumed.set(work.run, Infinity);
    while (identity !== undefined && this.#works.get(work.run) === work) {
      const outcome = await this.#say(identity, 'begun');
      const shown = outcome.kind === 'done' ? outcome.receipt.topicSequenceNumber : undefined;
      if (shown !== undefined) this.#resumed.set(work.run, shown);
      if (shown !== undefined || outcome.kind === 'unknown') return;
      await pause(this.parts.clock, BEGIN_AGAIN_MS, this.#stop.signal);
    }
  }

  #take(entry: LedgerRecord): void {
    reduce(this.#lives, entry);
    if (entry.topic === this.#lives.context.journal) this.#handedOn = entry.sequence;
    indexRecord(this.index, entry, this.#lives.context.coordinator);
    this.#noteEpoch(entry);
    for (const [run, state] of this.#states) {
      const work = this.#works.get(run);
      if (work === undefined) reduce(state, entry, this.#tellIgnored);
      else work.desk.fold(entry);
    }
    if (entry.run === undefined || !this.#states.has(entry.run)) this.#past?.add(entry, this.index);
  }

  #noteEpoch({ record, author }: LedgerRecord): void {
    const { context, epoch } = this.#lives;
    if (record.type !== 'epoch' || author !== context.coordinator) return;
    this.#beacon.folded();
    this.#begun ||= record.instance === this.#identity?.instance;
    this.#acted ||= epoch?.instance === this.#identity?.instance;
  }

  /**
   * Works on the runs until it is interrupted or another process takes over; then no run is worked on any more.
   * @throws GatepostError LEDGER_REJECTED when the ledger does not take this process's first word, MIRROR_UNREACHABLE when
   *   the journal cannot be followed; every run ends with it too.
   */
  async run(identity: CoordinatorIdentity, interrupted: AbortSignal): Promise<'fenced' | 'interrupted'> {
    interrupted.addEventListener('abort', this.waker.wake, { once: true });
    try {
      const end = await this.#act(identity, interrupted);
      await this.#endAll(end);
      if (end === 'interrupted') await this.#sayGoodbye();
      return end;
    } catch (thrown) {
      const error = toGatepostError(thrown);
      await this.#endAll(error);
      await this.#sayGoodbye();
      throw error;
    } finally {
      interrupted.removeEventListener('abort', this.waker.wake);
    }
  }

  async #act(identity: CoordinatorIdentity, interrupted: AbortSignal): Promise<'fenced' | 'interrupted'> {
    let follows = false;
    for (let current: CoordinatorIdentity | undefined = identity; ; ) {
      this.#identity = current;
      this.#begun = false;
      this.#isSaid = false;
      if (!(await this.#begin(current, interrupted))) return 'interrupted';
      this.#isSaid = true;
      if (!follows) this.#follow();
      follows = true;
      this.#each((work) => work.attend());
      const end = await this.#loop(interrupted);
      const { epoch: holder } = this.#lives;
      current = end === 'fenced' && !this.#acted && holder !== undefined ? current.after(holder) : undefined;
      if (current === undefined) return end;
    }
  }

  async #loop(interrupted: AbortSignal): Promise<'fenced' | 'interrupted'> {
    const { clock } = this.parts;
    let lastMs = clock.nowMs();
    while (!interrupted.aborted) {
      const nowMs = clock.nowMs();
      if (nowMs - lastMs > AWAY_MS) this.fleet.forgiveSilence(nowMs);
      lastMs = nowMs;
      for (const entry of await this.#sight.read(this.#expected(), this.#begun)) this.#take(entry);
      this.fleet.follow(this.#lives.agents.values());
      if (this.#begun && this.#lives.epoch?.instance !== this.#identity?.instance) return 'fenced';
      this.#decide(nowMs);
      if (this.#fatal !== undefined) throw this.#fatal;
      await this.waker.wait(TICK_MS);
    }
    return 'interrupted';
  }

  #expected(): Parameters<LedgerSight['read']>[0] {
    const works = [...this.#works.values()];
    return {
      unseen: works.flatMap(({ effects }) => [...effects.inFlight.unseen]),
      isUnderWay: works.some(({ effects, state }) => effects.inFlight.size + state.openAttempts > 0),
      awaits: (run, task, attempt) => this.#works.get(run ?? '')?.effects.inFlight.awaits(task, attempt) === true,
    };
  }

  #decide(nowMs: number): void {
    const sessions = this.fleet.observations();
    if (nowMs - this.#toldMs >= SIGHTINGS_MS) this.#tell(nowMs, sessions);
    this.#each((work) => {
      if (work.state.closed !== undefined) this.#end(work, 'closed');
    });
    const works = [...this.#works.values()].filter(({ run }) => (this.#resumed.get(run) ?? 0) <= this.#handedOn);
    const looks = works.map(({ desk }) => desk.look(nowMs, this.acting, sessions));
    for (const [at, decision] of decideTogether(looks, nowMs, this.settings.mostOpen).entries()) {
      const work = works[at] as RunWork;
      try {
        const end = work.desk.carryOut(decision, nowMs);
        if (end !== undefined) this.#end(work, end);
      } catch (thrown) {
        this.#end(work, toGatepostError(thrown));
      }
    }
  }

  /** One run is worked on no more; the others go on. */
  #end(work: RunWork, why: LoopEnd | GatepostError): void {
    this.#works.delete(work.run);
    this.#resumed.delete(work.run);
    if (work.state.closed !== undefined) this.#states.delete(work.run);
    this.#ending.set(
      work,
      work.end(why).finally(() => this.#ending.delete(work)),
    );
    // A process for one run has nothing else to do than to end with it.
    if (!this.settings.staysOpen) this.#hurry();
  }

  /** What is under way has so much time left. */
  #hurry(): void {
    const { clock } = this.parts;
    const callOff = clock.at(clock.nowMs() + PARTING_MS, () => {
      for (const work of this.#ending.keys()) work.hurry();
    });
    void Promise.all(this.#ending.values()).then(callOff);
  }

  async #endAll(why: LoopEnd | GatepostError): Promise<void> {
    this.#over = why;
    this.#each((work) => this.#end(work, why));
    this.#hurry();
    await Promise.all(this.#ending.values());
  }

  #tell(nowMs: number, sessions: ReturnType<AgentFleet['observations']>): void {
    this.#toldMs = nowMs;
    const agents = [...this.#lives.agents.values()].map((agent) => {
      const session = sessions.get(agent.account);
      const { health, why } = judge(agent, session, nowMs, this.settings.limits);
      return { agent: agent.account, health, why, last_beat_ms: session?.lastHeardMs, ...session?.load };
    });
    this.parts.tell({ runs: [...this.#works.keys()], at_ms: nowMs, agents });
  }

  #follow(): void {
    void this.feed.follow(this.#stop.signal, this.waker.wake).catch((thrown: unknown) => {
      this.#fatal ??= toGatepostError(thrown);
      this.waker.wake();
    });
  }

  /** Says on the journal that this process acts; false when it was interrupted before it was said. */
  async #begin(identity: CoordinatorIdentity, interrupted: AbortSignal): Promise<boolean> {
    const { clock } = this.parts;
    const stop = () => this.#stop.abort();
    interrupted.addEventListener('abort', stop, { once: true });
    try {
      while (!interrupted.aborted) {
        const askedMs = clock.nowMs();
        const outcome = await this.#say(identity, 'begun');
        if (outcome.kind === 'done') return true;
        // A clock that is wrong will not be right by waiting; what took long to be sent says nothing of the clock.
        const atOnce = clock.nowMs() - askedMs < AT_ONCE_MS;
        if (outcome.kind === 'refused' || (atOnce && clockSkew(outcome) !== undefined)) requireDone(outcome);
        await pause(clock, BEGIN_AGAIN_MS, interrupted);
      }
      return false;
    } finally {
      interrupted.removeEventListener('abort', stop);
    }
  }

  #say(identity: CoordinatorIdentity, state: 'begun' | 'ended'): Promise<Outcome> {
    return this.#writer.write(this.#lives.context.journal, undefined, identity.record(state));
  }

  /** Says once more that this process acts, so that the journal shows a later time; runs that want it together share it. */
  beacon(): Promise<Outcome> {
    return this.#beacon.ask();
  }

  /** Says that this process no longer acts, if it ever said that it does. */
  async #sayGoodbye(): Promise<void> {
    const { clock, log } = this.parts;
    const identity = this.#identity;
    if (identity === undefined || !this.#isSaid) return;
    const patience = new AbortController();
    const goodbye = async () => void requireDone(await this.#say(identity, 'ended'));
    await Promise.race([
      goodbye().catch((thrown: unknown) => log.warn(toGatepostError(thrown).message)),
      pause(clock, PARTING_MS, patience.signal),
    ]);
    patience.abort();
  }

  #sayWaits(): void {
    const { clock } = this.parts;
    const { signal } = this.#stop;
    if (signal.aborted) return;
    const due = this.waits.due();
    this.#each((work) => work.sayWaits(due));
    const callOff = clock.at(clock.nowMs() + WAITS_EVERY_MS, () => {
      signal.removeEventListener('abort', callOff);
      this.#sayWaits();
    });
    signal.addEventListener('abort', callOff, { once: true });
  }

  /** Nothing is followed any more, and no session is kept. */
  close(): void {
    this.#stop.abort();
    this.fleet.close();
  }
}
