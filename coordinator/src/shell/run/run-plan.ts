import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { AutomaticGates } from '@gatepost/party/gates/automatic-gates';
import { indexJournal, replay } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import type { Plan } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import {
  type ChosenRun,
  chooseRun,
  earlierVersion,
  type JournalIndex,
  namedRun,
} from '@gatepost/rules/run/journal-index';
import { modeIn } from '@gatepost/rules/run/run-mode';
import { emptyState, type RunContext } from '@gatepost/rules/run/run-state';
import { systemClock, waitingClock } from '@gatepost/shared/clock';
import { usualFillMs } from '@gatepost/shared/config/network';
import { requireFit, takeLooks } from '@gatepost/shared/doctor/finding';
import { lookAtDisk } from '@gatepost/shared/doctor/host-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { standingLadders } from '@gatepost/shared/hedera/refund-ladder';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { openTracing } from '@gatepost/shared/tracing/open-tracing';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { Limits } from '../../core/decide/limits.js';
import { Fleet } from '../agents/fleet.js';
import { SightingsFile } from '../agents/sightings.js';
import { standingLooks } from '../doctor/examine.js';
import { type CosignerOf, remoteCosigner } from '../gatekeeper/remote-cosigner.js';
import { FeeMeter } from '../ledger/fee-meter.js';
import { nextIdentity } from '../ledger/identity.js';
import type { RunMetrics } from '../metrics/run-metrics.js';
import { OutputStore } from '../outputs/output-store.js';
import { checkSavePlaces, SavedOutputs } from '../outputs/saved-outputs.js';
import { keepPlan } from '../plan/plan-cache.js';
import { AttemptLogs } from '../reports/attempt-logs.js';
import { keptUsage, UsageFile } from '../reports/attempt-usage.js';
import type { Reporter } from '../reports/reporter.js';
import { type RunSummary, readBalances, summarise } from '../reports/summary.js';
import type { CoordinatorConfig } from '../setup/config-file.js';
import { RunTrace } from '../tracing/run-trace.js';
import { gatesOf } from './gates.js';
import { checkFeeFunds, checkFees, checkFunds } from './preflight.js';
import type { LoopEnd } from './run-loop.js';
import { type RunParts, type RunSettings, RunWork } from './run-work.js';

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
  /** The run with this id, which is opened if the journal does not have it. */
  readonly run?: string;
  readonly takeOver: boolean;
}

/** How a run ended for this process. */
export interface RunEnd {
  readonly why: LoopEnd | 'failure';
  readonly summary: RunSummary;
  /** What this process could not go on for. */
  readonly failure?: GatepostError;
}

/** Between the last deadline of work and the refund: for the verdict, and for payments that are made again. */
const PAYING_MS = 600_000;
/** Longest lag of the mirror that a fenced coordinator is expected to suffer. */
const FENCE_LAG_MS = 60_000;
/** Public mirrors allow some dozens of requests per second and lag by seconds. */
const PUBLIC_POLL_MS = 1_000;
/** A reading takes up to four requests, whatever the number of inboxes. */
const PUBLIC_REST_PAUSE_MS = 500;
const LOCAL_POLL_MS = 50;

