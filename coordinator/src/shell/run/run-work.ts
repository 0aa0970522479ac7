import type { ArtifactStore } from '@gatepost/party/artifacts/artifact-store';
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
import type { Clock } from '@gatepost/shared/clock';
import type { Escrow } from '@gatepost/shared/ledger/cosigner';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { stopController } from '@gatepost/shared/stop-controller';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import type { WaitKind } from '../../core/awaited.js';
import type { Limits } from '../../core/decide/limits.js';
import { paymentKey } from '../../core/effects/effect-key.js';
import type { RunFleet } from '../agents/agent-fleet.js';
import type { CosignerOf, RunCosigner } from '../gatekeeper/remote-cosigner.js';
import { Guards } from '../ledger/guards.js';
import { type LookAhead, Settler } from '../ledger/settler.js';
import type { AttemptLine } from '../reports/attempt-logs.js';
import type { AttemptUsage } from '../reports/attempt-usage.js';
import { type Around, Effects } from './effects.js';
import { type Acting, type Fees, type LoopEnd, RunDesk, type Share } from './run-desk.js';
import { type OpenWait, type Wait, Waits } from './waits.js';
import type { Waker } from './waker.js';

/** Everything a run reaches the outside through. */
export interface RunParts {
  readonly ledger: Ledger;
  readonly fleet: RunFleet;
  readonly store: OutputKeeper;
  /** Has accepted outputs that their agents have no more. */
  readonly artifacts?: Pick<ArtifactStore, 'get'> | undefined;
  readonly gates: AutomaticGates;
  /** The way to the gatekeeper, in a run that has one. */
  readonly cosigner?: CosignerOf | undefined;
  readonly fees: Fees;
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

/** What a run has in common with the others of its process. */
export interface AllRuns {
  readonly parts: { readonly clock: Clock };
  /** How long a record waits for others to share its message, milliseconds. */
  readonly settings: { readonly fillMs: number };
  readonly feed: LedgerFeed;
  /** What all runs wait for. */
  readonly waits: Waits;
  readonly waker: Waker;
  readonly acting: Acting;
  /** Says once more that this process acts. */
  beacon(): Promise<Outcome>;
}

/** How to work on a run. */
export interface RunSettings {
  readonly limits: Limits;
  readonly share: Share;
}

/** Everything that works on one run in this process, put together; see `RunParts` for what it touches. */
export class RunWork {
  readonly outputs: Outputs;
  readonly desk: RunDesk;
  readonly effects: Effects;
  readonly #escrow: (Escrow & { readonly cosigner: RunCosigner }) | undefined;
  readonly #orders: WorkOrders;
  /** What is waited for now, for this run alone. */
  readonly #waits: Waits;
  readonly #stop = stopController();
  /** Why this process works on the run no more; rejects with what it could not go on for. */
  readonly ended: Promise<LoopEnd>;
  #end: (end: LoopEnd | GatepostError) => void = () => undefined;
  #isAttended = false;
  /** There is no more time for what is under way. */
  hurry: () => void = () => undefined;
  readonly #hurried = new Promise<void>((resolve) => {
    this.hurry = resolve;
  });

  constructor(
    readonly parts: RunParts,
    readonly settings: RunSettings,
    readonly state: RunState,
    private readonly all: AllRuns,
  ) {
    const { clock } = all.parts;
    this.#waits = new Waits(clock);
    this.outputs = new Outputs(parts.store, parts.fleet, parts.artifacts);
    this.#orders = new WorkOrders(state, this.outputs);
    this.#escrow = this.#makeEscrow();
    this.effects = this.#makeEffects();
    this.desk = this.#makeDesk();
    this.ended = new Promise((resolve, reject) => {
      this.#end = (end) => (end instanceof GatepostError ? reject(end) : resolve(end));
    });
    // Who waits for it may come later.
    this.ended.catch(() => undefined);
  }

  get run(): string {
    return this.state.context.run;
  }

  /** Where the money is, in a run that has a gatekeeper. @throws GatepostError INTERNAL without the way to it. */
  #makeEscrow(): (Escrow & { readonly cosigner: RunCosigner }) | undefined {
    const { run, plan, escrow: account, gatekeeper } = this.state.context;
    if (account === undefined) return undefined;
    const { cosigner } = this.parts;
    const { clock } = this.all.parts;
    if (cosigner === undefined) throw new GatepostError('INTERNAL', `run ${run} has a gatekeeper and no way to it`);
    const { signal } = this.#stop;
    const newest = () => (this.state.opened ? this.state.gatekeeper : undefined);
    const openWait = () => this.#waits.open('gatekeeper', `the gatekeeper ${gatekeeper}`);
    return { account, cosigner: cosigner({ run, plan, newest, openWait, clock, signal }) };
  }

  /** Attempts that the ledger would not pay, and why. */
  get unpayable(): ReadonlyMap<string, string> {
    return this.effects.inFlight.unpayable;
  }

  /** Records of ours that were sent and are not in sight. */
  get unshown(): number {
    return this.effects.inFlight.records;
  }

  /** How long each kind has been waited for by now, milliseconds; what all runs wait for is counted. */
  get waiting(): ReadonlyMap<WaitKind, number> {
    const longest = new Map(this.all.waits.lasting());
    for (const [kind, ms] of this.#waits.lasting()) longest.set(kind, Math.max(ms, longest.get(kind) ?? 0));
    return longest;
  }

  /** Something that this run waits for besides, and what it is to be called. */
  openWait(kind: WaitKind, whom: string): OpenWait {
    return this.#waits.open(kind, whom);
  }

  /** Says what is waited for rather long. */
  sayWaits(ofAll: readonly Wait[]): void {
    for (const wait of [...ofAll, ...this.#waits.due()]) this.parts.waiting(wait);
  }

  /** This process acts: the gatekeeper judges from here on. */
  attend(): void {
    if (this.#isAttended) return;
    this.#isAttended = true;
    void this.#escrow?.cosigner.attend();
  }

  /**
   * The run is worked on no more: what is under way comes to its end first, unless another process acts now or there is
   * no more time. Never rejects.
   */
  async end(why: LoopEnd | GatepostError): Promise<void> {
    if (why !== 'fenced') await Promise.race([this.#idle(), this.#hurried]);
    this.#end(why);
  }

  async #idle(): Promise<void> {
    try {
      await this.effects.idle();
    } catch (thrown) {
      this.parts.log.warn(toGatepostError(thrown).message);
    }
  }

  #makeEffects(): Effects {
    const { state, settings, all } = this;
    const { ledger, fleet, gates, around, log } = this.parts;
    const { clock } = all.parts;
    const { limits } = settings;
    const { signal } = this.#stop;
    const waits = this.#waits;
    const { context } = state;
    const guards = new Guards({ ledger, clock, context, graceMs: limits.deadlineGraceMs, waits, log, signal });
    const openWait = () => waits.open('network');
    const names = taskNamesOf(context.plan);
    return new Effects({
      state,
      writer: new RecordWriter(ledger, clock, openWait, names, signal, all.feed, all.settings.fillMs),
      settler: new Settler({
        ledger,
        clock,
        context,
        guards,
        windowMs: limits.paymentWindowMs,
        waits,
        log,
        lookAhead: () => this.#lookAhead(),
        signal,
        escrow: this.#escrow,
      }),
      beacon: () => all.beacon(),
      fleet,
      orders: this.#orders,
      judging: new Judging(this.outputs, this.#orders, gates, limits.agentWaitMs, clock, signal),
      guards,
      waits,
      clock,
      log,
      around,
      wake: all.waker.wake,
    });
  }

  /**
   * What the journal shows by now that speaks against signing a payment: what is ahead of the fold, and what was folded
   * since the payment was decided on.
   */
  async #lookAhead(): Promise<LookAhead> {
    const { state, all } = this;
    const ahead = await all.feed.ahead();
    const settled = new Set<string>();
    let newest: { readonly epoch: number; readonly instance: string } | undefined = state.epoch;
    for (const { run, record } of ahead) {
      // Of two with the same epoch the first has it.
      if (record.type === 'epoch' && record.epoch > (newest?.epoch ?? 0)) newest = record;
      if (record.type !== 'settled' || run !== state.context.run) continue;
      for (const payment of record.payments) settled.add(paymentKey(payment));
    }
    return {
      fenced: newest?.instance !== all.acting.instance,
      isSettled: (payment) =>
        settled.has(paymentKey(payment)) ||
        attemptAt(state.tasks.get(payment.task), payment.attempt)?.payment !== undefined,
    };
  }

  #makeDesk(): RunDesk {
    const { fleet, store, fees, change, progress, said, used, log } = this.parts;
    const { waker } = this.all;
    const { clock } = this.all.parts;
    const { limits, share } = this.settings;
    return new RunDesk({
      state: this.state,
      share,
      effects: this.effects,
      fleet,
      orders: this.#orders,
      store,
      limits,
      waker,
      waits: this.#waits,
      fees,
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
    await this.parts.gates.close();
  }
}
