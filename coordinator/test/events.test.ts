import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonReporter } from '@gatepost/coordinator/cli/report/json-lines';
import type { RunSummary } from '@gatepost/coordinator/shell/reports/summary';
import type { Change } from '@gatepost/rules/run/change';
import { emptyState } from '@gatepost/rules/run/run-state';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { expect, it } from 'vitest';

const [, TABLE = ''] = readFileSync(join(import.meta.dirname, '../../docs/coordinator.md'), 'utf8').split(
  /^## Events$|^## Configuration$/m,
);
/** What each event has. */
const COMMON = ['event', 'version', 'time', 'run'];

const agent = accountId('0.0.7');
const attempt = { task: 't', attempt: 1, agent };
const ended = { task: 't', reason: 'why' };
const judged = { ...attempt, gate: 'human', reason: 'why' };

/** One of each: a change that is new has to be put here, or this does not compile. */
const CHANGES: { readonly [E in Change['event']]: Change & { event: E } } = {
  run_opened: { event: 'run_opened' },
  run_closed: { event: 'run_closed', outcome: 'complete' },
  assigned: { event: 'assigned', ...attempt },
  started: { event: 'started', ...attempt },
  result: { event: 'result', ...attempt, outcome: 'failed', reason: 'why' },
  verdict: { event: 'verdict', ...judged, accepted: true },
  rejected: { event: 'rejected', ...judged, accepted: false },
  settled: { event: 'settled', ...attempt, amount: 5n, transfer: '0.0.1@1.1' },
  disputed: { event: 'disputed', task: 't', attempt: 1, by: agent, reason: 'why' },
  decided: { event: 'decided', ...attempt, pay: true, reason: 'why' },
  failed: { event: 'failed', ...ended },
  blocked: { event: 'blocked', ...ended },
  cancelled: { event: 'cancelled', ...ended },
  agent: { event: 'agent', agent, life: 'offline' },
  gatekeeper: { event: 'gatekeeper', life: 'offline' },
  epoch: { event: 'epoch', instance: 'i' },
  ignored: { event: 'ignored', reason: 'why' },
};

const SUMMARY: RunSummary = {
  run: 'r',
  outcome: 'complete',
  journal: '0.0.2',
  token: '0.0.3',
  tasks: [],
  totals: { tasks: 0, complete: 0, paid: '0', attempts: 0, seconds: 0 },
  balances: [],
  usage: { tokens: 0, cost_usd: 0 },
  artifacts: { place: '/artifacts', stored: 0 },
};

/** The fields of each event that is told, besides those that all have. */
function toldEvents(): Record<string, string[]> {
  const lines: string[] = [];
  const reporter = jsonReporter((line) => void lines.push(line));
  const plan = { name: 'n', digest: 'd', maxTotal: undefined, maxFeesUsd: undefined, sequences: [], tasks: [] };
  const [journal, token] = [topicId('0.0.2'), tokenId('0.0.3')];
  const state = emptyState({ run: 'r', plan: plan as never, coordinator: agent, journal, token, agents: new Set() });
  reporter.begin(state, 'new');
  for (const change of Object.values(CHANGES)) reporter.change(change);
  reporter.progress('t', 1, agent, 0.5, 'half');
  reporter.waiting({ kind: 'person', whom: 'a person', what: 'to decide', sinceMs: 1 });
  reporter.end(SUMMARY);
  const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const event of events) expect(Object.keys(event), JSON.stringify(event)).toEqual(expect.arrayContaining(COMMON));
  const fieldsOf = (event: object) => Object.keys(event).filter((field) => !COMMON.includes(field));
  return Object.fromEntries(events.map((event) => [event.event, fieldsOf(event).sort()]));
}

it('docs/coordinator.md lists exactly the events of --json with their fields', () => {
  const rows = [...TABLE.matchAll(/^\| (`\w+`(?:, `\w+`)*)(?:, always last)? \| (.*)\|$/gm)];
  const words = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map(([, word]) => word ?? '');
  const documented = rows.flatMap(([, events = '', fields = '']) =>
    words(events).map((event) => [event, words(fields).sort()] as const),
  );
  expect(Object.fromEntries(documented)).toEqual(toldEvents());
});
