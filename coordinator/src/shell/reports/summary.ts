import { attemptKeyOf } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { TaskState } from '@gatepost/rules/run/task-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Logger } from '@gatepost/shared/log';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { NANOS_PER_MS } from '@gatepost/shared/vocabulary/time';
import type { Archive } from '../outputs/archive.js';
import type { SavedOutputs } from '../outputs/saved-outputs.js';
import { type AttemptUsage, totalUsage, type UsageTotal } from './attempt-usage.js';
import { pollUntil } from './poll.js';

/** One task at the end of a run. */
export interface TaskSummary {
  readonly task: string;
  /** Who did the accepted work, or tried last; several for a quorum. */
  readonly agent: string | undefined;
  readonly attempts: number;
  readonly gate: string | undefined;
  readonly status: string;
  /** In the token's smallest unit. */
  readonly paid: string;
  /** Of the transfer that paid it. */
  readonly transaction_id: string | undefined;
  readonly saved_as: string | undefined;
  /** The `save_as` file that is not on the disk although the output was accepted, and why. */
  readonly not_saved: string | undefined;
  /** Why accepted outputs of it are not in the artifact store yet; left out when they are, or when there is no store. */
  readonly not_stored?: string | undefined;
  readonly reason: string | undefined;
  /** What its agents say that its attempts used together; left out when they say nothing. */
  readonly usage?: UsageTotal | undefined;
}

/** The end of a run, as the `summary` event tells it. */
export interface RunSummary {
  readonly run: string;
  readonly outcome: 'complete' | 'failed' | 'cancelled' | 'open';
  readonly journal: string;
  readonly token: string;
  readonly tasks: readonly TaskSummary[];
  readonly totals: {
    readonly tasks: number;
    readonly complete: number;
    readonly paid: string;
    readonly attempts: number;
    readonly seconds: number;
  };
  /** What all agents say that they used; left out when they say nothing. */
  readonly usage?: UsageTotal | undefined;
  /** The artifact store, and how many different outputs of this run it is known to have; left out when there is none. */
  readonly artifacts?: { readonly place: string; readonly stored: number } | undefined;
  /** Token balances the mirror shows. */
  readonly balances: readonly { readonly account: string; readonly balance: string | undefined }[];
}

/** Where the output of a task is, and is not. */
interface Whereabouts {
  readonly savedAs: string | undefined;
  readonly notSaved: string | undefined;
  readonly notStored: string | undefined;
}

function summariseTask(
  task: TaskState,
  { savedAs, notSaved, notStored }: Whereabouts,
  unpayable: ReadonlyMap<string, string>,
  usage: UsageTotal | undefined,
): TaskSummary {
  const accepted = task.attempts.filter(({ verdict }) => verdict?.accepted === true);
  const telling = accepted.length > 0 ? accepted : task.attempts.slice(-1);
  const payments = accepted.flatMap(({ payment }) => (payment === undefined ? [] : [payment]));
  const refused = accepted
    .map((attempt) => unpayable.get(attemptKeyOf(attempt)))
    .find((reason) => reason !== undefined);
  const reason = refused === undefined ? task.reason : `not paid: ${refused}`;
  return {
    task: task.spec.id,
    agent: telling.map(({ agent }) => agent).join(', ') || undefined,
    attempts: task.attempts.length,
    gate: telling[0]?.verdict?.gate,
    status: task.status,
    paid: payments.reduce((sum, { amount }) => sum + amount, 0n).toString(),
    transaction_id: payments[0]?.transfer,
    saved_as: savedAs,
    not_saved: notSaved,
    ...(notStored === undefined ? {} : { not_stored: notStored }),
    reason,
    ...(usage === undefined ? {} : { usage }),
  };
}

/** What became of a run, in the order of its plan. */
export function summarise(
  state: RunState,
  { files, missing }: Pick<SavedOutputs, 'files' | 'missing'>,
  unpayable: ReadonlyMap<string, string>,
  elapsedMs: number,
  balances: RunSummary['balances'],
  said: readonly AttemptUsage[] = [],
  archive?: Pick<Archive, 'missing' | 'stored' | 'artifacts'>,
): RunSummary {
  const byTask = new Map<string, AttemptUsage[]>();
  for (const usage of said) byTask.set(usage.task, [...(byTask.get(usage.task) ?? []), usage]);
  const usage = totalUsage(said);
  const tasks = [...state.tasks.values()].map((task) =>
    summariseTask(
      task,
      {
        savedAs: files.get(task.spec.id),
        notSaved: missing.get(task.spec.id),
        notStored: archive?.missing(task.attempts),
      },
      unpayable,
      totalUsage(byTask.get(task.spec.id) ?? []),
    ),
  );
  const { run, journal, token } = state.context;
  return {
    run,
    outcome: state.closed ?? 'open',
    journal,
    token,
    tasks,
    totals: {
      tasks: tasks.length,
      complete: tasks.filter(({ status }) => status === 'complete' || status === 'paid').length,
      paid: state.paid.toString(),
      attempts: tasks.reduce((sum, { attempts }) => sum + attempts, 0),
      seconds: Math.round(elapsedMs / 100) / 10,
    },
    ...(usage === undefined ? {} : { usage }),
    ...(archive === undefined ? {} : { artifacts: { place: archive.artifacts.place, stored: archive.stored } }),
    balances,
  };
}

/** Most accounts whose balance is asked for. */
const MAX_BALANCES = 20;

/** Balances of the treasury and the agents, once the mirror has come as far as the run. */
export async function readBalances(
  connection: Connection,
  state: RunState,
  log: Logger,
): Promise<RunSummary['balances']> {
  const accounts: AccountId[] = [connection.account, ...state.agents.keys()];
  try {
    await pollUntil(async () => ((await connection.mirror.now()) + NANOS_PER_MS >= state.at ? true : undefined));
    return await Promise.all(
      accounts.slice(0, MAX_BALANCES).map(async (account) => {
        const balance = await connection.mirror.tokenBalance(account, state.context.token);
        return { account, balance: balance?.toString() };
      }),
    );
  } catch (thrown) {
    log.warn(`balances are not shown: ${toGatepostError(thrown).message}`);
    return [];
  }
}
