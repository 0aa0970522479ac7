import type { AccountId, TokenId } from '@gatepost/shared/vocabulary/ids';
import type { Plan } from '../plan/plan.js';
import { reviewedAttempt } from '../run/review-id.js';
import { checkBatches } from './check-batches.js';
import { checkDisputes } from './check-disputes.js';
import { checkEscrow } from './check-escrow.js';
import { checkOutcome } from './check-outcome.js';
import { checkPayments } from './check-payments.js';
import { checkPlan } from './check-plan.js';
import { checkState, type FoldedRun, foldRun } from './check-state.js';
import { checkTopics } from './check-topics.js';
import { checkTransfers } from './check-transfers.js';
import type { Evidence } from './evidence.js';
import { decidedPay, factsOf, factsOfRun } from './facts.js';
import { attemptsOf, type RunHistory } from './history.js';
import { LedgerView } from './ledger-view.js';
import { type Replay, replay } from './replay.js';
import { type Finding, Findings, RULES, type RuleId } from './rules.js';

export interface VerifyOptions {
  /** Only this run; all of the journal's owner when left out. */
  readonly run?: string | undefined;
  /** The plan the run, or at least one of the runs, must be of. */
  readonly plan?: Plan | undefined;
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
  const replayed = replay(evidence, options.plan);
  const { ignored } = replayed;
  const runs = [...replayed.runs.values()].filter(({ run }) => options.run === undefined || run === options.run);
  const findings = new Findings();
  const { plan } = options;
  const folded = plan === undefined ? new Map<RunHistory, FoldedRun>() : foldRunsOf(plan, runs, evidence, replayed);
  checkTopics(evidence, replayed, findings);
  for (const run of runs) {
    checkPayments(run, findings);
    checkOutcome(run, findings);
  }
  const all = [...replayed.runs.values()];
  const view = new LedgerView(evidence, all);
  const selected = new Set(runs.map(({ run }) => run));
  checkBatches(view, evidence.journal.topic, (run) => selected.has(run), findings);
  checkTransfers(evidence, view, runs, all, findings);
  for (const run of runs) {
    checkEscrow(run, evidence, findings);
    checkDisputes(run, evidence, view, findings);
  }
  if (plan !== undefined) checkRunsOfPlan(runs, plan, folded, findings);
  const found = findings.all;
  const summaries = runs.map((run) => summary(run, folded.get(run), found));
  return {
    runs: summaries,
    findings: found,
    ignored,
    rules: (Object.keys(RULES) as RuleId[]).filter((rule) => isAsked(rule, plan, runs)),
    runsOfPlan: options.plan && runs.filter(({ opened }) => opened.record.plan_sha256 === options.plan?.digest).length,
    holds: runs.length > 0 && found.length === 0,
  };
}

/** Those about the plan are checked with one, those about an escrow or disputes where a run has an escrow or an arbiter. */
const isAsked = (rule: RuleId, plan: Plan | undefined, runs: readonly RunHistory[]): boolean =>
  (plan !== undefined || !rule.startsWith('plan-')) &&
  (!rule.startsWith('escrow-') || runs.some(({ gatekeeper }) => gatekeeper !== undefined)) &&
  (!rule.startsWith('dispute-') || runs.some(({ arbiter }) => arbiter !== undefined));

/** What the coordinator's own fold makes of the runs of a plan; which assignments count it knows best. */
function foldRunsOf(
  plan: Plan,
  runs: readonly RunHistory[],
  { journal }: Evidence,
  replayed: Replay,
): ReadonlyMap<RunHistory, FoldedRun> {
  const ofPlan = runs.filter(({ opened }) => opened.record.plan_sha256 === plan.digest);
  const folded = new Map(ofPlan.map((run) => [run, foldRun(run, plan, journal.topic, replayed)]));
  for (const [run, { refused, closed }] of folded) {
    run.facts = factsOfRun(run, refused);
    // Beside a gatekeeper a coordinator cannot close a run that is not over.
    if (run.gatekeeper !== undefined) run.closed = closed;
  }
  return folded;
}

/** A journal may hold runs of several plans: those of the given one are checked, and if there is none, all are. */
function checkRunsOfPlan(
  runs: readonly RunHistory[],
  plan: Plan,
  folded: ReadonlyMap<RunHistory, FoldedRun>,
  findings: Findings,
): void {
  for (const run of folded.size > 0 ? folded.keys() : runs) checkPlan(run, plan, findings);
  for (const [run, state] of folded) checkState(run, state, findings);
}

/** @param folded of a run of the given plan; without it one of a quorum that was accepted is enough for its task. */
function summary(run: RunHistory, folded: FoldedRun | undefined, findings: readonly Finding[]): RunSummary {
  const accepted = new Set<string>();
  let attempts = 0;
  let payments = 0;
  let paid = 0n;
  for (const attempt of attemptsOf(run)) {
    const facts = factsOf(run, attempt);
    const { assignment, verdict } = facts;
    if (assignment !== undefined) attempts += 1;
    if (verdict?.record.accepted === true && reviewedAttempt(attempt.task) === undefined) accepted.add(attempt.task);
    for (const { amount } of attempt.payments) {
      payments += 1;
      paid += amount;
    }
    const decided = decidedPay(facts);
    if (decided === undefined) continue;
    payments += 1;
    paid += decided;
  }
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
    accepted: folded?.accepted ?? accepted.size,
    attempts,
    payments,
    paid,
    outcome: run.closed?.record.outcome ?? 'open',
    violations: findings.filter((finding) => finding.run === run.run).length,
  };
}
