import { msFromNanos } from '@gatepost/shared/vocabulary/time';
import {
  type AttemptFacts,
  type AttemptHistory,
  attemptName,
  attemptsOf,
  factsOf,
  isBefore,
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

function checkPayment(run: RunHistory, payment: PaymentEntry, facts: AttemptFacts, report: Report): void {
  const { entry, to, amount } = payment;
  const { assignment, verdict } = facts;
  if (verdict !== undefined && isBefore(entry, verdict)) {
    report('paid-before-verdict', 'the payment came before the verdict');
  }
  const tokens = [entry.record.token, assignment?.entry.record.token ?? run.token];
  const wrong = tokens.find((token) => token !== run.token);
  if (wrong !== undefined) report('wrong-token', `in ${wrong}, the run is in ${run.token}`);
  if (assignment === undefined) return;
  if (to !== assignment.agent) report('wrong-payee', `paid to ${to}, assigned to ${assignment.agent}`);
  const price = BigInt(assignment.entry.record.price);
  if (amount !== price) report('wrong-amount', `paid ${amount}, the price is ${price}`);
}

/** The rules about several attempts of one task. */
function checkTask(run: RunHistory, task: string, paid: readonly AttemptHistory[], findings: Findings): void {
  const report: Report = (rule, message) => findings.add(rule, run.run, task, message);
  const facts = paid.map((attempt) => factsOf(run, attempt));
  if (paid.length > 1) {
    const numbers = paid.map(({ attempt }) => `#${attempt}`).join(', ');
    // Without the plan it is the verdicts that say whether a task was a quorum's; with it, `plan-quorum` checks that.
    const isQuorum = facts.every(({ verdict }) => verdict?.record.gate.split('+').includes('quorum'));
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
  for (const { assignment } of facts) {
    if (assignment === undefined || assignment.agent !== worker) continue;
    report('review-by-worker', `${worker} reviewed its own work on ${reviewed.task}`);
  }
}
