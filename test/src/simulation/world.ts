import { standsWithPerson } from '@gatepost/coordinator/core/awaited';
import { DEFAULT_LIMITS, type Limits } from '@gatepost/coordinator/core/decide/limits';
import { direct } from '@gatepost/coordinator/shell/ledger/direct';
import type { LoopEnd } from '@gatepost/coordinator/shell/run/run-desk';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Conditions } from '@gatepost/shared/ledger/memory/conditions';
import { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { type GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { Random } from '../chaos/random.js';
import { Coordinator, type CoordinatorParts, judgeSimulated } from './coordinator.js';
import { Daemon, type Work } from './daemon.js';
import { Disk, SimulatedKeeper } from './disk.js';
import { Events } from './events.js';
import type { Parties } from './evidence.js';
import { simulatedCosigner } from './gatekeeper.js';
import { GatekeeperHost } from './gatekeeper-host.js';
import { planFrom, REVIEW_TYPE, RIGHT } from './plans.js';
import { ProcessClock } from './process-clock.js';
import { PaymentWatch, watchedLedger } from './watched-ledger.js';
import { Wire } from './wire.js';

const START_MS = 1_800_000_000_000;
export const SUPPLY = 1_000_000n;
/** Clocks of hosts may be wrong by so much. A transaction of a clock further ahead is refused by any network. */
const SKEW_MS = [-4_000, 1_500] as const;
const PERSON_LOOKS_MS = 2_000;
/** A process that ended with an error is started again, as a service manager does. */
const RESTART_MS = [100, 8_000] as const;

/** In so many worlds the coordinator has several runs, some of which are asked for later than others. */
const SEVERAL = 0.3;
const ASKED_WITHIN_MS = 40_000;
/** A run that this process could not go on with is asked for again. */
const ASKED_AGAIN_MS = [500, 10_000] as const;

/** What passes where it is expected to; any other end of a process is a defect. */
const EXPECTED = new Set(['MIRROR_UNREACHABLE', 'STORE_FAILED']);

/** An agent's host: its disk outlives the daemons on it. */
export interface AgentHost {
  readonly account: AccountId;
  readonly inbox: TopicId;
  readonly disk: Disk;
  readonly wire: Wire;
  readonly slots: number;
  readonly skewMs: number;
  /** How often it works slowly, fails, or does it wrong. */
  readonly slow: number;
  readonly failing: number;
  readonly wrong: number;
  readonly big: number;
  lives: number;
  kill: AbortController | undefined;
}

/** A process of the coordinator. */
interface Running {
  readonly coordinator: Coordinator;
  readonly kill: AbortController;
}

/** A network, a coordinator and agents in one process, with a clock and chance of its own. */
export class World {
  readonly clock = new VirtualClock(START_MS);
  readonly events = new Events(this.clock);
  readonly random: Random;
  /** Of the runs, in the order in which they are asked for. */
  readonly plans: readonly Plan[];
  /** When each is asked for, milliseconds from the beginning. */
  readonly #askedMs: readonly number[];
  readonly #mostOpen: number;
  readonly #closed = new Set<Plan>();
  readonly network: MemoryNetwork;
  readonly owner: AccountId;
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly hosts: readonly AgentHost[];
  readonly limits: Limits;
  readonly keeper: SimulatedKeeper;
  readonly watch: PaymentWatch;
  readonly running = new Set<Running>();
  /** What a process ended with that it should not have. */
  readonly defects: string[] = [];
  #processes = 0;
  readonly #skewMs: number;

  /** Who judges and signs, in a world that has one. */
  readonly gatekeeper: GatekeeperHost | undefined;

  constructor(
    readonly seed: number,
    withGatekeeper = false,
  ) {
    this.random = new Random(seed);
    const first = planFrom(this.random.fork());
    const several = new Random(seed ^ 0x5eed);
    const more = several.chance(SEVERAL) ? several.whole(1, 3) : 0;
    const others = Array.from({ length: more }, () => planFrom(several.fork()));
    this.plans = [first, ...others.filter(({ digest }) => digest !== first.digest)];
    this.#askedMs = this.plans.map((_, at) =>
      at === 0 || several.chance(0.4) ? 0 : several.whole(0, ASKED_WITHIN_MS),
    );
    this.#mostOpen = more > 0 && several.chance(0.3) ? several.whole(1, 4) : Infinity;
    const chances = this.random.fork();
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: () => chances.fraction(),
      conditions: usual(this.random.fork()),
    });
    this.owner = this.network.createAccount();
    this.journal = this.network.createTopic(this.owner);
    const keeper = withGatekeeper ? this.network.createAccount() : undefined;
    const escrow = keeper && this.network.createEscrow([this.owner, keeper]);
    this.token = this.network.createToken(escrow ?? this.owner, SUPPLY);
    this.watch = new PaymentWatch(this.events);
    this.keeper = new SimulatedKeeper(this.random.fork(), this.events);
    this.limits = {
      ...DEFAULT_LIMITS,
      settleAfter: this.random.whole(1, 5),
      settleWithinMs: this.random.whole(200, 4_000),
      agentWaitMs: this.random.whole(20, 60) * 1_000,
      lossGraceMs: this.random.whole(1, 8) * 1_000,
    };
    this.#skewMs = this.random.whole(...SKEW_MS);
    this.hosts = Array.from({ length: this.random.whole(3, 5) }, (_, index) => this.#newHost(index));
    if (keeper !== undefined && escrow !== undefined) {
      this.gatekeeper = new GatekeeperHost(this, keeper, escrow, this.random.whole(...SKEW_MS), judgeSimulated);
    }
  }

  #newHost(index: number): AgentHost {
    const { random, network, clock, events } = this;
    const account = network.createAccount();
    if (!random.chance(0.06)) network.associate(account, this.token);
    return {
      account,
      inbox: network.createTopic(account, this.owner),
      disk: new Disk(clock, random.fork(), events, `agent ${index}`),
      wire: new Wire(),
      slots: random.whole(1, 3),
      skewMs: random.whole(...SKEW_MS),
      slow: random.chance(0.3) ? 0.3 : 0.02,
      failing: random.chance(0.3) ? 0.3 : 0,
      wrong: random.chance(0.3) ? 0.3 : 0,
      big: random.chance(0.3) ? 0.5 : 0,
      lives: 0,
      kill: undefined,
    };
  }

  get parties(): Parties {
    const inboxes = new Map(this.hosts.map(({ account, inbox }) => [account, inbox]));
    const { account: judge = this.owner, escrow: payer = this.owner } = this.gatekeeper ?? {};
    return { coordinator: this.owner, journal: this.journal, token: this.token, judge, payer, inboxes };
  }

  /** The runs with their ids, as the first process makes them. */
  get runs(): readonly { readonly plan: Plan; readonly run: string }[] {
    return this.plans.map((plan) => ({ plan, run: `${plan.digest.slice(0, 12)}-1` }));
  }

  /** Whether processes saw all runs closed. */
  get isClosed(): boolean {
    return this.#closed.size === this.plans.length;
  }

  /** From here on plans are asked for when their time comes. */
  beginAsking(): void {
    for (const [at, plan] of this.plans.entries()) {
      const askedMs = this.#askedMs[at] ?? 0;
      if (askedMs > 0) this.clock.at(START_MS + askedMs, () => this.#ask(plan));
    }
  }

  #isAsked(plan: Plan): boolean {
    return this.clock.nowMs() >= START_MS + (this.#askedMs[this.plans.indexOf(plan)] ?? 0);
  }

  /** Whoever works on runs is asked to work on this one too; when nobody does, the next process will. */
  #ask(plan: Plan): void {
    for (const { coordinator } of this.running) coordinator.add(plan);
    if (this.running.size === 0) this.keepCoordinated(false);
  }

  #ended(running: () => Running | undefined, plan: Plan, end: LoopEnd | GatepostError): void {
    if (end === 'closed') this.#closed.add(plan);
    if (end === 'unpayable') this.#mendPayees();
    if (end === 'closed' || end === 'fenced' || end === 'interrupted') return;
    this.clock.at(this.clock.nowMs() + this.random.whole(...ASKED_AGAIN_MS), () => {
      const still = running();
      if (still !== undefined && this.running.has(still)) still.coordinator.add(plan);
    });
  }

  startDaemon(host: AgentHost): void {
    if (host.kill !== undefined) return;
    const kill = new AbortController();
    host.kill = kill;
    host.lives += 1;
    const clock = new ProcessClock(this.clock, host.skewMs, kill.signal);
    const name = `agent ${host.account} life ${host.lives}`;
    const dice = this.random.fork();
    const ledger = this.network.ledger(host.account, { clock, killed: kill.signal });
    const daemon = new Daemon({
      account: host.account,
      inbox: host.inbox,
      journal: this.journal,
      coordinator: this.owner,
      session: `session-${host.account}-${host.lives}`,
      address: '127.0.0.1:1',
      capabilities: ['work', REVIEW_TYPE],
      slots: host.slots,
      leaseMs: 20_000,
      ledger: watchedLedger(ledger, name, this.watch),
      clock,
      disk: host.disk,
      work: ({ ref, taskType, deadlineMs }) => workOf(host, dice, ref.task, taskType, deadlineMs - clock.nowMs()),
      events: this.events,
    });
    this.events.note(name, 'begins');
    host.wire.daemon = daemon;
    host.wire.changed();
    void daemon
      .run()
      .catch((thrown: unknown) => this.defects.push(`${name} ended: ${toGatepostError(thrown).message}`));
  }

  /** The power goes: what was not flushed is lost. */
  killDaemon(host: AgentHost): void {
    if (host.kill === undefined) return;
    this.events.note(`agent ${host.account}`, 'is killed');
    host.kill.abort();
    host.kill = undefined;
    host.disk.crash();
    host.wire.daemon = undefined;
    host.wire.changed();
  }

  startCoordinator(takeOver: boolean): void {
    this.#processes += 1;
    const number = this.#processes;
    const kill = new AbortController();
    const clock = new ProcessClock(this.clock, this.#skewMs, kill.signal);
    const ledger = watchedLedger(
      this.network.ledger(this.owner, { clock, killed: kill.signal }),
      `coordinator ${number}`,
      this.watch,
    );
    let running: Running | undefined;
    const coordinator = new Coordinator({
      number,
      plans: this.plans,
      isAsked: (plan) => this.#isAsked(plan),
      mostOpen: this.#mostOpen,
      ended: (plan, end) => this.#ended(() => running, plan, end),
      journal: this.journal,
      token: this.token,
      agents: new Set(this.hosts.map(({ account }) => account)),
      limits: this.limits,
      takeOver,
      // One that took over is on another host.
      isAlive: (of) => takeOver || [...this.running].some(({ coordinator: { parts } }) => parts.number === of),
      ledger,
      clock,
      keeper: this.keeper,
      wires: new Map(this.hosts.map(({ account, wire }) => [account, wire])),
      mode: this.#modeOf(clock),
      events: this.events,
      defect: (what) => this.defects.push(what),
    });
    running = { coordinator, kill };
    this.running.add(running);
    if (this.running.size > 1) this.events.mark('two coordinators acted at once');
    this.events.note(coordinator.name, takeOver ? 'takes over' : 'begins');
    void this.#watch(running);
  }

  #modeOf(clock: ProcessClock): CoordinatorParts['mode'] {
    if (this.gatekeeper === undefined) return undefined;
    const { account: gatekeeper, escrow } = this.gatekeeper;
    return { gatekeeper, escrow, cosigner: simulatedCosigner(this.gatekeeper, clock, this.events) };
  }

  async #watch(running: Running): Promise<void> {
    const { coordinator } = running;
    try {
      const end = await coordinator.run();
      this.events.note(coordinator.name, `ends: ${end}`);
      if (end === 'fenced') this.events.mark('a coordinator noticed that it was fenced');
    } catch (thrown) {
      const { code, message, stack } = toGatepostError(thrown);
      this.events.note(coordinator.name, `ends with ${code}: ${message}`);
      if (!EXPECTED.has(code)) this.defects.push(`${coordinator.name} ended with ${code}: ${message} ${stack}`);
    }
    this.running.delete(running);
    running.kill.abort();
    this.keepCoordinated(false);
  }

  /** When no coordinator is left although the run is not over, another one is started. */
  keepCoordinated(takeOver: boolean): void {
    this.clock.at(this.clock.nowMs() + this.random.whole(...RESTART_MS), () => {
      if (this.running.size === 0 && !this.isClosed) this.startCoordinator(takeOver);
    });
  }

  /** @param takeOver whether the next one is on another host and cannot know that this one is dead. */
  killCoordinator(takeOver: boolean): void {
    for (const running of this.running) {
      const { name } = running.coordinator;
      this.events.note(name, 'is killed');
      if ((this.watch.underWay.get(name)?.size ?? 0) > 0) {
        this.events.mark('a coordinator died with a payment under way');
      }
      running.kill.abort();
      this.running.delete(running);
    }
    this.keeper.crash();
    this.keepCoordinated(takeOver);
  }

  /** Somebody starts another process on another host while the first one lives. */
  takeOver(): void {
    for (const { coordinator } of this.running) {
      if ((this.watch.underWay.get(coordinator.name)?.size ?? 0) > 0) {
        this.events.mark('a coordinator was taken over with a payment under way');
      }
    }
    if (this.running.size < 3) this.startCoordinator(true);
  }

  #mendPayees(): void {
    for (const { account } of this.hosts) {
      this.network.associate(account, this.token);
      this.network.freeze(account, this.token, false);
    }
  }

  /** A person looks now and then whether there is something to decide, and decides it. */
  beginPerson(): void {
    const ledger = this.network.ledger(this.gatekeeper?.account ?? this.owner);
    const dice = this.random.fork();
    const look = (): void => {
      this.clock.at(this.clock.nowMs() + PERSON_LOOKS_MS, look);
      const [running] = this.running;
      for (const state of running?.coordinator.states.values() ?? []) decideIn(state);
    };
    const decideIn = (state: RunState): void => {
      if (state.closed !== undefined || !state.opened) return;
      for (const task of state.tasks.values()) {
        if (!standsWithPerson(task)) continue;
        const action = dice.chance(0.8) ? 'approve' : 'reject';
        this.events.mark('a person decided');
        void direct(ledger, state, { action, task: task.spec.id, reason: 'seen' }).catch((thrown: unknown) =>
          this.events.note('a person', toGatepostError(thrown).message),
        );
      }
    };
    look();
  }
}

/** How a network is on an ordinary day. */
export function usual(random: Random): Partial<Conditions> {
  return {
    answerMs: [2, random.whole(10, 120)],
    consensusMs: [30, random.whole(60, 1_500)],
    readMs: [1, random.whole(2, 40)],
    restLagMs: random.whole(50, 3_000),
    streamLagMs: random.whole(50, 2_500),
  };
}

function workOf(
  { slow, failing, wrong, big }: AgentHost,
  dice: Random,
  task: string,
  taskType: string,
  leftMs: number,
): Work {
  const ms = dice.chance(slow) ? leftMs + dice.whole(-3_000, 3_000) : dice.whole(50, 4_000);
  if (dice.chance(failing)) return { ms, output: undefined };
  if (taskType === REVIEW_TYPE) {
    return { ms, output: JSON.stringify({ accept: dice.chance(0.85), reason: 'seen' }) };
  }
  const filling = dice.chance(big) ? ' '.repeat(300) : '';
  return {
    ms,
    output: JSON.stringify(dice.chance(wrong) ? `wrong ${dice.whole(1, 9)}` : `${RIGHT} ${task}${filling}`),
  };
}
