import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { Outputs } from '@gatepost/party/outputs/outputs';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { ChosenRun } from '@gatepost/rules/run/journal-index';
import { modeIn } from '@gatepost/rules/run/run-mode';
import type { RunContext, RunState } from '@gatepost/rules/run/run-state';
import { systemClock, waitingClock } from '@gatepost/shared/clock';
import { requireFit } from '@gatepost/shared/doctor/finding';
import { lookAtDisk } from '@gatepost/shared/doctor/host-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { standingLadders } from '@gatepost/shared/hedera/refund-ladder';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TokenId } from '@gatepost/shared/vocabulary/ids';
import { remoteCosigner } from '../gatekeeper/remote-cosigner.js';
import { Archive } from '../outputs/archive.js';
import { agentsOnce } from '../outputs/fetch-once.js';
import { OutputStore } from '../outputs/output-store.js';
import { checkSavePlaces, SavedOutputs } from '../outputs/saved-outputs.js';
import { keepPlan } from '../plan/plan-cache.js';
import { AttemptLogs } from '../reports/attempt-logs.js';
import { keptUsage, UsageFile } from '../reports/attempt-usage.js';
import type { Reporter } from '../reports/reporter.js';
import { type RunSummary, readBalances, summarise } from '../reports/summary.js';
import { RunTrace } from '../tracing/run-trace.js';
import type { CoordinatorProcess } from './coordinator-process.js';
import { gatesOf } from './gates.js';
import { checkFeeFunds, checkFees, checkFunds } from './preflight.js';
import type { LoopEnd, Share } from './run-desk.js';
import type { RunParts, RunWork } from './run-work.js';

/** What a run needs to know. */
export interface RunRequest {
  readonly plan: Plan;
  /** Gate programs run in its directory. */
  readonly planFile: string;
  readonly outputDir: string;
  readonly reporter: Reporter;
  readonly share: Share;
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
/** How long a process that stops while its run goes on waits for outputs to be stored. */
const PARTING_STORE_MS = 2_000;

/** What can be known of a request by itself. @throws GatepostError INVALID_PLAN, INVALID_CONFIG */
export function checkRequest({ plan, outputDir }: Pick<RunRequest, 'plan' | 'outputDir'>): void {
  checkFees(plan);
  checkSavePlaces(plan, outputDir);
  const saves = plan.tasks.some(({ saveAs }) => saveAs !== undefined);
  if (saves) requireFit([lookAtDisk(resolve(outputDir))]);
}

/** The fold of a run of this process's coordinator. @throws GatepostError INVALID_CONFIG for a run of another token. */
export function joinRun(
  { coordination, connection, options }: CoordinatorProcess,
  plan: Plan,
  chosen: ChosenRun,
): RunState {
  const { config } = options;
  return coordination.join({
    run: chosen.run,
    plan,
    coordinator: connection.account,
    journal: config.journal,
    token: tokenOf(chosen, config.token),
    agents: new Set(config.agents),
    // Fixed when the run was opened, else as the configuration has it.
    ...modeIn(chosen.opened ?? config),
  });
}

/** One run as a process works on it: its means, what is kept of it on this host, and its end as it is told. */
export class BegunRun {
  readonly #startedMs = systemClock.nowMs();
  readonly #saved: SavedOutputs;
  readonly #archive: Archive | undefined;

  private constructor(
    private readonly process: CoordinatorProcess,
    readonly work: RunWork,
    private readonly store: OutputStore,
    outputDir: string,
    how: ChosenRun['state'],
  ) {
    const { artifacts, connection, options, log } = process;
    // Nobody has a session with the agents of a run that is closed.
    const isAlone = how === 'closed' && !options.staysOpen;
    const once = agentsOnce(connection, work.state, options.insecureLoopback);
    const outputs = isAlone ? new Outputs(store, once, artifacts) : work.outputs;
    this.#saved = new SavedOutputs(outputs, outputDir, log);
    if (artifacts === undefined) return;
    const wait = work.openWait('store', `the artifact store ${artifacts.place}`);
    this.#archive = new Archive(artifacts, outputs, wait, waitingClock);
    this.#archive.keepAll(work.state);
  }

