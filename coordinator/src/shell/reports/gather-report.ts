import { keptOutput } from '@gatepost/party/outputs/kept-output';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { Evidence } from '@gatepost/rules/verify/evidence';
import type { AnyEntry, RunHistory } from '@gatepost/rules/verify/history';
import { replay } from '@gatepost/rules/verify/replay';
import type { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { isOfOwnSchedule } from '@gatepost/shared/hedera/own-schedule';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { LEASE_MEMO } from '@gatepost/shared/vocabulary/lease';
import { formatTime, msFromNanos, type Nanos, parseNanos } from '@gatepost/shared/vocabulary/time';
import { buildReport } from '../../core/report/build-report.js';
import type { ReportDocument } from '../../core/report/document.js';
import { Previews } from '../../core/report/previews.js';
import type { ShowLogs, ShowOutput } from '../../core/report/tasks.js';
import { OutputStore } from '../outputs/output-store.js';
import { keptPlan } from '../plan/plan-cache.js';
import { keptLines } from './attempt-logs.js';
import { billOf, type RunBill } from './bill-evidence.js';
import { gatherEvidence } from './verify-evidence.js';

/** Which runs are told, and what this host adds to what the ledger has. */
export interface ReportChoice {
  readonly network: string;
  /** These runs; all when empty. */
  readonly runs: readonly string[];
  /** Runs that were over by then are left out. */
  readonly since: Nanos;
  /** Plans that were given, by their digest. */
  readonly plans: ReadonlyMap<string, Plan>;
  /** Of the coordinator's configuration; undefined where there is none. */
  readonly host: { readonly stateDir: string; readonly agents: readonly AccountId[] } | undefined;
}

/**
 * Makes a report from the mirror and from what this host has kept. Takes no key and writes nothing.
 * @throws GatepostError NOT_FOUND when there is no such run, MIRROR_UNREACHABLE.
 */
export async function gatherReport(
  mirror: MirrorRest,
  journal: TopicId,
  choice: ReportChoice,
): Promise<ReportDocument> {
  const evidence = await gatherEvidence(mirror, journal);
  const replayed = replay(evidence);
  const { runs, entries } = replayed;
  const told = chosen([...runs.values()], choice, journal);
  const costs = new Map<string, RunBill>();
  for (const history of told) costs.set(history.run, await billOf(mirror, evidence, replayed, history));
  const { host } = choice;
  const previews = new Previews();
  const trusted = host?.agents ?? [];
  const serving = new Set(entries.filter(({ record }) => record.type === 'online').map(({ author }) => author));
  return buildReport({
    network: choice.network,
    now: await mirror.now(),
    evidence,
    costs,
    plans: plansOf(told, choice),
    trusted,
    ownSchedules: await ownSchedules(mirror, entries, evidence),
    leases: await leasesOf(mirror, [...serving].slice(0, MAX_LEASES)),
    showOutput: outputsOf(host?.stateDir, previews),
    showLogs: logsOf(host?.stateDir, previews),
  });
}

/** Most agents whose lease is asked for. */
const MAX_LEASES = 200;

function chosen(all: readonly RunHistory[], choice: ReportChoice, journal: TopicId): readonly RunHistory[] {
  const known = new Set(all.map(({ run }) => run));
  const unknown = choice.runs.find((run) => !known.has(run));
  if (unknown !== undefined || all.length === 0) {
    throw new GatepostError('NOT_FOUND', `no run ${unknown ?? 'of its owner'} is on the journal ${journal}`);
  }
  return all.filter(
    ({ run, closed }) =>
      (choice.runs.length === 0 || choice.runs.includes(run)) && (closed === undefined || closed.at >= choice.since),
  );
}

function plansOf(told: readonly RunHistory[], { plans, host }: ReportChoice): ReadonlyMap<string, Plan> {
  const found = new Map(plans);
  for (const { opened } of told) {
    const digest = opened.record.plan_sha256;
    const kept = host === undefined || found.has(digest) ? undefined : keptPlan(host.stateDir, digest as Sha256);
    if (kept !== undefined) found.set(digest, kept);
  }
  return found;
}

/** The lapses on the journal that schedules of their authors posted; inboxes hold none. */
async function ownSchedules(
  mirror: MirrorRest,
  entries: readonly AnyEntry[],
  { journal }: Evidence,
): Promise<ReadonlySet<Nanos>> {
  const lapses = entries.filter(({ record, topic }) => record.type === 'lapsed' && topic === journal.topic);
  const found = new Set<Nanos>();
  for (const { at, author } of lapses) if (await isOfOwnSchedule(mirror, author, at)) found.add(at);
  return found;
}

async function leasesOf(mirror: MirrorRest, agents: readonly AccountId[]): Promise<ReadonlyMap<AccountId, string>> {
  const found = new Map<AccountId, string>();
  for (const agent of agents) {
    const lease = (await mirror.schedulesBy(agent)).find(
      ({ memo, deleted, executed_timestamp: executed }) => memo.startsWith(LEASE_MEMO) && !deleted && executed === null,
    );
    if (lease?.expiration_time != null) found.set(agent, formatTime(msFromNanos(parseNanos(lease.expiration_time))));
  }
  return found;
}

/** Outputs that are on the ledger, and those that this host has kept. */
function outputsOf(stateDir: string | undefined, previews: Previews): ShowOutput {
  const stores = new Map<string, OutputStore>();
  const nothing = { get: () => undefined };
  return (run, output) => {
    let store = stores.get(run);
    if (store === undefined && stateDir !== undefined) {
      store = new OutputStore(stateDir, run, 'reader');
      stores.set(run, store);
    }
    return previews.output(
      output,
      keptOutput({ result: { outputSha256: output.sha256 as Sha256, inline: output.inline } }, store ?? nothing),
    );
  };
}

/** What this host has kept of what executors wrote. */
function logsOf(stateDir: string | undefined, previews: Previews): ShowLogs {
  return (run, task) => {
    const byAttempt = new Map<number, string[]>();
    for (const { attempt, line } of (stateDir === undefined ? undefined : keptLines(stateDir, run, task)) ?? []) {
      const lines = byAttempt.get(attempt);
      if (lines === undefined) byAttempt.set(attempt, [line]);
      else lines.push(line);
    }
    const shown = new Map<number, string>();
    for (const [attempt, lines] of byAttempt) {
      const log = previews.log(lines);
      if (log !== undefined) shown.set(attempt, log);
    }
    return shown;
  };
}