/** Opens or resumes the run of a plan and works on it until it is closed, cannot go on, or is interrupted. */
export async function runPlan(
  connection: Connection,
  options: RunOptions,
  reporter: Reporter,
  interrupted: AbortSignal,
  log: Logger,
): Promise<RunEnd> {
  const { plan, config } = options;
  const startedMs = systemClock.nowMs();
  checkFees(plan);
  checkSavePlaces(plan, options.outputDir);
  const gates = gatesOf(plan, options.planFile, config);
  const saves = plan.tasks.some(({ saveAs }) => saveAs !== undefined);
  requireFit([config.stateDir, ...(saves ? [resolve(options.outputDir)] : [])].map(lookAtDisk));
  requireFit(await takeLooks(standingLooks(connection, config.journal)));
  const tracing = await openTracing('gatepost-coordinator', log);
  const metrics = await metricsOf(config);
  const own = hederaLedger(connection, log);
  const ledger = metrics?.ledger(own) ?? own;
  const feed = new LedgerFeed(ledger, config.journal, new Set(config.agents), log, true);
  feed.nameTasks(taskNamesOf(plan));
  const index = await indexJournal(feed, connection.account);
  const chosen =
    options.run === undefined ? chooseRun(index, plan.digest, options.wantNew) : namedRun(index, options.run);
  if (chosen.state === 'new' && !options.wantNew && options.run === undefined) checkEarlierVersion(index, plan);
  const token = tokenOf(chosen, config.token);
  const identity = chosen.state === 'closed' ? undefined : nextIdentity(index, options.takeOver);
  const state = emptyState({
    run: chosen.run,
    plan,
    coordinator: connection.account,
    journal: config.journal,
    token,
    agents: new Set(config.agents),
    // Fixed when the run was opened, else as the configuration has it.
    ...modeIn(chosen.opened ?? config),
  });
  await replay(feed, state, log);
  const { gatekeeper, escrow: holder = connection.account } = state.context;
  if (chosen.state !== 'closed') await checkFunds(connection, holder, token, plan, state.paid);
  if (chosen.state === 'new') await checkFeeFunds(connection, holder, token, plan);
  const { insecureLoopback } = options;
  const cosigner =
    gatekeeper === undefined ? undefined : await remoteCosigner(connection, gatekeeper, insecureLoopback);
  const refundMs = await refundOf(connection, state.context);
  keepPlan(config.stateDir, plan);
  reporter.begin(state, chosen.state);
  const logs = new AttemptLogs(config.stateDir, state.context.run, log);
  const fees = new FeeMeter(connection, systemClock, log);
  const store = new OutputStore(config.stateDir, state.context.run, randomUUID());
  const accepted = (task: string): void => save(task);
  const sightings = new SightingsFile(config.stateDir, log);
  const usage = new UsageFile(config.stateDir, state.context.run, log);
  const given = { ledger, gates, usage, fees, store, reporter, logs, accepted, cosigner, sightings };
  const parts = partsOf(connection, options, given, log);
  const traced = tracing === undefined ? parts : new RunTrace(tracing, state, systemClock).watch(parts);
  const work = new RunWork(metrics?.watch(traced) ?? traced, settingsOf(connection, options, refundMs), state, feed);
  const saved = new SavedOutputs(work.outputs, options.outputDir, log);
  function save(id: string): void {
    const task = state.tasks.get(id);
    if (task?.status === 'complete') saved.save(task);
  }
  metrics?.read(work, {
    state,
    requests: connection.mirror.requests,
    get fees() {
      if (state.opened) fees.follow(state.openedAt);
      return fees.tinybar;
    },
  });
  const finish = async (end: Omit<RunEnd, 'summary'>): Promise<RunEnd> => {
    await saved.finish(state);
    const balances = await readBalances(connection, state, log);
    const elapsedMs = systemClock.nowMs() - startedMs;
    return {
      ...end,
      summary: summarise(
        state,
        saved,
        work.unpayable,
        elapsedMs,
        balances,
        keptUsage(config.stateDir, state.context.run),
      ),
    };
  };
  try {
    if (config.metrics !== undefined) await metrics?.serve(config.metrics);
    const why = identity === undefined ? 'closed' : await work.run(identity, interrupted);
    return await finish({ why });
  } catch (thrown) {
    // A run that was opened has something to be told, however it ends.
    if (!state.opened) throw thrown;
    return await finish({ why: 'failure', failure: toGatepostError(thrown) });
  } finally {
    await work.close();
    // All is on the ledger or with the agents; what is not kept here has to be asked for again.
    await store
      .close()
      .catch((thrown: unknown) => log.warn(`outputs are not kept: ${toGatepostError(thrown).message}`));
    feed.ignored.tell();
    await leave(metrics, config, log);
    await tracing?.close();
    await sightings.close();
  }
}

/**
 * A plan that was changed while its run is open would be done, and paid, once more beside it.
 * @throws GatepostError USAGE that names the open run and the ways on.
 */
function checkEarlierVersion(index: JournalIndex, { name, digest }: Plan): void {
  const earlier = earlierVersion(index, name, digest);
  if (earlier === undefined) return;
  const { run, accepted, tasks } = earlier;
  throw new GatepostError(
    'USAGE',
    `an open run of an earlier version of this plan: ${run} (${accepted.size} of ${tasks} accepted); nothing was ` +
      `started. Cancel it with "coordinator cancel --run ${run}", resume it by running the plan as it was, or open ` +
      'another run beside it with --new',
    { run },
  );
}

/**
 * The token that a run pays in: its own, once it is opened.
 * @throws GatepostError INVALID_CONFIG when an open run was opened with another one.
 */
function tokenOf({ run, state, opened }: ChosenRun, configured: TokenId): TokenId {
  const token = opened?.token;
  if (token === undefined || token === configured) return configured;
  if (state === 'closed') return token;
  throw new GatepostError(
    'INVALID_CONFIG',
    `run ${run} was opened to pay in ${token}, the configuration names ${configured}; nothing was changed. ` +
      `Set token: ${token} to go on with it, or open another run with --new`,
    { run, token, configured },
  );
}

