import type { Plan } from '@gatepost/rules/plan/plan';
import { chooseRun, earlierVersion, type JournalIndex } from '@gatepost/rules/run/journal-index';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Logger } from '@gatepost/shared/log';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { nextIdentity } from '../ledger/identity.js';
import type { Reporter } from '../reports/reporter.js';
import type { RunSummary } from '../reports/summary.js';
import { BegunRun, checkRequest, joinRun, type RunEnd, type RunRequest } from './begun-run.js';
import { type CoordinatorProcess, openProcess, type ProcessOptions } from './coordinator-process.js';

/** What a run needs to know. */
export interface RunOptions extends Omit<ProcessOptions, 'mostOpen' | 'staysOpen'> {
  readonly plan: Plan;
  /** Gate programs run in its directory. */
  readonly planFile: string;
  readonly outputDir: string;
  /** Open another run even if there is one of this plan. */
  readonly wantNew: boolean;
}

/** It has the agents for itself. */
const ALONE = { ordinal: 1, weight: 1, mostOpen: Infinity };

/** Opens or resumes the run of a plan and works on it until it is closed, cannot go on, or is interrupted. */
export async function runPlan(
  connection: Connection,
  options: RunOptions,
  reporter: Reporter,
  interrupted: AbortSignal,
  log: Logger,
): Promise<RunEnd> {
  const { plan, planFile, outputDir } = options;
  const request = { plan, planFile, outputDir, reporter, share: ALONE };
  checkRequest(request);
  const process = await openProcess(connection, { ...options, mostOpen: Infinity, staysOpen: false }, log);
  try {
    return await runAlone(process, request, options.wantNew, interrupted);
  } finally {
    await process.close();
  }
}

async function runAlone(
  process: CoordinatorProcess,
  request: RunRequest,
  wantNew: boolean,
  interrupted: AbortSignal,
): Promise<RunEnd> {
  const { coordination, options, metrics } = process;
  const index = await coordination.lookAhead();
  const chosen = chooseRun(index, request.plan.digest, wantNew);
  if (chosen.state === 'new' && !wantNew && earlierVersion(index, request.plan) !== undefined)
    checkEarlierVersion(await coordination.lookAtAll(), request.plan);
  const state = joinRun(process, request.plan, chosen);
  const identity = chosen.state === 'closed' ? undefined : nextIdentity(index, options.takeOver);
  await coordination.catchUp();
  const run = await BegunRun.begin(process, request, state, chosen.state);
  try {
    if (options.config.metrics !== undefined) await metrics?.serve(options.config.metrics);
    if (identity === undefined) return await run.finish({ why: 'closed' });
    const over = new AbortController();
    const end = () => over.abort();
    interrupted.addEventListener('abort', end, { once: true });
    if (interrupted.aborted) end();
    run.work.ended.then(end, end);
    // What ends all runs ends this one, which tells it.
    await coordination.run(identity, over.signal).catch(() => undefined);
    interrupted.removeEventListener('abort', end);
    return await run.ended();
  } finally {
    await run.close();
  }
}

/**
 * A plan that was changed while its run is open would be done, and paid, once more beside it.
 * @throws GatepostError USAGE that names the open run and the ways on.
 */
function checkEarlierVersion(index: JournalIndex, plan: Plan): void {
  const earlier = earlierVersion(index, plan);
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
  requireStored(summary);
  const missing = summary.tasks.flatMap(({ task, not_saved: why }) => (why === undefined ? [] : [`${task}: ${why}`]));
  if (missing.length === 0) return;
  throw new GatepostError(
    'RUN_FAILED',
    `all is accepted and paid, but not all outputs are on the disk; mend that and run the same command again, which saves them:\n${missing.join('\n')}`,
  );
}

/** @throws GatepostError RUN_FAILED that names the tasks whose outputs are not in the artifact store. */
function requireStored({ tasks, artifacts }: RunSummary): void {
  const missing = tasks.flatMap(({ task, not_stored: why }) => (why === undefined ? [] : [`${task}: ${why}`]));
  const [first] = missing;
  if (first === undefined) return;
  const more = missing.length === 1 ? '' : `\nand ${missing.length - 1} more`;
  throw new GatepostError(
    'RUN_FAILED',
    `all is accepted and paid, but not all outputs are in the artifact store ${artifacts?.place}; mend that and run the ` +
      `same command again, which stores them:\n${first}${more}`,
  );
}
