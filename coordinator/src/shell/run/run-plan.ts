import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { Change } from '@gatepost/rules/run/change';
import { chooseRun } from '@gatepost/rules/run/journal-index';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Limits } from '../../core/decide/limits.js';
import { Fleet } from '../agents/fleet.js';
import { removeSightings } from '../agents/sightings.js';
import { Judging } from '../gates/judging.js';
import { FeeMeter } from '../ledger/fee-meter.js';
import { Guards } from '../ledger/guards.js';
import { type CoordinatorIdentity, nextIdentity } from '../ledger/identity.js';
import { indexJournal, replay } from '../ledger/journal-replay.js';
import { LedgerFeed } from '../ledger/ledger-feed.js';
import { RecordWriter } from '../ledger/record-writer.js';
import { Settler } from '../ledger/settler.js';
import { OutputStore } from '../outputs/output-store.js';
import { Outputs } from '../outputs/outputs.js';
import { SavedOutputs } from '../outputs/saved-outputs.js';
import { WorkOrders } from '../outputs/work-orders.js';
import { keepPlan } from '../plan/plan-cache.js';
import type { Reporter } from '../reports/reporter.js';
import { type RunSummary, readBalances, summarise } from '../reports/summary.js';
import type { CoordinatorConfig } from '../setup/config-file.js';
import { Effects } from './effects.js';
import { checkFees, checkFunds } from './preflight.js';
import { type LoopEnd, RunLoop } from './run-loop.js';
import { Waker } from './waker.js';

/** What a run needs to know. */
export interface RunOptions {
  readonly plan: Plan;
  /** Gate programs run in its directory. */
  readonly planFile: string;
  readonly config: CoordinatorConfig & { readonly journal: TopicId; readonly token: TokenId };
  readonly outputDir: string;
  readonly insecureLoopback: boolean;
  /** Open another run even if there is one of this plan. */
  readonly wantNew: boolean;
  readonly takeOver: boolean;
}

/** How a run ended for this process. */
export interface RunEnd {
  readonly why: LoopEnd;
  readonly summary: RunSummary;
}

/** Messages of a dead process may still come into sight for so long. */
const PREDECESSOR_MS = 60_000;
/** Longest lag of the mirror that a fenced coordinator is expected to suffer. */
const FENCE_LAG_MS = 60_000;
/** Public mirrors allow some dozens of requests per second and lag by seconds. */
const PUBLIC_POLL_MS = 1_000;
const LOCAL_POLL_MS = 50;
/** How long an interrupted process waits for what it has under way. */
const PARTING_MS = 10_000;

/** Opens or resumes the run of a plan and works on it until it is closed, cannot go on, or is interrupted. */
export async function runPlan(
  connection: Connection,
  options: RunOptions,
  reporter: Reporter,
  interrupted: AbortSignal,
  log: Logger,
): Promise<RunEnd> {
  const startedMs = Date.now();
  checkFees(options.plan, options.config.limits.settleAfter);
  const feed = new LedgerFeed(connection, options.config.journal, new Set(options.config.agents), log);
  const index = await indexJournal(feed, connection.account);
  const chosen = chooseRun(index, options.plan.digest, options.wantNew);
  const identity = chosen.state === 'closed' ? undefined : nextIdentity(index, options.takeOver);
  const state = emptyState({
    run: chosen.run,
    plan: options.plan,
    coordinator: connection.account,
    journal: options.config.journal,
    token: options.config.token,
    agents: new Set(options.config.agents),
  });
  await replay(feed, state, log);
  if (chosen.state !== 'closed') await checkFunds(connection, options.config.token, options.plan, state.paid);
  keepPlan(options.config.stateDir, options.plan);
  reporter.begin(state, chosen.state);
  const work = new RunWork(connection, options, reporter, state, feed, log);
  try {
    const why = identity === undefined ? 'closed' : await work.run(identity, interrupted);
    await work.saved.finish(state);
    const balances = await readBalances(connection, state, log);
    const { unpayable } = work;
    return { why, summary: summarise(state, work.saved.files, unpayable, Date.now() - startedMs, balances) };
  } finally {
    work.close();
  }
}

/** Everything that works on one run in this process. */
class RunWork {
  readonly #store: OutputStore;
  readonly #fleet: Fleet;
  readonly #outputs: Outputs;
  readonly #orders: WorkOrders;
  readonly #waker = new Waker();
  readonly #stop = new AbortController();
  readonly saved: SavedOutputs;
  #loop: RunLoop | undefined;
  #effects: Effects | undefined;

