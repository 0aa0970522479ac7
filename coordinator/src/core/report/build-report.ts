import { reduce } from '@gatepost/rules/fold/reduce';
import type { Plan } from '@gatepost/rules/plan/plan';
import { modeIn } from '@gatepost/rules/run/run-mode';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import type { Evidence } from '@gatepost/rules/verify/evidence';
import { type AnyEntry, attemptsOf, type RunHistory } from '@gatepost/rules/verify/history';
import { replay } from '@gatepost/rules/verify/replay';
import { RULES } from '@gatepost/rules/verify/rules';
import { verify } from '@gatepost/rules/verify/verify';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { formatTime, msFromNanos, type Nanos } from '@gatepost/shared/vocabulary/time';
import { acceptedTasks } from './accepted-tasks.js';
import { agentsOf } from './agents.js';
import { REPORT_VERSION, type ReportDocument, type ReportedRun } from './document.js';
import { moneyOf, type RunCosts } from './money.js';
import { type PlaceAt, placesOf } from './places.js';
import { type ShowLogs, type ShowOutput, type Telling, tasksOfHistory, tasksOfState } from './tasks.js';

/** Everything that a report is made of. */
export interface ReportSources {
  readonly network: string;
  readonly now: Nanos;
  readonly evidence: Evidence;
  /** The runs that are told, oldest first, each with its costs. */
  readonly costs: ReadonlyMap<string, RunCosts>;
  /** Plans by their digest, as far as they are known. */
  readonly plans: ReadonlyMap<string, Plan>;
  /** Agents that the coordinator trusts, where its configuration is at hand; else those it gave work to. */
  readonly trusted: readonly AccountId[];
  /** Messages that agents' own schedules posted, by consensus timestamp. */
  readonly ownSchedules: ReadonlySet<Nanos>;
  /** When the newest lease of an agent ends, ISO 8601. */
  readonly leases: ReadonlyMap<AccountId, string>;
  readonly showOutput: ShowOutput;
  readonly showLogs: ShowLogs;
}

/** Makes the report of the runs of a journal. Pure. */
export function buildReport(sources: ReportSources): ReportDocument {
  const { evidence, costs, plans, trusted } = sources;
  const { runs, entries } = replay(evidence, ...plans.values());
  const told = [...runs.values()].filter(({ run }) => costs.has(run));
  const placeAt = placesOf(entries);
  const agents = new Set([...trusted, ...[...runs.values()].flatMap((run) => workersOf(run))]);
  const records = withSchedules(entries, sources.ownSchedules);
  const journal = evidence.journal.topic;
  return {
    version: REPORT_VERSION,
    made_at: formatTime(msFromNanos(sources.now)),
    network: sources.network,
    journal,
    runs: told.map((history) => runOf(history, { ...sources, records, agents, placeAt })),
    agents: agentsOf(journal, agents, records, sources.leases, placeAt),
    verification: verificationOf(evidence, told, [...plans.values()]),
  };
}

/** The agents that a run's coordinator gave work to. */
const workersOf = (run: RunHistory): AccountId[] =>
  [...attemptsOf(run)].flatMap(({ assignments }) =>
    assignments.filter(({ entry }) => entry.author === run.coordinator).map(({ agent }) => agent),
  );

const withSchedules = (entries: readonly AnyEntry[], own: ReadonlySet<Nanos>): readonly AnyEntry[] =>
  entries.map((entry) => (entry.record.type === 'lapsed' ? { ...entry, ofOwnSchedule: own.has(entry.at) } : entry));

interface RunSources extends Pick<ReportSources, 'costs' | 'plans' | 'showOutput' | 'showLogs'> {
  readonly records: readonly AnyEntry[];
  readonly agents: ReadonlySet<AccountId>;
  readonly placeAt: PlaceAt;
}

function runOf(history: RunHistory, sources: RunSources): ReportedRun {
  const { placeAt, showOutput, showLogs } = sources;
  const { run, opened, coordinator, gatekeeper, escrow, arbiter } = history;
  const plan = sources.plans.get(opened.record.plan_sha256);
  const costs = sources.costs.get(run);
  if (costs === undefined) throw new Error(`the costs of ${run} are missing`);
  const fees = new Map(costs.bill.tasks.map(({ task, tinybar }) => [task, tinybar]));
  const telling: Telling = { run, placeAt, showOutput, showLogs, feesOf: (task) => fees.get(task) ?? 0n };
  const state = plan === undefined ? undefined : foldOf(history, plan, sources);
  const { outcome, at: closedAt } =
    state === undefined ? endOf(history.closed) : { outcome: state.closed, at: state.closedAt };
  return {
    run,
    name: opened.record.name,
    plan_sha256: opened.record.plan_sha256,
    plan_known: plan !== undefined,
    outcome: outcome ?? 'open',
    coordinator,
    ...(gatekeeper === undefined ? {} : { gatekeeper }),
    ...(escrow === undefined ? {} : { escrow }),
    ...(arbiter === undefined ? {} : { arbiter }),
    opened: placeAt(opened.at),
    ...(outcome === undefined ? {} : { closed: placeAt(closedAt) }),
    task_count: opened.record.tasks,
    accepted: acceptedTasks(history).size,
    sequences: plan?.sequences.map(({ id, after }) => ({ id, after: [...after] })) ?? [],
    tasks: state === undefined ? tasksOfHistory(history, telling) : tasksOfState(state, telling),
    money: moneyOf(history, costs, plan),
  };
}

const endOf = (closed: RunHistory['closed']) => ({ outcome: closed?.record.outcome, at: closed?.at ?? 0n });

function foldOf(history: RunHistory, plan: Plan, { records, agents }: RunSources): RunState {
  const { run, coordinator, token, opened } = history;
  const state = emptyState({ run, plan, coordinator, journal: opened.topic, token, agents, ...modeIn(history) });
  for (const entry of records) reduce(state, entry);
  return state;
}

/** What `verify` finds of the runs that are told, each checked with its plan where that is known. */
function verificationOf(
  evidence: Evidence,
  told: readonly RunHistory[],
  known: readonly Plan[],
): ReportDocument['verification'] {
  const runs = new Set<string | undefined>([undefined, ...told.map(({ run }) => run)]);
  const { findings, rules, ignored } = verify(evidence, { known });
  const about = findings.filter(({ run }) => runs.has(run));
  return {
    holds: told.length > 0 && about.length === 0,
    rules: rules.length,
    findings: about.map(({ rule, run, subject, message }) => ({
      rule,
      holds_when: RULES[rule],
      ...(run === undefined ? {} : { run }),
      subject,
      message,
    })),
    ignored: [...ignored].map(([reason, times]) => ({ reason, times })),
  };
}
