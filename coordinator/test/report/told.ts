import { billRun } from '@gatepost/coordinator/core/bill';
import { buildReport, type ReportSources } from '@gatepost/coordinator/core/report/build-report';
import type { ReportDocument, ReportedTask } from '@gatepost/coordinator/core/report/document';
import type { RunCosts } from '@gatepost/coordinator/core/report/money';
import { Previews } from '@gatepost/coordinator/core/report/previews';
import type { Evidence } from '@gatepost/rules/verify/evidence';
import { replay } from '@gatepost/rules/verify/replay';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import type { HistoryBuilder } from '../verify/history-builder.js';

/** What each transaction was charged, in tinybar. */
export const FEE = 1_000n;

/** The report of a history, all of whose transactions cost the same. */
export function told(history: HistoryBuilder, more: Partial<ReportSources> = {}): ReportDocument {
  const evidence = history.build();
  const previews = new Previews();
  const plans = new Map(history.plan === undefined ? [] : [[history.plan.digest as string, history.plan]]);
  return buildReport({
    network: 'testnet',
    now: history.now,
    evidence,
    costs: costsOf(evidence),
    plans,
    trusted: [],
    ownSchedules: new Set(),
    leases: new Map(),
    showOutput: (_run, output) =>
      previews.output(output, output.inline === undefined ? undefined : Buffer.from(output.inline)),
    showLogs: () => new Map(),
    ...more,
  });
}

/** What each run cost. */
export function costsOf(evidence: Evidence): Map<string, RunCosts> {
  const { runs, entries } = replay(evidence);
  const transactions = evidence.transactions.map(({ id, at, name, batch }) => {
    const payer = accountId(id.split('@')[0] ?? '');
    return { at, name, result: 'SUCCESS', payer, batch, fee: FEE };
  });
  const rate = { hbars: 1, cents: 12 };
  return new Map(
    [...runs.values()].map((run) => [run.run, { bill: billRun(run, entries, transactions), rate, transactions }]),
  );
}

/** A task of a report's first run. */
export function taskIn({ runs }: ReportDocument, id: string): ReportedTask {
  const task = runs[0]?.tasks.find((one) => one.id === id);
  if (task === undefined) throw new Error(`no task ${id}`);
  return task;
}