  constructor(
    readonly connection: Connection,
    readonly options: RunOptions,
    readonly reporter: Reporter,
    readonly state: RunState,
    readonly feed: LedgerFeed,
    readonly log: Logger,
  ) {
    this.#store = new OutputStore(options.config.stateDir);
    const handlers = {
      connected: (agent: Parameters<RunLoop['connected']>[0]) => this.#loop?.connected(agent),
      event: (...args: Parameters<RunLoop['event']>) => this.#loop?.event(...args),
      refused: (...args: Parameters<RunLoop['refused']>) => this.#loop?.refused(...args),
      changed: this.#waker.wake,
    };
    this.#fleet = new Fleet(connection, options.insecureLoopback, handlers, log);
    this.#outputs = new Outputs(this.#store, this.#fleet);
    this.#orders = new WorkOrders(state, this.#outputs, this.#store);
    this.saved = new SavedOutputs(this.#outputs, options.outputDir, log);
  }

  get unpayable(): ReadonlyMap<string, string> {
    return this.#effects?.unpayable ?? new Map();
  }

  async run(identity: CoordinatorIdentity, interrupted: AbortSignal): Promise<LoopEnd> {
    const effects = this.#makeEffects(identity);
    const loop = this.#makeLoop(identity, effects);
    this.#effects = effects;
    this.#loop = loop;
    interrupted.addEventListener('abort', this.#waker.wake, { once: true });
    const { journal } = this.state.context;
    await effects.tools.writer.write(journal, undefined, identity.record('begun'));
    void this.feed.follow(this.#stop.signal, this.#waker.wake).catch((thrown: unknown) => {
      effects.fatal ??= toGatepostError(thrown);
      this.#waker.wake();
    });
    const end = await loop.run(interrupted).finally(() => interrupted.removeEventListener('abort', this.#waker.wake));
    if (end !== 'fenced') await this.#part(effects, identity);
    return end;
  }

  /** Lets what is under way come to its end, and says that this process no longer acts. */
  async #part(effects: Effects, identity: CoordinatorIdentity): Promise<void> {
    const goodbye = async () => {
      await effects.idle();
      await effects.tools.writer.write(this.state.context.journal, undefined, identity.record('ended'));
    };
    const patience = new AbortController();
    await Promise.race([
      goodbye().catch((thrown: unknown) => this.log.warn(toGatepostError(thrown).message)),
      sleep(PARTING_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
  }

  #makeEffects(identity: CoordinatorIdentity): Effects {
    const { connection, state, log, options } = this;
    const { limits } = options.config;
    const directory = dirname(resolve(options.planFile));
    const guards = new Guards(connection, state.context, limits.deadlineGraceMs, log);
    const judging = new Judging(this.#outputs, this.#orders, directory, limits.agentWaitMs, this.#stop.signal);
    return new Effects({
      connection,
      state,
      identity,
      writer: new RecordWriter(connection),
      settler: new Settler(connection, state.context, guards, limits.paymentWindowMs, log),
      fleet: this.#fleet,
      orders: this.#orders,
      judging,
      store: this.#store,
      guards,
      log,
      isFenced: () => this.feed.shows(({ record }) => record.type === 'epoch' && record.epoch > identity.epoch),
      wake: this.#waker.wake,
    });
  }

  #makeLoop(identity: CoordinatorIdentity, effects: Effects): RunLoop {
    const { state, feed, reporter, log } = this;
    const tools = {
      state,
      identity,
      feed,
      effects,
      fleet: this.#fleet,
      orders: this.#orders,
      store: this.#store,
      limits: this.#limits(),
      inboxPollMs: this.connection.network.name === 'local' ? LOCAL_POLL_MS : PUBLIC_POLL_MS,
      waker: this.#waker,
      fees: new FeeMeter(this.connection, log),
      stateDir: this.options.config.stateDir,
      emit: (change: Change) => this.#watch(change),
      progress: (...args: Parameters<Reporter['progress']>) => reporter.progress(...args),
      log,
    };
    const untilMs = identity.follows === 'silent' ? Date.now() + PREDECESSOR_MS : 0;
    return new RunLoop(tools, { inboxes: () => state.inboxes.keys(), untilMs });
  }

  /** A coordinator that is fenced may go on paying for as long as the mirror does not show it. */
  #limits(): Limits {
    const { limits } = this.options.config;
    return this.options.takeOver ? { ...limits, quarantineMs: limits.quarantineMs + FENCE_LAG_MS } : limits;
  }

  #watch(change: Change): void {
    if (change.event === 'ignored') this.log.debug(change.reason);
    if (change.event === 'verdict') {
      const task = this.state.tasks.get(change.task);
      if (task !== undefined && task.status === 'complete') this.saved.save(task);
    }
    this.reporter.change(change);
  }

  close(): void {
    this.#stop.abort();
    this.#fleet.close();
    removeSightings(this.options.config.stateDir);
  }
}

/** @throws GatepostError unless every task is complete and paid. */
export function requireSuccess({ why, summary }: RunEnd): void {
  const command = 'run the same command to resume';
  if (why === 'interrupted') throw new GatepostError('INTERRUPTED', `interrupted; ${command}`);
  if (why === 'fenced')
    throw new GatepostError('RUN_FAILED', 'another coordinator took this journal over; this one stopped');
  if (why === 'unpayable')
    throw new GatepostError('RUN_FAILED', `some work is accepted but could not be paid; mend that and ${command}`);
  if (summary.outcome !== 'complete') throw new GatepostError('RUN_FAILED', `the run ended as ${summary.outcome}`);
}
