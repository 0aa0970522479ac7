import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Plan } from '../plan/plan.js';
import { reviewedAttempt } from '../run/review-id.js';
import { checkBatches } from './check-batches.js';
import { checkDisputes } from './check-disputes.js';
import { checkEscrow } from './check-escrow.js';
import { outcomeCheck } from './check-outcome.js';
import { paymentCheck } from './check-payments.js';
import { checkPlan } from './check-plan.js';
import { checkState, type FoldedRun, foldRun } from './check-state.js';
import { checkTopics } from './check-topics.js';
import { checkTransfers } from './check-transfers.js';
import type { Evidence } from './evidence.js';
import { decidedPay, factsOf } from './facts.js';
import type { RunHistory, TaskHistory } from './history.js';
import { LedgerView } from './ledger-view.js';
import { type Replay, replay } from './replay.js';
import { type Finding, Findings, RULES, type RuleId } from './rules.js';
import { showTasks, type TaskCheck } from './task-check.js';

export interface VerifyOptions {
  /** Only this run; all of the journal's owner when left out. */
  readonly run?: string | undefined;
  /** The plan the run, or at least one of the runs, must be of. */
  readonly plan?: Plan | undefined;
  /** Plans that are at hand: a run of one of them is checked with it too, and none has to be. */
  readonly known?: readonly Plan[];
}

/** What one run comes to. */
export interface RunSummary {
  readonly run: string;
  readonly name: string;
  readonly planSha256: string;
  readonly coordinator: AccountId;
  readonly token: TokenId;
  /** Who judged and signed the payments with the coordinator; left out when the coordinator judged and paid alone. */
  readonly gatekeeper?: AccountId;
  /** What paid then. */
  readonly escrow?: AccountId;
  /** Who could decide a dispute, with either of the two; left out when nobody could. */
  readonly arbiter?: AccountId;
  readonly tasks: number;
  readonly accepted: number;
  readonly attempts: number;
  readonly payments: number;
  /** In the token's smallest unit. */
  readonly paid: bigint;
  /** `open` while no run_closed record is there. */
  readonly outcome: 'open' | 'complete' | 'failed' | 'cancelled';
  /** Violations within this run. */
  readonly violations: number;
}

/** What an audit comes to: it holds when there is a run and no finding. */
export interface Report {
  readonly runs: readonly RunSummary[];
  readonly findings: readonly Finding[];
  /** What others wrote on the topics, by reason; not a fault of the run. */
  readonly ignored: ReadonlyMap<string, number>;
  /** The rules that were checked: those about the plan only when there is one. */
  readonly rules: readonly RuleId[];
  /** How many of the runs are of the given plan; undefined without one. */
  readonly runsOfPlan: number | undefined;
  readonly holds: boolean;
}

/** Checks all rules on the evidence. Pure, and total for whatever the topics hold. */
export function verify(evidence: Evidence, options: VerifyOptions = {}): Report {
  const { plan, known = [] } = options;
  const replayed = replay(evidence, plan, ...known);
  const { ignored } = replayed;
  const runs = [...replayed.runs.values()].filter(({ run }) => options.run === undefined || run === options.run);
  const findings = new Findings();
  const plans = new Map([...known, plan].flatMap((one) => (one === undefined ? [] : [[one.digest as string, one]])));
  const folded = foldRuns(plans, runs, evidence, replayed);
  checkTopics(evidence, replayed, findings);
  const counts = new Map<RunHistory, TaskCounts>();
  for (const run of runs) {
    const counted = new TaskCounts(run);
    showTasks(run, [paymentCheck(run, findings), outcomeCheck(run, findings), counted]);
    counts.set(run, counted);
  }
  const all = [...replayed.runs.values()];
  const view = new LedgerView(evidence, replayed);
  const selected = new Set(runs.map(({ run }) => run));
  checkBatches(view, evidence.journal.topic, (run) => selected.has(run), findings);
  checkTransfers(evidence, view, runs, all, findings);
  for (const run of runs) {
    checkEscrow(run, evidence, findings);
    checkDisputes(run, evidence, view, findings);
  }
  if (plan !== undefined) checkIsOfPlan(runs, plan, findings);
  for (const [run, { plan: own, ...state }] of folded) {
    checkPlan(run, own, findings);
    checkState(run, state, findings);
  }
  const found = findings.all;
  const summaries = [...counts].map(([run, counted]) => summary(run, counted, folded.get(run), found));
  return {
    runs: summaries,
    findings: found,
    ignored,
    rules: (Object.keys(RULES) as RuleId[]).filter((rule) =>
      isAsked(rule, plan !== undefined || folded.size > 0, runs),
    ),
    runsOfPlan: options.plan && runs.filter(({ opened }) => opened.record.plan_sha256 === options.plan?.digest).length,
    holds: runs.length > 0 && found.length === 0,
  };
}

