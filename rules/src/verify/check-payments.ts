import { DISPUTE_QUIET } from '../run/dispute.js';
import { judgeOf } from '../run/judge.js';
import { DEADLINE_GATE } from '../run/verdict-gates.js';
import { reviewCheck } from './check-reviews.js';
import { deadlineToldBy, decidedPay, factsOf, isInTime, isOfQuorum, isPaid, outputOf } from './facts.js';
import {
  type AttemptFacts,
  type AttemptHistory,
  attemptName,
  isBefore,
  mayWriteVerdicts,
  type PaymentEntry,
  type RunHistory,
} from './history.js';
import type { Findings, RuleId } from './rules.js';
import type { TaskCheck } from './task-check.js';

/** Whether everything that was paid was assigned, done and accepted, in this order, at its price, and once. */
export function paymentCheck(run: RunHistory, findings: Findings): TaskCheck {
  const [ofAttempts, ofTasks, ofReviews] = [findings.section(), findings.section(), findings.section()];
  const reviews = reviewCheck(run, ofReviews);
  return {
    task: (task, attempts) => {
      for (const attempt of attempts.values()) checkAttempt(run, attempt, ofAttempts);
      const paid = [...attempts.values()].filter((attempt) => isPaid(run, attempt));
      checkTask(run, task, paid, ofTasks);
      reviews.task(task, attempts);
    },
  };
}

function checkAttempt(run: RunHistory, attempt: AttemptHistory, findings: Findings): void {
  const report: Report = (rule, message) => findings.add(rule, run.run, attemptName(attempt), message);
  const facts = factsOf(run, attempt);
  const times = attempt.payments.length + (decidedPay(facts) === undefined ? 0 : 1);
  if (times > 1) report('attempt-paid-twice', `paid ${times} times`);
  checkRejection(run, attempt, facts, report);
  const token = facts.assignment?.entry.record.token ?? run.token;
  if (token !== run.token) report('wrong-token', `assigned in ${token}, the run is in ${run.token}`);
  if (times > 0) checkWork(run, attempt, facts, report);
  for (const payment of attempt.payments) checkPayment(run, payment, facts, report);
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
    if (result.record.outcome !== 'ok') report('result-failed', 'paid although it was reported as failed');
    if (assignment !== undefined && isBefore(result, assignment.entry)) {
      report('result-before-assignment', 'the result came before the assignment');
    }
    checkDeadline(attempt, facts, report);
  } else if (attempt.results[0] === undefined) report('result-missing', 'paid without a result');
  else if (assignment !== undefined) {
    report('result-author', `the result is by ${attempt.results[0].author}, assigned was ${assignment.agent}`);
  }
  if (verdict === undefined) checkLackOfVerdict(run, attempt, facts, report);
  else if (!verdict.record.accepted) report('rejected-paid', `paid although rejected: ${verdict.record.reason}`);
}

/** Why nothing that was said of an attempt lets it be paid. */
function checkLackOfVerdict(run: RunHistory, attempt: AttemptHistory, facts: AttemptFacts, report: Report): void {
  const { result } = facts;
  const judge = judgeOf(run);
  const [own] = attempt.verdicts.filter(({ author }) => author === judge);
  const [foreign] = attempt.verdicts;
  if (foreign === undefined) report('verdict-missing', 'paid without a verdict');
  else if (own === undefined) report('verdict-author', `the verdict is by ${foreign.author}, not by ${judge}`);
  else if (!own.record.accepted) report('rejected-paid', `paid although rejected: ${own.record.reason}`);
  else if (result === undefined || !isSound(attempt, facts)) return;
  else if (isBefore(own, result)) report('verdict-before-result', 'the verdict came before the result');
  else report('verdict-without-effect', 'its task was over, or another result of it had been accepted');
}