/** When the rest of an escrow goes back to its owner, milliseconds since the Unix epoch; undefined where none does. */
async function refundOf({ mirror, account }: Connection, { escrow, token }: RunContext): Promise<number | undefined> {
  const key = escrow === undefined ? undefined : (await mirror.account(escrow)).key?.key;
  if (escrow === undefined || key === undefined) return undefined;
  const ladders = await standingLadders(mirror, account, escrow, key);
  const first = ladders.filter((one) => one.token === token).at(-1);
  return first === undefined ? undefined : first.refundAt * 1_000;
}

/** The metrics of a run, when they are asked for; what makes them is loaded then alone. */
async function metricsOf({ metrics, metricsFile }: CoordinatorConfig): Promise<RunMetrics | undefined> {
  if (metrics === undefined && metricsFile === undefined) return undefined;
  const { RunMetrics } = await import('../metrics/run-metrics.js');
  return new RunMetrics(systemClock);
}

/** The run ends in this process: its metrics stand still. Nothing is undone when they cannot be kept. */
async function leave(metrics: RunMetrics | undefined, { metricsFile }: CoordinatorConfig, log: Logger): Promise<void> {
  metrics?.close();
  if (metrics === undefined || metricsFile === undefined) return;
  await metrics.write(metricsFile).catch((thrown: unknown) => {
    log.warn(`the metrics are not written to ${metricsFile}: ${toGatepostError(thrown).message}`);
  });
}

/** What a run is given besides its options. */
interface Given {
  readonly ledger: Ledger;
  readonly gates: AutomaticGates;
  readonly usage: UsageFile;
  readonly fees: FeeMeter;
  readonly store: OutputStore;
  readonly reporter: Reporter;
  readonly logs: AttemptLogs;
  /** A task of the plan was accepted. */
  readonly accepted: (task: string) => void;
  readonly cosigner: CosignerOf | undefined;
  readonly sightings: SightingsFile;
}

/** What a run reaches the outside through: the network, the agents' hosts, this host's files and its terminal. */
function partsOf(
  connection: Connection,
  { insecureLoopback }: RunOptions,
  { ledger, gates, usage, fees, store, reporter, logs, accepted, cosigner, sightings }: Given,
  log: Logger,
): RunParts {
  return {
    ledger,
    clock: waitingClock,
    fleet: (handlers) => new Fleet(connection, insecureLoopback, handlers, waitingClock, log),
    store,
    gates,
    cosigner,
    fees,
    tell: (seen) => sightings.tell(seen),
    change: (change) => {
      if (change.event === 'ignored') log.debug(change.reason);
      if (change.event === 'verdict') accepted(change.task);
      reporter.change(change);
    },
    progress: (...args) => reporter.progress(...args),
    said: (line) => logs.add(line),
    used: (said) => usage.add(said),
    waiting: (wait) => reporter.waiting(wait),
    around: (_command, work) => work(),
    log,
  };
}

function settingsOf(
  { network }: Connection,
  { config, takeOver }: RunOptions,
  refundMs: number | undefined,
): RunSettings {
  const limits = refundMs === undefined ? config.limits : { ...config.limits, assignUntilMs: refundMs - PAYING_MS };
  // A coordinator that is fenced may go on paying for as long as the mirror does not show it.
  const quarantined: Limits = { ...limits, quarantineMs: limits.quarantineMs + FENCE_LAG_MS };
  return {
    limits: takeOver ? quarantined : limits,
    inboxPollMs: network.mirrorPerSecond === undefined ? LOCAL_POLL_MS : PUBLIC_POLL_MS,
    restPauseMs: network.mirrorPerSecond === undefined ? 0 : PUBLIC_REST_PAUSE_MS,
    fillMs: config.fillMs ?? usualFillMs(network),
  };
}

/** @throws GatepostError unless every task is complete and paid, and every file that was asked for is written. */
export function requireSuccess({ why, summary, failure }: RunEnd): void {
  if (failure !== undefined) throw failure;
  const command = 'run the same command to resume';
  if (why === 'interrupted') throw new GatepostError('INTERRUPTED', `interrupted; ${command}`);
  if (why === 'fenced')
    throw new GatepostError('RUN_FAILED', 'another coordinator took this journal over; this one stopped');
  if (why === 'unpayable')
    throw new GatepostError('RUN_FAILED', `some work is accepted but could not be paid; mend that and ${command}`);
  if (summary.outcome !== 'complete') throw new GatepostError('RUN_FAILED', `the run ended as ${summary.outcome}`);
  const missing = summary.tasks.flatMap(({ task, not_saved: why }) => (why === undefined ? [] : [`${task}: ${why}`]));
  if (missing.length === 0) return;
  throw new GatepostError(
    'RUN_FAILED',
    `all is accepted and paid, but not all outputs are on the disk; mend that and run the same command again, which saves them:\n${missing.join('\n')}`,
  );
}
