import { type JournalIndex, namedRun } from '@gatepost/rules/run/journal-index';
import type { RunState } from '@gatepost/rules/run/run-state';
import { stopController } from '@gatepost/shared/stop-controller';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type CoordinatorIdentity, nextIdentity } from '../ledger/identity.js';
import { BegunRun, checkRequest, joinRun, type RunEnd } from '../run/begun-run.js';
import { type CoordinatorProcess, openProcess } from '../run/coordinator-process.js';
import type { HostEnd, HostedRun, HostedStanding, OpenRunHost, RunHost } from './run-host.js';

/** A run that was asked for. */
interface Standing extends HostedStanding {
  phase: HostedStanding['phase'];
  state: RunState | undefined;
}

/** Works on runs side by side, as one process with one epoch. */
export const openJournalHost: OpenRunHost = async (connection, options, log) => {
  const process = await openProcess(connection, { ...options, staysOpen: true }, log);
  const { coordination, metrics } = process;
  try {
    const identity = nextIdentity(await coordination.lookAhead(), options.takeOver);
    await coordination.catchUp();
    if (options.config.metrics !== undefined) await metrics?.serve(options.config.metrics);
    return new JournalHost(process, identity);
  } catch (thrown) {
    await process.close();
    throw thrown;
  }
};

class JournalHost implements RunHost {
  readonly over: Promise<HostEnd>;
  readonly #runs = new Map<string, Standing>();
  /** Runs whose end is not told yet. */
  readonly #untold = new Set<Promise<void>>();
  readonly #leaving = stopController();

  constructor(
    private readonly process: CoordinatorProcess,
    identity: CoordinatorIdentity,
  ) {
    this.over = this.#act(identity);
  }

  async #act(identity: CoordinatorIdentity): Promise<HostEnd> {
    const { coordination, log } = this.process;
    let end: HostEnd;
    try {
      const why = await coordination.run(identity, this.#leaving.signal);
      end = { why: why === 'fenced' ? why : 'closed' };
    } catch (thrown) {
      end = { why: 'failure', failure: toGatepostError(thrown) };
    }
    await Promise.all(this.#untold);
    await this.process.close().catch((thrown: unknown) => log.warn(toGatepostError(thrown).message));
    return end;
  }

  open(request: HostedRun): void {
    const standing: Standing = { request, phase: 'begins', state: undefined };
    this.#runs.set(request.submission.run, standing);
    const told = this.#workOn(standing)
      .catch(toGatepostError)
      .then((end) => {
        standing.phase = 'over';
        request.ended(end);
      })
      .catch((thrown: unknown) => this.process.log.error(toGatepostError(thrown).message))
      .finally(() => this.#untold.delete(told));
    this.#untold.add(told);
  }

  async #workOn(standing: Standing): Promise<RunEnd> {
    const { submission, plan, planFile, outputDir, reporter } = standing.request;
    const { run, ordinal, weight, mostOpen } = submission;
    const request = { plan, planFile, outputDir, reporter, share: { ordinal, weight, mostOpen } };
    checkRequest(request);
    const chosen = namedRun(this.process.coordination.index, run);
    if (chosen.state === 'closed') throw new GatepostError('USAGE', `run ${run} is closed`, { run });
    const state = joinRun(this.process, plan, chosen);
    standing.state = state;
    const begun = await BegunRun.begin(this.process, request, state, chosen.state);
    standing.phase = 'works';
    try {
      return await begun.ended();
    } finally {
      await begun.close();
    }
  }

  runs(): ReadonlyMap<string, HostedStanding> {
    return this.#runs;
  }

  forget(run: string): void {
    if (this.#runs.get(run)?.phase === 'over') this.#runs.delete(run);
  }

  async index(): Promise<JournalIndex> {
    return this.process.coordination.index;
  }

  async close(): Promise<void> {
    this.#leaving.abort();
    await this.over;
  }
}
