import type { AutomaticGates } from '@gatepost/party/gates/automatic-gates';
import { Judging } from '@gatepost/party/gates/judging';
import type { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { RecordWriter } from '@gatepost/party/ledger/record-writer';
import type { OutputKeeper } from '@gatepost/party/outputs/output-keeper';
import { Outputs } from '@gatepost/party/outputs/outputs';
import { WorkOrders } from '@gatepost/party/outputs/work-orders';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { attemptAt } from '@gatepost/rules/run/attempt-numbers';
import type { Change } from '@gatepost/rules/run/change';
import type { RunState } from '@gatepost/rules/run/run-state';
import { type Clock, pause } from '@gatepost/shared/clock';
import type { Escrow } from '@gatepost/shared/ledger/cosigner';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { clockSkew, requireDone } from '@gatepost/shared/vocabulary/outcome';
import type { Limits } from '../../core/decide/limits.js';
import { paymentKey } from '../../core/effects/effect-key.js';
import type { AgentFleet } from '../agents/agent-fleet.js';
import type { LinkHandlers } from '../agents/agent-link.js';
import type { Sightings } from '../agents/sightings.js';
import type { CosignerOf, RunCosigner } from '../gatekeeper/remote-cosigner.js';
import { Guards } from '../ledger/guards.js';
import type { CoordinatorIdentity } from '../ledger/identity.js';
import { type LookAhead, Settler } from '../ledger/settler.js';
import type { AttemptLine } from '../reports/attempt-logs.js';
import type { AttemptUsage } from '../reports/attempt-usage.js';
import { type Around, Effects } from './effects.js';
import { type Fees, type LoopEnd, RunLoop } from './run-loop.js';
import { type Wait, Waits } from './waits.js';
import { Waker } from './waker.js';

/** Everything a run reaches the outside through. */
export interface RunParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly fleet: (handlers: LinkHandlers) => AgentFleet & { close(): void };
  readonly store: OutputKeeper;
  readonly gates: AutomaticGates;
  /** The way to the gatekeeper, in a run that has one. */
  readonly cosigner?: CosignerOf | undefined;
  readonly fees: Fees;
  /** Tells this host's other commands what this process sees of the agents. */
  readonly tell: (seen: Sightings) => void;
  readonly change: (change: Change) => void;
  readonly progress: (task: string, attempt: number, agent: AccountId, fraction: number, message: string) => void;
  /** A line that an executor wrote, or its progress. */
  readonly said: (line: AttemptLine) => void;
  /** What an agent says that an attempt used; whether it is the first word on it. */
  readonly used: (usage: AttemptUsage) => boolean;
  readonly waiting: (wait: Wait) => void;
  /** Carries a command out; whoever watches may look on. */
  readonly around: Around;
  readonly log: Logger;
}

/** How to work on a run. */
export interface RunSettings {
  readonly limits: Limits;
  /** Pause between looks at inboxes while the journal is silent, for the mirror's sake. */
  readonly inboxPollMs: number;
  /** Least pause between readings over REST while the journal brings news, for the mirror's sake. */
  readonly restPauseMs: number;
  /** How long a record waits for others to share its message, milliseconds. */
  readonly fillMs: number;
}

/** How long an interrupted process waits for what it has under way. */
const PARTING_MS = 10_000;
/** Pause before the first word of this process is tried again. */
const BEGIN_AGAIN_MS = 1_000;
/** An answer within this time is about what was just sent. */
const AT_ONCE_MS = 5_000;
/** How often it is looked whether a wait has become worth a word. */
const WAITS_EVERY_MS = 1_000;

/** Everything that works on one run in this process, put together; see `RunParts` for what it touches. */
export class RunWork {
  readonly outputs: Outputs;
  readonly #fleet: ReturnType<RunParts['fleet']>;
  readonly #orders: WorkOrders;
  readonly #escrow: (Escrow & { readonly cosigner: RunCosigner }) | undefined;
  readonly #waker: Waker;
  /** What is waited for now. */
  readonly waits: Waits;
  readonly #stop = new AbortController();
  #loop: RunLoop | undefined;
  #effects: Effects | undefined;