/** Those about the plan are checked with one, those about an escrow or disputes where a run has an escrow or an arbiter. */
const isAsked = (rule: RuleId, withPlan: boolean, runs: readonly RunHistory[]): boolean =>
  (withPlan || !rule.startsWith('plan-')) &&
  (!rule.startsWith('escrow-') || runs.some(({ gatekeeper }) => gatekeeper !== undefined)) &&
  (!rule.startsWith('dispute-') || runs.some(({ arbiter }) => arbiter !== undefined));

/** A run with the plan it is of. */
interface FoldedRunOfPlan extends FoldedRun {
  readonly plan: Plan;
}

/** What the coordinator's own fold makes of the runs whose plan is known; which assignments count it knows best. */
function foldRuns(
  plans: ReadonlyMap<string, Plan>,
  runs: readonly RunHistory[],
  { journal }: Evidence,
  replayed: Replay,
): ReadonlyMap<RunHistory, FoldedRunOfPlan> {
  const folded = new Map<RunHistory, FoldedRunOfPlan>();
  for (const run of runs) {
    const plan = plans.get(run.opened.record.plan_sha256);
    if (plan === undefined) continue;
    const state = foldRun(run, plan, journal.topic, replayed);
    folded.set(run, { ...state, plan });
    run.refused = state.refused;
    run.tasks.forget();
    // Beside a gatekeeper a coordinator cannot close a run that is not over.
    if (run.gatekeeper !== undefined) run.closed = state.closed;
  }
  return folded;
}

/** A journal may hold runs of several plans: if none is of the given one, that is said of each. */
function checkIsOfPlan(runs: readonly RunHistory[], plan: Plan, findings: Findings): void {
  if (runs.some(({ opened }) => opened.record.plan_sha256 === plan.digest)) return;
  for (const run of runs) checkPlan(run, plan, findings);
}

/** Counts what a run came to. */
class TaskCounts implements TaskCheck {
  accepted = 0;
  attempts = 0;
  payments = 0;
  paid = 0n;

  constructor(private readonly run: RunHistory) {}

  task = (task: string, attempts: TaskHistory['attempts']): void => {
    let isAccepted = false;
    for (const attempt of attempts.values()) {
      const facts = factsOf(this.run, attempt);
      if (facts.assignment !== undefined) this.attempts += 1;
      isAccepted ||= facts.verdict?.record.accepted === true;
      for (const { amount } of attempt.payments) this.#pay(amount);
      const decided = decidedPay(facts);
      if (decided !== undefined) this.#pay(decided);
    }
    if (isAccepted && reviewedAttempt(task) === undefined) this.accepted += 1;
  };

  #pay(amount: bigint): void {
    this.payments += 1;
    this.paid += amount;
  }
}

/** @param folded of a run whose plan is known; without it one of a quorum that was accepted is enough for its task. */
function summary(
  run: RunHistory,
  { accepted, attempts, payments, paid }: TaskCounts,
  folded: FoldedRun | undefined,
  findings: readonly Finding[],
): RunSummary {
  const { record } = run.opened;
  return {
    run: run.run,
    name: record.name,
    planSha256: record.plan_sha256,
    coordinator: run.coordinator,
    token: run.token,
    ...(run.gatekeeper === undefined ? {} : { gatekeeper: run.gatekeeper }),
    ...(run.escrow === undefined ? {} : { escrow: run.escrow }),
    ...(run.arbiter === undefined ? {} : { arbiter: run.arbiter }),
    tasks: record.tasks,
    accepted: folded?.accepted ?? accepted,
    attempts,
    payments,
    paid,
    outcome: run.closed?.record.outcome ?? 'open',
    violations: findings.filter((finding) => finding.run === run.run).length,
  };
}