/** Whether a result is one that may be accepted; what keeps it from that has rules of its own. */
function isSound(attempt: AttemptHistory, { assignment, result }: AttemptFacts): boolean {
  if (assignment === undefined || result === undefined || !isBefore(assignment.entry, result)) return false;
  const told = deadlineToldBy(attempt, assignment);
  return result.record.outcome === 'ok' && (told === undefined || isBefore(result, told));
}

function checkDeadline(attempt: AttemptHistory, { assignment, result }: AttemptFacts, report: Report): void {
  const told = assignment === undefined ? undefined : deadlineToldBy(attempt, assignment);
  if (told !== undefined && result !== undefined && isBefore(told, result)) {
    report('result-after-timeout', 'the result came after the ledger told that the deadline had passed');
  }
}

/** Work that was delivered by its deadline is judged, not called late: whoever is not paid has to see why. */
function checkRejection(run: RunHistory, attempt: AttemptHistory, { assignment }: AttemptFacts, report: Report): void {
  if (assignment === undefined) return;
  const late = attempt.verdicts.filter(
    ({ author, record }) => mayWriteVerdicts(run, author) && !record.accepted && record.gate === DEADLINE_GATE,
  );
  for (const verdict of late.filter((one) => isBefore(assignment.entry, one))) {
    if (isInTime(verdict, assignment)) report('in-time-rejected', 'called late before its deadline');
    const inTime = attempt.results.find(
      (result) =>
        result.author === assignment.agent &&
        isBefore(assignment.entry, result) &&
        isBefore(result, verdict) &&
        isInTime(result, assignment),
    );
    if (inTime !== undefined) report('in-time-rejected', 'its result came by the deadline');
  }
}

function checkPayment(run: RunHistory, payment: PaymentEntry, facts: AttemptFacts, report: Report): void {
  const { entry, to, amount } = payment;
  const { assignment, verdict, dispute } = facts;
  if (dispute !== undefined && entry.at > dispute.at + DISPUTE_QUIET) {
    report('dispute-paid', 'paid in a batch though the arbiter was asked, and what was under way then was over');
  }
  if (verdict !== undefined && isBefore(entry, verdict)) {
    report('paid-before-verdict', 'the payment came before the verdict');
  }
  const { token } = entry.record;
  if (token !== run.token) report('wrong-token', `paid in ${token}, the run is in ${run.token}`);
  if (assignment === undefined) return;
  const { judge } = assignment.entry.record;
  if (judge !== run.gatekeeper) {
    report(
      'escrow-judge',
      `assigned under ${judge ?? 'no judge'}, the run was opened with ${run.gatekeeper ?? 'none'}`,
    );
  }
  if (to !== assignment.agent) report('wrong-payee', `paid to ${to}, assigned to ${assignment.agent}`);
  const price = BigInt(assignment.entry.record.price);
  if (amount !== price) report('wrong-amount', `paid ${amount}, the price is ${price}`);
}

/** The rules about several attempts of one task. */
function checkTask(run: RunHistory, task: string, paid: readonly AttemptHistory[], findings: Findings): void {
  const report: Report = (rule, message) => findings.add(rule, run.run, task, message);
  const facts = paid.map((attempt) => factsOf(run, attempt));
  // Without the plan it is the verdicts that say whether a task was a quorum's; with it, `plan-quorum` checks that.
  const isQuorum = paid.every(({ verdicts }) =>
    verdicts.some((verdict) => verdict.author === judgeOf(run) && isOfQuorum(verdict)),
  );
  if (!isQuorum) checkTurns(run, task, paid, report);
  if (paid.length > 1) {
    const numbers = paid.map(({ attempt }) => `#${attempt}`).join(', ');
    const outputs = new Set(facts.map(({ result }) => outputOf(result)));
    const agents = new Set(facts.map(({ assignment }) => assignment?.agent));
    if (!isQuorum) report('task-paid-twice', `attempts ${numbers} were all paid`);
    else if (outputs.size > 1 || agents.size < paid.length) {
      report('quorum-disagrees', `attempts ${numbers}: ${outputs.size} outputs by ${agents.size} agents`);
    }
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