  constructor(
    readonly parts: RunParts,
    readonly settings: RunSettings,
    readonly state: RunState,
    readonly feed: LedgerFeed,
  ) {
    this.#waker = new Waker(parts.clock);
    this.waits = new Waits(parts.clock);
    this.#fleet = parts.fleet({
      connected: (agent) => this.#loop?.connected(agent),
      event: (agent, event) => this.#loop?.event(agent, event),
      refused: (agent, refused) => this.#loop?.refused(agent, refused),
      changed: this.#waker.wake,
    });
    this.outputs = new Outputs(parts.store, this.#fleet);
    this.#orders = new WorkOrders(state, this.outputs);
    this.#escrow = this.#makeEscrow();
    this.#sayWaits();
  }

  /** Where the money is, in a run that has a gatekeeper. @throws GatepostError INTERNAL without the way to it. */
  #makeEscrow(): (Escrow & { readonly cosigner: RunCosigner }) | undefined {
    const { run, plan, escrow: account, gatekeeper } = this.state.context;
    if (account === undefined) return undefined;
    const { cosigner, clock } = this.parts;
    if (cosigner === undefined) throw new GatepostError('INTERNAL', `run ${run} has a gatekeeper and no way to it`);
    const { signal } = this.#stop;
    const newest = () => (this.state.opened ? this.state.gatekeeper : undefined);
    const openWait = () => this.waits.open('gatekeeper', `the gatekeeper ${gatekeeper}`);
    return { account, cosigner: cosigner({ run, plan, newest, openWait, clock, signal }) };
  }

  /** Attempts that the ledger would not pay, and why. */
  get unpayable(): ReadonlyMap<string, string> {
    return this.#effects?.inFlight.unpayable ?? new Map();
  }

  /** Records of ours that were sent and are not in sight. */
  get unshown(): number {
    return this.#effects?.inFlight.records ?? 0;
  }

  /**
   * Works on the run until it is closed, cannot go on or is interrupted.
   * @throws GatepostError LEDGER_REJECTED when the ledger takes no records, or what an effect ended with.
   */
  async run(identity: CoordinatorIdentity, interrupted: AbortSignal): Promise<LoopEnd> {
    interrupted.addEventListener('abort', this.#waker.wake, { once: true });
    let follows = false;
    try {
      for (let current: CoordinatorIdentity | undefined = identity; ; ) {
        const effects = this.#makeEffects(current);
        const loop = this.#makeLoop(current, effects);
        this.#effects = effects;
        this.#loop = loop;
        if (!(await this.#begin(effects, current, interrupted))) return 'interrupted';
        if (!follows) this.#follow();
        if (!follows) void this.#escrow?.cosigner.attend();
        follows = true;
        const end = await this.#loopUntilEnd(loop, effects, current, interrupted);
        const { epoch: holder } = this.state;
        current = end === 'fenced' && !loop.acted && holder !== undefined ? current.after(holder) : undefined;
        if (current === undefined) return end;
      }
    } finally {
      interrupted.removeEventListener('abort', this.#waker.wake);
    }
  }

  /** However the loop ends, what is under way comes to its end too, unless another process acts now. */
  async #loopUntilEnd(
    loop: RunLoop,
    effects: Effects,
    identity: CoordinatorIdentity,
    interrupted: AbortSignal,
  ): Promise<LoopEnd> {
    let end: LoopEnd | undefined;
    try {
      end = await loop.run(interrupted);
      return end;
    } finally {
      if (end !== 'fenced') await this.#part(effects, identity);
    }
  }

  #follow(): void {
    void this.feed.follow(this.#stop.signal, this.#waker.wake).catch((thrown: unknown) => {
      if (this.#effects !== undefined) this.#effects.fatal ??= toGatepostError(thrown);
      this.#waker.wake();
    });
  }

  /** Says on the journal that this process acts; false when it was interrupted before it was said. */
  async #begin(effects: Effects, identity: CoordinatorIdentity, interrupted: AbortSignal): Promise<boolean> {
    const stop = () => this.#stop.abort();
    interrupted.addEventListener('abort', stop, { once: true });
    try {
      while (!interrupted.aborted) {
        const { writer } = effects.parts;
        const askedMs = this.parts.clock.nowMs();
        const outcome = await writer.write(this.state.context.journal, undefined, identity.record('begun'));
        if (outcome.kind === 'done') return true;
        // A clock that is wrong will not be right by waiting; what took long to be sent says nothing of the clock.
        const atOnce = this.parts.clock.nowMs() - askedMs < AT_ONCE_MS;
        if (outcome.kind === 'refused' || (atOnce && clockSkew(outcome) !== undefined)) requireDone(outcome);
        await pause(this.parts.clock, BEGIN_AGAIN_MS, interrupted);
      }
      return false;
    } finally {
      interrupted.removeEventListener('abort', stop);
    }
  }

  /** Lets what is under way come to its end, and says that this process no longer acts. */
  async #part(effects: Effects, identity: CoordinatorIdentity): Promise<void> {
    const goodbye = async () => {
      await effects.idle();
      const { writer } = effects.parts;
      requireDone(await writer.write(this.state.context.journal, undefined, identity.record('ended')));
    };
    const patience = new AbortController();
    await Promise.race([
      goodbye().catch((thrown: unknown) => this.parts.log.warn(toGatepostError(thrown).message)),
      pause(this.parts.clock, PARTING_MS, patience.signal),
    ]);
    patience.abort();
  }

  #sayWaits(): void {
    const { clock, waiting } = this.parts;
    if (this.#stop.signal.aborted) return;
    for (const wait of this.waits.due()) waiting(wait);
    const callOff = clock.at(clock.nowMs() + WAITS_EVERY_MS, () => {
      this.#stop.signal.removeEventListener('abort', callOff);
      this.#sayWaits();
    });
    this.#stop.signal.addEventListener('abort', callOff, { once: true });
  }

  #makeEffects(identity: CoordinatorIdentity): Effects {
    const { state, settings } = this;
    const { ledger, clock, gates, around, log } = this.parts;
    const { limits } = settings;
    const { signal } = this.#stop;
    const waits = this.waits;
    const { context } = state;
    const guards = new Guards({ ledger, clock, context, graceMs: limits.deadlineGraceMs, waits, log, signal });
    const windowMs = limits.paymentWindowMs;
    const lookAhead = () => this.#lookAhead(identity);
    return new Effects({
      state,
      identity,
      writer: new RecordWriter(
        ledger,
        clock,
        () => waits.open('network'),
        taskNamesOf(context.plan),
        signal,
        this.feed,
        this.settings.fillMs,
      ),
      settler: new Settler({
        ledger,
        clock,
        context,
        guards,
        windowMs,
        waits,
        log,
        lookAhead,
        signal,
        escrow: this.#escrow,
      }),
      fleet: this.#fleet,
      orders: this.#orders,
      judging: new Judging(this.outputs, this.#orders, gates, limits.agentWaitMs, clock, signal),
      guards,
      waits,
      clock,
      log,
      around,
      wake: this.#waker.wake,
    });
  }

  /**
   * What the journal shows by now that speaks against signing a payment: what is ahead of the fold, and what was folded
   * since the payment was decided on.
   */
  async #lookAhead(identity: CoordinatorIdentity): Promise<LookAhead> {
    const { state } = this;
    const ahead = await this.feed.ahead();
    const settled = new Set<string>();
    let newest: { readonly epoch: number; readonly instance: string } | undefined = state.epoch;
    for (const { run, record } of ahead) {
      // Of two with the same epoch the first has it.
      if (record.type === 'epoch' && record.epoch > (newest?.epoch ?? 0)) newest = record;
      if (record.type !== 'settled' || run !== state.context.run) continue;
      for (const payment of record.payments) settled.add(paymentKey(payment));
    }
    return {
      fenced: newest?.instance !== identity.instance,
      isSettled: (payment) =>
        settled.has(paymentKey(payment)) ||
        attemptAt(state.tasks.get(payment.task), payment.attempt)?.payment !== undefined,
    };
  }

  #makeLoop(identity: CoordinatorIdentity, effects: Effects): RunLoop {
    const { clock, store, fees, tell, change, progress, said, used, log } = this.parts;
    const { limits, inboxPollMs, restPauseMs } = this.settings;
    return new RunLoop({
      state: this.state,
      identity,
      feed: this.feed,
      effects,
      fleet: this.#fleet,
      orders: this.#orders,
      store,
      limits,
      inboxPollMs,
      restPauseMs,
      waker: this.#waker,
      waits: this.waits,
      fees,
      tell,
      emit: change,
      progress,
      said,
      used,
      clock,
      log,
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#fleet.close();
    await this.parts.gates.close();
  }
}