  /**
   * Begins to work on a run that was joined, after a look at whether it can be paid.
   * @throws GatepostError INVALID_CONFIG, INVALID_PLAN, NOT_FOUND, MIRROR_UNREACHABLE
   */
  static async begin(
    process: CoordinatorProcess,
    request: RunRequest,
    state: RunState,
    how: ChosenRun['state'],
  ): Promise<BegunRun> {
    const { connection, coordination, options, limits, tracing, artifacts, metrics, fees, log } = process;
    const { config, insecureLoopback } = options;
    const { plan, planFile, outputDir, reporter, share } = request;
    const { gatekeeper, run } = state.context;
    const gates = gatesOf(plan, planFile, config);
    await checkMeans(connection, state, how);
    const cosigner =
      gatekeeper === undefined ? undefined : await remoteCosigner(connection, gatekeeper, insecureLoopback);
    const refundMs = await refundOf(connection, state.context);
    keepPlan(config.stateDir, plan);
    reporter.begin(state, how);
    const logs = new AttemptLogs(config.stateDir, run, log);
    const store = new OutputStore(config.stateDir, run, randomUUID());
    const usage = new UsageFile(config.stateDir, run, log);
    const own = fees.of(run);
    let begun: BegunRun | undefined;
    const parts: RunParts = {
      ledger: fees.ledgerOf(run, process.ledger),
      fleet: coordination.fleet,
      store,
      artifacts,
      gates,
      cosigner,
      fees: own,
      change: (change) => {
        if (change.event === 'ignored') log.debug(change.reason);
        if (change.event === 'verdict') begun?.save(change.task);
        reporter.change(change);
      },
      progress: (...args) => reporter.progress(...args),
      said: (line) => logs.add(line),
      used: (said) => usage.add(said),
      waiting: (wait) => reporter.waiting(wait),
      around: (_command, work) => work(),
      log,
    };
    const traced = tracing === undefined ? parts : new RunTrace(tracing, state, systemClock).watch(parts);
    const untilRefund = refundMs === undefined ? limits : { ...limits, assignUntilMs: refundMs - PAYING_MS };
    const work = coordination.work(state, metrics?.watch(traced) ?? traced, { limits: untilRefund, share });
    begun = new BegunRun(process, work, store, outputDir, how);
    metrics?.readRun(work, own);
    return begun;
  }

  /** An attempt of a task was accepted. */
  private save(id: string): void {
    const task = this.work.state.tasks.get(id);
    if (task?.status === 'complete') this.#saved.save(task);
    for (const attempt of task?.attempts ?? []) this.#archive?.keep(attempt);
  }

  /** What is told of its end. */
  async finish(end: Omit<RunEnd, 'summary'>): Promise<RunEnd> {
    const { connection, options, log } = this.process;
    const { state, unpayable } = this.work;
    await this.#saved.finish(state);
    await this.#archive?.finish(state, end.why === 'closed' ? undefined : PARTING_STORE_MS);
    const balances = await readBalances(connection, state, log);
    const elapsedMs = systemClock.nowMs() - this.#startedMs;
    const usage = keptUsage(options.config.stateDir, state.context.run);
    return { ...end, summary: summarise(state, this.#saved, unpayable, elapsedMs, balances, usage, this.#archive) };
  }

  /** Waits until it is worked on no more, and tells its end. @throws GatepostError when it ended before it was opened. */
  async ended(): Promise<RunEnd> {
    try {
      return await this.finish({ why: await this.work.ended });
    } catch (thrown) {
      // A run that was opened has something to be told, however it ends.
      if (!this.work.state.opened) throw thrown;
      return await this.finish({ why: 'failure', failure: toGatepostError(thrown) });
    }
  }

  async close(): Promise<void> {
    const { fees, metrics, log } = this.process;
    this.#archive?.close();
    await this.work.close();
    fees.forget(this.work.run);
    metrics?.forget(this.work);
    // All is on the ledger or with the agents; what is not kept here has to be asked for again.
    await this.store
      .close()
      .catch((thrown: unknown) => log.warn(`outputs are not kept: ${toGatepostError(thrown).message}`));
  }
}

/** A run that cannot be paid is not begun. */
async function checkMeans(connection: Connection, state: RunState, how: ChosenRun['state']): Promise<void> {
  const { escrow: holder = connection.account, token, plan } = state.context;
  if (how !== 'closed') await checkFunds(connection, holder, token, plan, state.paid);
  if (how === 'new') await checkFeeFunds(connection, holder, token, plan);
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
