import { relative } from 'node:path';
import { allPrintable } from '@gatepost/shared/vocabulary/printable';
import Table from 'cli-table3';
import pc from 'picocolors';
import type { RunSummary, TaskSummary } from '../../shell/reports/summary.js';

/** Rows shown; of a larger plan the rest is counted. */
const MAX_ROWS = 200;

const colour = (status: string): string =>
  status === 'paid' || status === 'complete'
    ? pc.green(status)
    : status === 'failed'
      ? pc.red(status)
      : pc.yellow(status);

const row = (task: TaskSummary): string[] => [
  task.task,
  task.agent ?? '',
  String(task.attempts),
  task.gate ?? '',
  colour(task.status),
  task.paid,
  task.transaction_id ?? '',
];

/** The end of a run for people: a table, what is wrong, balances, files. */
export function summaryText(hostile: RunSummary): string {
  const summary = allPrintable(hostile);
  const table = new Table({
    head: ['task', 'agent', 'attempts', 'gate', 'status', 'paid', 'transaction id'],
    style: { head: [], border: [], compact: true },
  });
  // The unpaid ones come first when not all fit.
  const shown =
    summary.tasks.length <= MAX_ROWS ? summary.tasks : [...summary.tasks].sort(byTrouble).slice(0, MAX_ROWS);
  table.push(...shown.map(row));
  const { totals } = summary;
  return [
    '',
    table.toString(),
    ...(shown.length < summary.tasks.length ? [`and ${summary.tasks.length - shown.length} more tasks`] : []),
    ...shown.flatMap(({ task, status, reason }) => (reason === undefined ? [] : [`${task} is ${status}: ${reason}`])),
    '',
    `run ${summary.run} is ${summary.outcome}: ${totals.complete} of ${totals.tasks} tasks complete, ${totals.paid} paid in ${totals.seconds} s`,
    ...summary.balances.map(({ account, balance }) => `${account} holds ${balance ?? 'none'} of ${summary.token}`),
    ...summary.tasks.flatMap(({ task, saved_as }) =>
      saved_as === undefined ? [] : [`${task} was written to ${relative(process.cwd(), saved_as)}`],
    ),
    ...summary.tasks.flatMap(({ task, not_saved: why }) =>
      why === undefined ? [] : [`${task} is not on the disk: ${why}`],
    ),
    '',
  ].join('\n');
}

const byTrouble = (a: TaskSummary, b: TaskSummary): number =>
  Number(a.reason === undefined) - Number(b.reason === undefined);
