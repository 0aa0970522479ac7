import type { RunState } from '@gatepost/rules/run/run-state';
import { TASK_STATUSES } from '@gatepost/rules/run/task-state';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { WAIT_KINDS, type WaitKind } from '../../core/awaited.js';
import type { Health } from '../../core/decide/health.js';

const TINYBAR_PER_HBAR = 100_000_000;
const OUTCOMES = ['open', 'complete', 'failed', 'cancelled'] as const;

/** What is read of one run. */
interface RunSource {
  readonly state: RunState;
  /** How long each kind has been waited for, milliseconds. */
  readonly waits: ReadonlyMap<WaitKind, number>;
  /** Records that were sent, and did not come into sight. */
  readonly unshown: number;
  readonly unpayable: number;
}

/** What is read whenever the metrics are asked for. */
export interface GaugeSource {
  /** Those that are worked on, and the one that was last. */
  readonly runs: readonly RunSource[];
  readonly requests: MirrorRest['requests'];
  readonly connected: number;
  readonly health: ReadonlyMap<Health, number>;
  /** Tinybar charged, by the mirror's name of the transaction. */
  readonly fees: ReadonlyMap<string, bigint>;
}

type Values = ReadonlyMap<string, number>;

/** A metric that is read when it is asked for: one value, or one for each value of its label. */
type Reading = { readonly help: string } & (
  | { readonly read: (from: GaugeSource) => number }
  | { readonly label: string; readonly readEach: (from: GaugeSource) => Values }
);

const countedBy = <K extends string>(keys: readonly K[], of: (key: K) => number): Values =>
  new Map(keys.map((key) => [key, of(key)]));

function tasksByState(runs: readonly RunSource[]): Values {
  const counts = new Map<string, number>(TASK_STATUSES.map((status) => [status, 0]));
  for (const { state } of runs) {
    for (const status of state.tasks.statuses()) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

const sumOver = (runs: readonly RunSource[], of: (run: RunSource) => number): number =>
  runs.reduce((sum, run) => sum + of(run), 0);

const sumOf = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, one) => sum + one, 0);

/** Every metric that is read; docs/operations.md lists them and a test compares. */
export const READINGS: Readonly<Record<string, Reading>> = {
  gatepost_coordinator_tasks: {
    help: 'Tasks of the runs, by state.',
    label: 'state',
    readEach: ({ runs }) => tasksByState(runs),
  },
  gatepost_coordinator_run_state: {
    help: 'Runs, by state.',
    label: 'state',
    readEach: ({ runs }) =>
      countedBy(OUTCOMES, (outcome) => runs.filter(({ state }) => outcome === (state.closed ?? 'open')).length),
  },
  gatepost_coordinator_open_attempts: {
    help: 'Attempts without a verdict.',
    read: ({ runs }) => sumOver(runs, ({ state }) => state.openAttempts),
  },
  gatepost_coordinator_payable_attempts: {
    help: 'Attempts that are accepted and not paid yet.',
    read: ({ runs }) => sumOver(runs, ({ state }) => state.payable.size),
  },
  gatepost_coordinator_unpayable_attempts: {
    help: 'Accepted attempts that the ledger refuses to pay.',
    read: ({ runs }) => sumOver(runs, ({ unpayable }) => unpayable),
  },
  gatepost_coordinator_committed_tokens: {
    help: "Prices of all that is paid, payable or may become so, in the token's smallest unit.",
    read: ({ runs }) => sumOver(runs, ({ state }) => Number(state.committed)),
  },
  gatepost_coordinator_agents: {
    help: 'Agents, by what this process makes of them.',
    label: 'health',
    readEach: ({ health }) =>
      countedBy(['alive', 'suspect', 'lost', 'lapsed', 'offline'] as const, (one) => health.get(one) ?? 0),
  },
  gatepost_coordinator_connected_agents: {
    help: 'Agents with a session.',
    read: ({ connected }) => connected,
  },
  gatepost_coordinator_waiting_seconds: {
    help: 'How long a run has been waiting, by what for; 0 for what none waits for.',
    label: 'for',
    readEach: ({ runs }) =>
      countedBy(WAIT_KINDS, (kind) => Math.max(0, ...runs.map(({ waits }) => waits.get(kind) ?? 0)) / 1_000),
  },
  gatepost_coordinator_unshown_records: {
    help: 'Records that were sent and are not in sight yet.',
    read: ({ runs }) => sumOver(runs, ({ unshown }) => unshown),
  },
  gatepost_coordinator_ignored_records_total: {
    help: 'Records without effect, since the beginning of the journal.',
    read: ({ runs }) => sumOver(runs, ({ state }) => sumOf(state.ignored)),
  },
  gatepost_coordinator_mirror_requests_total: {
    help: 'Requests to mirror REST, each try by itself; failed: no answer, 429 or 5xx.',
    label: 'result',
    readEach: ({ requests }) => new Map(Object.entries(requests)),
  },
  gatepost_coordinator_fees_hbar_total: {
    help: 'What the account was charged since the run was opened, by the mirror; as of the reading before.',
    label: 'transaction',
    readEach: ({ fees }) => new Map([...fees].map(([name, tinybar]) => [name, Number(tinybar) / TINYBAR_PER_HBAR])),
  },
};
