import { reduce } from '@gatepost/rules/fold/reduce';
import type { Plan } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { judgeOf } from '@gatepost/rules/run/judge';
import { modeIn } from '@gatepost/rules/run/run-mode';
import { emptyState, type RunState } from '@gatepost/rules/run/run-state';
import { isAccepted, membersOf } from '@gatepost/rules/run/task-state';
import { decodeTopic } from '@gatepost/rules/verify/decode';
import type { Evidence } from '@gatepost/rules/verify/evidence';
import { isOfQuorum } from '@gatepost/rules/verify/facts';
import { isBefore, type RunHistory } from '@gatepost/rules/verify/history';
import { type Replay, replay } from '@gatepost/rules/verify/replay';
import type { Finding, RuleId } from '@gatepost/rules/verify/rules';
import { type RunSummary, verify } from '@gatepost/rules/verify/verify';
import { idOfTask } from '@gatepost/shared/records/task-names';
import { JOURNAL } from './history-builder.js';

/** Rules about an attempt or a task whose records the fold weighs as well; that of the fold itself is not among them. */
const WEIGHED: ReadonlySet<RuleId> = new Set<RuleId>([
  'assignment-missing',
  'assignment-author',
  'result-missing',
  'result-author',
  'result-failed',
  'result-before-assignment',
  'result-after-timeout',
  'in-time-rejected',
  'verdict-missing',
  'verdict-author',
  'verdict-before-result',
  'verdict-without-effect',
  'rejected-paid',
  'paid-before-verdict',
  'attempt-out-of-turn',
  'attempt-paid-twice',
  'task-paid-twice',
  'quorum-disagrees',
  'review-before-result',
  'review-by-worker',
  'wrong-payee',
  'wrong-amount',
  'wrong-token',
  'paid-after-close',
  'dispute-paid',
  'plan-task',
  'plan-price',
  'plan-order',
  'plan-attempts',
  'plan-quorum',
]);

/** Rules that go by which of several assignments of an attempt counts. */
const BY_ASSIGNMENT: ReadonlySet<RuleId> = new Set<RuleId>([
  'attempt-out-of-turn',
  'plan-order',
  'plan-price',
  'plan-task',
  'review-before-result',
  'wrong-amount',
]);

/** What the fold of a run comes to, and what it gives no effect, by attempt. */
interface Folded {
  readonly state: RunState;
  readonly payments: ReadonlyMap<string, string>;
  readonly assignments: ReadonlySet<string>;
  readonly verdicts: ReadonlyMap<string, string>;
  readonly closedInVain: boolean;
}

/** Folds a run record by record, each payment on its own. */
function foldOf(run: RunHistory, plan: Plan, { entries, inboxOwners }: Replay): Folded {
  const agents = new Set([...inboxOwners.values()].map(({ agent }) => agent));
  const { coordinator, token } = run;
  const state = emptyState({ run: run.run, plan, coordinator, journal: JOURNAL, token, agents, ...modeIn(run) });
  const payments = new Map<string, string>();
  const assignments = new Set<string>();
  const verdicts = new Map<string, string>();
  let closedInVain = false;
  for (const entry of entries) {
    const { record, author, topic } = entry;
    const isPayment = author === coordinator && topic === JOURNAL && !isBefore(entry, run.opened);
    if (record.type === 'settled' && isPayment) {
      for (const payment of record.payments) {
        reduce(state, { ...entry, record: { ...record, payments: [payment] } }, (change) => {
          if (change.event === 'ignored') payments.set(`${payment.task}#${payment.attempt}`, change.reason);
        });
      }
      continue;
    }
    reduce(state, entry, (change) => {
      if (change.event !== 'ignored') return;
      if (change.reason.endsWith('run closed before it was over')) closedInVain = true;
      if (record.type === 'assign') assignments.add(`${record.task}#${record.attempt}`);
      if (record.type === 'verdict') {
        const key = `${record.task}#${record.attempt}`;
        // What is called late too early is told of all the rejections of an attempt.
        if (!verdicts.get(key)?.includes('as late')) verdicts.set(key, change.reason);
      }
    });
  }
  return { state, payments, assignments, verdicts, closedInVain };
}

/**
 * Where fold and verify do not say the same of a journal's runs: a payment that only one of them finds fault with, a
 * rejection as late that only verify does, a run that verify finds nothing wrong with and counts otherwise than the fold.
 */
