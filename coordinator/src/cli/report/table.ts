import { relative } from 'node:path';
import { styleText } from 'node:util';
import { counted } from '@gatepost/shared/vocabulary/counted';
import type { Linked } from '@gatepost/shared/vocabulary/explorer';
import { allPrintable } from '@gatepost/shared/vocabulary/printable';
import Table from 'cli-table3';
import { usageText } from '../../shell/reports/attempt-usage.js';
import type { RunSummary, TaskSummary } from '../../shell/reports/summary.js';

/** Rows shown; of a larger plan the rest is counted. */
const MAX_ROWS = 200;

const colourOf = (status: string): 'green' | 'red' | 'yellow' =>
  status === 'paid' || status === 'complete' ? 'green' : status === 'failed' ? 'red' : 'yellow';

const row = (task: TaskSummary, stream: NodeJS.WriteStream | undefined): string[] => [
  task.task,
  task.agent ?? '',
  String(task.attempts),
  task.gate ?? '',
  stream === undefined ? task.status : styleText(colourOf(task.status), task.status, { stream }),
  task.paid,
  task.transaction_id ?? '',
];

/**
 * The end of a run for people: a table, what is wrong, where to look it up, balances, files. In colours where `stream`,
 * on which it will be shown, is a terminal that has them; NO_COLOR and FORCE_COLOR are obeyed.
 */
export function summaryText(hostile: RunSummary, linked: Linked, stream?: NodeJS.WriteStream): string {
  const { tasks, ...rest } = hostile;
  const summary = allPrintable(rest);
  // Of a large plan few tasks are told, and only those are looked through.
  const shown = allPrintable(mostTelling(tasks));
  const withOutput = allPrintable(tasks.filter(tellsOfOutput));
  const table = new Table({
    head: ['task', 'agent', 'attempts', 'gate', 'status', 'paid', 'transaction id'],
    style: { head: [], border: [], compact: true },
  });
  table.push(...shown.map((task) => row(task, stream)));
  const { totals } = summary;
  return [
    '',
    table.toString(),
    ...(shown.length < tasks.length ? [`and ${counted(tasks.length - shown.length, 'more task')}`] : []),
    ...shown.flatMap(({ task, status, reason }) => (reason === undefined ? [] : [`${task} is ${status}: ${reason}`])),
    ...shown.flatMap((task) => payments(task, linked)),
    '',
    `run ${summary.run} is ${summary.outcome}: ${totals.complete} of ${totals.tasks} tasks complete, ${totals.paid} paid in ${totals.seconds} s`,
    ...(summary.usage === undefined ? [] : [usageText(summary.usage)]),
    `journal ${linked('topic', summary.journal)}`,
    `token ${linked('token', summary.token)}`,
    ...summary.balances.map(
      ({ account, balance }) => `${linked('account', account)} holds ${balance ?? 'none'} of ${summary.token}`,
    ),
    ...withOutput.flatMap(({ task, saved_as }) =>
      saved_as === undefined ? [] : [`${task} was written to ${relative(process.cwd(), saved_as)}`],
    ),
    ...withOutput.flatMap(({ task, not_saved: why }) =>
      why === undefined ? [] : [`${task} is not on the disk: ${why}`],
    ),
    ...(summary.artifacts === undefined
      ? []
      : [`${summary.artifacts.stored} outputs are in the artifact store ${summary.artifacts.place}`]),
    ...withOutput.flatMap(({ task, not_stored: why }) =>
      why === undefined ? [] : [`${task} is not in the artifact store yet: ${why}`],
    ),
    '',
  ].join('\n');
}

/** The table names the transfer already; a line more only where it can be looked up. */
function payments({ task, transaction_id: id }: TaskSummary, linked: Linked): string[] {
  const transfer = id === undefined ? undefined : linked('transaction', id);
  return transfer === undefined || transfer === id ? [] : [`${task} was paid by ${transfer}`];
}

/** The tasks that there is room for: those that something is to be said of come first when not all fit. */
function mostTelling(tasks: readonly TaskSummary[]): readonly TaskSummary[] {
  if (tasks.length <= MAX_ROWS) return tasks;
  const troubled = tasks.filter(({ reason }) => reason !== undefined).slice(0, MAX_ROWS);
  return [...troubled, ...tasks.filter(({ reason }) => reason === undefined).slice(0, MAX_ROWS - troubled.length)];
}

/** Whether something is to be said of where its output is. */
const tellsOfOutput = ({ saved_as: saved, not_saved: unsaved, not_stored: unstored }: TaskSummary): boolean =>
  saved !== undefined || unsaved !== undefined || unstored !== undefined;
