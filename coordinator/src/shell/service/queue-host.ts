import { indexJournal } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import type { RunState } from '@gatepost/rules/run/run-state';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { runPlan } from '../run/run-plan.js';
import type { HostEnd, HostedRun, HostedStanding, OpenRunHost } from './run-host.js';

/** A run that was asked for. */
interface Queued {
  readonly request: HostedRun;
  phase: HostedStanding['phase'];
  state: RunState | undefined;
}

/** Works on one run after the other, each as `coordinator run` does. */
export const openQueueHost: OpenRunHost = async (connection, options, log) => {
  const runs = new Map<string, Queued>();
  const closing = new AbortController();
  let settle: (end: HostEnd) => void = () => undefined;
  const over = new Promise<HostEnd>((resolve) => {
    settle = resolve;
  });
  let isAtWork = false;

  const workOn = async (queued: Queued): Promise<void> => {
    const { submission, plan, planFile, outputDir, reporter, ended } = queued.request;
    const watched = {
      change: reporter.change.bind(reporter),
      progress: reporter.progress.bind(reporter),
      waiting: reporter.waiting.bind(reporter),
      end: reporter.end.bind(reporter),
      begin: (state: RunState, how: 'new' | 'resumed' | 'closed') => {
        queued.phase = 'works';
        queued.state = state;
        reporter.begin(state, how);
      },
    };
    const { config, insecureLoopback, takeOver } = options;
    const { run } = submission;
    const settings = { plan, planFile, config, outputDir, insecureLoopback, wantNew: true, takeOver, run };
    const end = await runPlan(connection, settings, watched, closing.signal, log).catch(toGatepostError);
    queued.phase = 'over';
    ended(end);
    if ('why' in end && end.why === 'fenced') leave({ why: 'fenced' });
  };

  let isOver = false;
  const leave = (end: HostEnd): void => {
    if (isOver) return;
    isOver = true;
    for (const queued of runs.values()) {
      if (queued.phase !== 'begins') continue;
      queued.phase = 'over';
      queued.request.ended(end.failure ?? toGatepostError(new Error('no run is worked on any more'), 'INTERRUPTED'));
    }
    settle(end);
  };

  const next = async (): Promise<void> => {
    if (isAtWork || isOver) return;
    if (closing.signal.aborted) return leave({ why: 'closed' });
    const queued = [...runs.values()].find(({ phase }) => phase === 'begins');
    if (queued === undefined) return;
    isAtWork = true;
    await workOn(queued);
    isAtWork = false;
    void next();
  };

  return {
    over,
    open: (request) => {
      runs.set(request.submission.run, { request, phase: 'begins', state: undefined });
      void next();
    },
    runs: () => runs,
    forget: (run) => void runs.delete(run),
    index: () => {
      const ledger = hederaLedger(connection, log);
      return indexJournal(
        new LedgerFeed(ledger, options.config.journal, new Set(options.config.agents), log),
        connection.account,
      );
    },
    close: async () => {
      closing.abort();
      void next();
      await over;
    },
  };
};