export function disagreements(evidence: Evidence, plan: Plan, withPlan: boolean): string[] {
  const replayed = replay(evidence, plan);
  const report = verify(evidence, withPlan ? { plan } : {});
  const strange = withPlan ? new Map<string, string>() : strangeTasks(evidence, plan);
  return [...replayed.runs.values()]
    .filter(({ opened }) => opened.record.plan_sha256 === plan.digest)
    .flatMap((run) => {
      const folded = foldOf(run, plan, replayed);
      // Without the plan nobody knows that a run was closed before it was over, which has no effect beside a gatekeeper.
      if (!withPlan && folded.closedInVain) return [];
      const findings = report.findings
        .filter((finding) => finding.run === run.run && WEIGHED.has(finding.rule))
        .map((finding) => ({ ...finding, subject: nameByPlan(finding.subject, strange, plan) }));
      const summary = report.runs.find((one) => one.run === run.run);
      const counted = report.holds && withPlan && summary !== undefined ? countedOtherwise(summary, folded) : [];
      return [...unlikeFaults(run, folded, findings, withPlan), ...counted];
    });
}

/** Tasks that are none of the plan, with the numbers under which they were assigned. */
function strangeTasks({ inboxes }: Evidence, plan: Plan): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { record } of inboxes.flatMap((inbox) => decodeTopic(inbox).entries)) {
    if (record.type !== 'assign' || record.numbered === undefined) continue;
    if (idOfTask(record.numbered, taskNamesOf(plan)) === record.numbered) found.set(record.task, record.numbered);
  }
  return found;
}

/**
 * Without the plan, verify calls tasks that were never assigned by their numbers, and those that are none of the plan as
 * their assignments do; the fold knows it the other way round.
 */
function nameByPlan(subject: string, strange: ReadonlyMap<string, string>, plan: Plan): string {
  const [, task = '', attempt = ''] = /^(.+?)(#\d+)?$/.exec(subject) ?? [];
  const [, numbered = ''] = /^((?:\d+~)?#\d+)(?:#|$)/.exec(subject) ?? [];
  if (numbered !== '') return subject.replace(numbered, idOfTask(numbered, taskNamesOf(plan)));
  return `${strange.get(task) ?? task}${attempt}`;
}

function unlikeFaults(run: RunHistory, folded: Folded, findings: readonly Finding[], withPlan: boolean): string[] {
  const found: string[] = [];
  const isClear = withPlan || !isAmbiguous(run);
  const onlyVerify = (about: readonly Finding[]): void => {
    for (const { rule, subject, message } of about) {
      if (isClear || !BY_ASSIGNMENT.has(rule)) found.push(`verify only: ${rule} ${subject} ${message}`);
    }
  };
  for (const [task, attempts] of run.tasks) {
    const ofTask = findings.filter(({ subject }) => subject === task);
    if (![...attempts.keys()].some((number) => folded.payments.has(`${task}#${number}`))) onlyVerify(ofTask);
    const spec = folded.state.tasks.get(task)?.spec;
    const isMember = spec !== undefined && membersOf(spec) > 1;
    for (const [number, { payments, verdicts }] of attempts) {
      const key = `${task}#${number}`;
      const own = findings.filter(({ subject }) => subject === key);
      const late = own.filter(({ rule }) => rule === 'in-time-rejected');
      const others = own.filter(({ rule }) => rule !== 'in-time-rejected');
      const verdict = folded.verdicts.get(key);
      if (verdict === undefined) onlyVerify(late);
      else if (late.length === 0 && verdict.includes('as late') && (isClear || !isMember))
        found.push(`fold only: ${verdict}`);
      const fault = folded.payments.get(key);
      // Without the plan nobody knows how many of a quorum have to agree, and whether a task was over by then.
      const isAcceptedMember = verdicts.some(
        (told) => told.author === judgeOf(run) && told.record.accepted && isOfQuorum(told),
      );
      const isUnknown = (what: string) =>
        !withPlan && isAcceptedMember && isMember && what.endsWith('payment without acceptance');
      const isRefused = folded.assignments.has(key) || verdict !== undefined;
      if (payments.length > 0 ? fault === undefined : !isRefused) onlyVerify(others);
      if (fault !== undefined && others.length + ofTask.length === 0 && !isUnknown(fault))
        found.push(`fold only: ${fault}`);
    }
  }
  return found;
}

/** Whether an attempt was assigned twice: which of the two counts the fold knows by the plan, verify without it by what came of it. */
const isAmbiguous = ({ coordinator, tasks }: RunHistory): boolean =>
  [...tasks.values()]
    .flatMap((attempts) => [...attempts.values()])
    .some(({ assignments }) => assignments.filter(({ entry }) => entry.author === coordinator).length > 1);

function countedOtherwise(summary: RunSummary, { state }: Folded): string[] {
  const tasks = [...state.tasks.values()];
  const attempts = tasks.flatMap((task) => task.attempts);
  const folded = {
    accepted: tasks.filter(({ status, reviews }) => reviews === undefined && isAccepted(status)).length,
    payments: attempts.filter(({ payment }) => payment !== undefined).length,
    paid: state.paid,
    outcome: state.closed ?? 'open',
  };
  const names = Object.keys(folded) as (keyof typeof folded)[];
  return names
    .filter((name) => folded[name] !== summary[name])
    .map((name) => `${name}: ${summary[name]} by verify, ${folded[name]} by the fold`);
}
