import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import { DEADLINE_GATE } from '../run/verdict-gates.js';
import {
  type AttemptFacts,
  type AttemptHistory,
  attemptName,
  attemptsOf,
  factsOf,
  isBefore,
  isInTime,
  isWhole,
  type PaymentEntry,
  type RunHistory,
  reviewedAttempt,
} from './history.js';
import type { Findings, RuleId } from './rules.js';

/** Whether everything that was paid was assigned, done and accepted, in this order, at its price, and once. */
export function checkPayments(run: RunHistory, findings: Findings): void {
  for (const attempt of attemptsOf(run)) {
    const report: Report = (rule, message) => findings.add(rule, run.run, attemptName(attempt), message);
    const facts = factsOf(run, attempt);
    if (attempt.payments.length > 1) report('attempt-paid-twice', `paid ${attempt.payments.length} times`);
    checkRejection(attempt, facts, report);
    const token = facts.assignment?.entry.record.token ?? run.token;
    if (token !== run.token) report('wrong-token', `assigned in ${token}, the run is in ${run.token}`);
    if (attempt.payments.length > 0) checkWork(run, attempt, facts, report);
    for (const payment of attempt.payments) checkPayment(run, payment, facts, report);
  }
  for (const [task, attempts] of run.tasks) {
    checkTask(
      run,
      task,
      [...attempts.values()].filter(({ payments }) => payments.length > 0),
      findings,
    );
  }
}

type Report = (rule: RuleId, message: string) => void;

function checkWork(run: RunHistory, attempt: AttemptHistory, facts: AttemptFacts, report: Report): void {
  const { assignment, result, verdict } = facts;
  const foreignAssignment = attempt.assignments[0];
  if (assignment === undefined) {
    if (foreignAssignment === undefined) report('assignment-missing', 'paid without an assignment');
    else report('assignment-author', `assigned by ${foreignAssignment.entry.author}, not by ${run.coordinator}`);
  }
  if (result !== undefined) {
    if (!isWhole(result)) report('result-digest', 'paid although its result has no digest');
    if (result.record.outcome !== 'ok') report('result-failed', 'paid although it was reported as failed');
    if (assignment !== undefined && isBefore(result, assignment.entry)) {
      report('result-before-assignment', 'the result came before the assignment');
    }
    checkDeadline(attempt, facts, report);
  } else if (attempt.results[0] === undefined) report('result-missing', 'paid without a result');
  else if (assignment !== undefined) {
    report('result-author', `the result is by ${attempt.results[0].author}, assigned was ${assignment.agent}`);
  }
  if (verdict === undefined) {
    const foreign = attempt.verdicts[0];
    if (foreign === undefined) report('verdict-missing', 'paid without a verdict');
    else report('verdict-author', `the verdict is by ${foreign.author}, not by ${run.coordinator}`);
    return;
  }
  if (!verdict.record.accepted) report('rejected-paid', `paid although rejected: ${verdict.record.reason}`);
  if (result !== undefined && isBefore(verdict, result)) {
    report('verdict-before-result', 'the verdict came before the result');
  }
}

/** A guard left behind by a process that died before it assigned the attempt speaks of another, earlier deadline. */
function checkDeadline(attempt: AttemptHistory, { assignment, result }: AttemptFacts, report: Report): void {
  const deadlineMs = assignment?.entry.record.deadline_ms ?? 0;
  const passed = attempt.timedOut.find(({ at }) => msFromNanos(at) >= deadlineMs);
  if (passed !== undefined && result !== undefined && isBefore(passed, result)) {
    report('result-after-timeout', 'the result came after the ledger told that the deadline had passed');
  }
}

/** Work that was delivered by its deadline is judged, not called late: whoever is not paid has to see why. */
function checkRejection(attempt: AttemptHistory, { assignment, verdict }: AttemptFacts, report: Report): void {
  if (assignment === undefined || verdict === undefined) return;
  if (verdict.record.accepted || verdict.record.gate !== DEADLINE_GATE) return;
  const inTime = attempt.results.find(
    (result) =>
      result.author === assignment.agent && isBefore(assignment.entry, result) && isInTime(result, assignment),
  );
  if (inTime !== undefined && isWhole(inTime)) report('in-time-rejected', 'its result came by the deadline');
}

function checkPayment(run: RunHistory, payment: PaymentEntry, facts: AttemptFacts, report: Report): void {
  const { entry, to, amount } = payment;
  const { assignment, verdict } = facts;
  if (verdict !== undefined && isBefore(entry, verdict)) {
    report('paid-before-verdict', 'the payment came before the verdict');
  }
  const { token } = entry.record;
  if (token !== run.token) report('wrong-token', `paid in ${token}, the run is in ${run.token}`);
  if (assignment === undefined) return;
  if (to !== assignment.agent) report('wrong-payee', `paid to ${to}, assigned to ${assignment.agent}`);
  const price = BigInt(assignment.entry.record.price);
  if (amount !== price) report('wrong-amount', `paid ${amount}, the price is ${price}`);
}

/** The rules about several attempts of one task. */
function checkTask(run: RunHistory, task: string, paid: readonly AttemptHistory[], findings: Findings): void {
  const report: Report = (rule, message) => findings.add(rule, run.run, task, message);
  const facts = paid.map((attempt) => factsOf(run, attempt));
  // Without the plan it is the verdicts that say whether a task was a quorum's; with it, `plan-quorum` checks that.
  const isQuorum = facts.every(({ verdict }) => verdict?.record.gate.split('+').includes('quorum'));
  if (!isQuorum) checkTurns(run, task, paid, report);
  if (paid.length > 1) {
    const numbers = paid.map(({ attempt }) => `#${attempt}`).join(', ');
    const outputs = new Set(facts.map(({ result }) => result?.record.output_sha256));
    const agents = new Set(facts.map(({ assignment }) => assignment?.agent));
    if (!isQuorum) report('task-paid-twice', `attempts ${numbers} were all paid`);
    else if (outputs.size > 1 || agents.size < paid.length) {
      report('quorum-disagrees', `attempts ${numbers}: ${outputs.size} outputs by ${agents.size} agents`);
    }
  }
  const reviewed = reviewedAttempt(task);
  if (reviewed === undefined) return;
  const work = run.tasks.get(reviewed.task)?.get(reviewed.attempt);
  const worker = work === undefined ? undefined : factsOf(run, work).assignment?.agent;
  const delivered = work === undefined ? undefined : factsOf(run, work).result;
  for (const { assignment } of facts) {
    if (assignment === undefined) continue;
    if (delivered === undefined || isBefore(assignment.entry, delivered)) {
      report('review-before-result', `${reviewed.task}#${reviewed.attempt} had no result yet`);
    }
    if (assignment.agent !== worker) continue;
    report('review-by-worker', `${worker} reviewed its own work on ${reviewed.task}`);
  }
}

/** Only the members of a quorum are asked side by side; any other attempt comes after all those with a lower number. */
function checkTurns(run: RunHistory, task: string, paid: readonly AttemptHistory[], report: Report): void {
  const attempts = run.tasks.get(task);
  for (const attempt of paid) {
    const { assignment } = factsOf(run, attempt);
    if (assignment === undefined) continue;
    for (let number = 1; number < attempt.attempt; number += 1) {
      const earlier = attempts?.get(number)?.assignments ?? [];
      if (earlier.some(({ entry }) => entry.author === run.coordinator && isBefore(entry, assignment.entry))) continue;
      report('attempt-out-of-turn', `#${attempt.attempt} was assigned before #${number}`);
      break;
    }
  }
}
