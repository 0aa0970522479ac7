import { reduce } from '@gatepost/rules/fold/reduce';
import type { Plan } from '@gatepost/rules/plan/plan';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import type { Evidence } from '@gatepost/rules/verify/evidence';
import { type AnyEntry, attemptsOf, type RunHistory } from '@gatepost/rules/verify/history';
import { type Replay, replay } from '@gatepost/rules/verify/replay';
import { type Finding, RULES } from '@gatepost/rules/verify/rules';
import { type Report, verify } from '@gatepost/rules/verify/verify';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
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
  const { evidence, costs, plans, ownSchedules } = sources;
  const bare = replay(evidence);
  const told = [...bare.runs.values()].filter(({ run }) => costs.has(run));
  const replays = new Map<string | undefined, Replay>([[undefined, bare]]);
  for (const { opened } of told) {
    const digest = opened.record.plan_sha256;
    const plan = plans.get(digest);
    if (plan !== undefined && !replays.has(digest)) replays.set(digest, replay(evidence, plan));
  }
  const placeAt = placesOf(bare.entries);
  const agents = new Set([...sources.trusted, ...[...bare.runs.values()].flatMap((run) => workersOf(run))]);
  const runs = told.map((history) => {
    const digest = history.opened.record.plan_sha256;
    const plan = plans.get(digest);
    const replayed = replays.get(plan === undefined ? undefined : digest) ?? bare;
    return runOf(replayed.runs.get(history.run) ?? history, { ...sources, plan, replayed, agents, placeAt });
  });
  const lives = withSchedules(bare.entries, ownSchedules);
  return {
    version: REPORT_VERSION,
    made_at: formatTime(msFromNanos(sources.now)),
    network: sources.network,
    journal: evidence.journal.topic,
    runs,
    agents: agentsOf(evidence.journal.topic, agents, lives, sources.leases, placeAt),
    verification: verificationOf(evidence, told, plans),
  };
}

/** The agents that a run's coordinator gave work to. */
const workersOf = (run: RunHistory): AccountId[] =>
  [...attemptsOf(run)].flatMap(({ assignments }) =>
    assignments.filter(({ entry }) => entry.author === run.coordinator).map(({ agent }) => agent),
  );

const withSchedules = (entries: readonly AnyEntry[], own: ReadonlySet<Nanos>): readonly AnyEntry[] =>
  entries.map((entry) => (entry.record.type === 'lapsed' ? { ...entry, ofOwnSchedule: own.has(entry.at) } : entry));

interface RunSources extends Pick<ReportSources, 'costs' | 'showOutput' | 'showLogs' | 'ownSchedules'> {
  readonly plan: Plan | undefined;
  readonly replayed: Replay;
  readonly agents: ReadonlySet<AccountId>;
  readonly placeAt: PlaceAt;
}

function runOf(history: RunHistory, sources: RunSources): ReportedRun {
  const { plan, placeAt, showOutput, showLogs } = sources;
  const { run, opened, closed, coordinator, gatekeeper, escrow } = history;
  const costs = sources.costs.get(run);
  if (costs === undefined) throw new Error(`the costs of ${run} are missing`);
  const fees = new Map(costs.bill.tasks.map(({ task, tinybar }) => [task, tinybar]));
  const telling: Telling = { run, placeAt, showOutput, showLogs, feesOf: (task) => fees.get(task) ?? 0n };
  const state = plan === undefined ? undefined : foldOf(history, plan, sources);
  return {
    run,
    name: opened.record.name,
    plan_sha256: opened.record.plan_sha256,
    plan_known: plan !== undefined,
    outcome: closed?.record.outcome ?? 'open',
    coordinator,
    ...(gatekeeper === undefined ? {} : { gatekeeper }),
    ...(escrow === undefined ? {} : { escrow }),
    opened: placeAt(opened.at),
    ...(closed === undefined ? {} : { closed: placeAt(closed.at) }),
    task_count: opened.record.tasks,
    accepted: acceptedTasks(history).size,
    sequences: plan?.sequences.map(({ id, after }) => ({ id, after: [...after] })) ?? [],
    tasks: state === undefined ? tasksOfHistory(history, telling) : tasksOfState(state, telling),
    money: moneyOf(history, costs, plan),
  };
}

function foldOf(history: RunHistory, plan: Plan, { replayed, agents, ownSchedules }: RunSources): RunState {
  const { run, coordinator, token, gatekeeper, escrow, opened } = history;
  const journal: TopicId = opened.topic;
  const state = emptyState({ run, plan, coordinator, journal, token, agents, gatekeeper, escrow });
  for (const entry of withSchedules(replayed.entries, ownSchedules)) reduce(state, entry);
  return state;
}

/** What `verify` finds of the runs that are told, each checked with its plan where that is known. */
function verificationOf(
  evidence: Evidence,
  told: readonly RunHistory[],
  plans: ReadonlyMap<string, Plan>,
): ReportDocument['verification'] {
  const checks = new Map<Plan | undefined, string[]>();
  for (const { run, opened } of told) {
    const plan = plans.get(opened.record.plan_sha256);
    checks.set(plan, [...(checks.get(plan) ?? []), run]);
  }
  if (checks.size === 0) checks.set(undefined, []);
  const findings = new Map<string, Finding>();
  const rules = new Set<string>();
  let ignored: Report['ignored'] = new Map();
  for (const [plan, runs] of checks) {
    const report = verify(evidence, { plan });
    ({ ignored } = report);
    for (const rule of report.rules) rules.add(rule);
    const about = report.findings.filter(({ run }) => run === undefined || runs.includes(run));
    for (const finding of about) findings.set(JSON.stringify(finding), finding);
  }
  return {
    holds: told.length > 0 && findings.size === 0,
    rules: rules.size,
    findings: [...findings.values()].map(({ rule, run, subject, message }) => ({
      rule,
      holds_when: RULES[rule],
      ...(run === undefined ? {} : { run }),
      subject,
      message,
    })),
    ignored: [...ignored].map(([reason, times]) => ({ reason, times })),
  };
}
