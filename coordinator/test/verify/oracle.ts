import type { Plan } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { foldRun } from '@gatepost/rules/verify/check-state';
import { WATCH_NANOS } from '@gatepost/rules/verify/check-transfers';
import { decodeTopic } from '@gatepost/rules/verify/decode';
import type { Evidence } from '@gatepost/rules/verify/evidence';
import { type AnyEntry, isBefore } from '@gatepost/rules/verify/history';
import { replay } from '@gatepost/rules/verify/replay';
import { NUMBERS_ALONE, withIds } from '@gatepost/shared/records/task-names';
import { JOURNAL } from './history-builder.js';

type Say<T extends AnyEntry['record']['type']> = AnyEntry & { record: Extract<AnyEntry['record'], { type: T }> };
type Attempt = { readonly task: string; readonly attempt: number };

/**
 * What is wrong with the money of a journal, told by the sentence itself and by none of the rules: every payment follows
 * an assignment, a result by who is paid, and an acceptance, in this order, and is made once; and what left
 * the coordinator is what was recorded. Undefined when nothing is.
 */
export function moneyProblem(evidence: Evidence, plan: Plan): string | undefined {
  const { coordinators, says, runs } = spoken(evidence, taskNamesOf(plan));
  const owed = new Map<string, bigint>();
  const paid = new Set<string>();
  for (const settled of says('settled')) {
    const { run, author, record } = settled;
    if (run === undefined || coordinators.get(run) !== author || !isBefore(runs.get(run) ?? settled, settled)) continue;
    for (const payment of record.payments) {
      const name = `${run} ${payment.task}#${payment.attempt}`;
      if (paid.has(name)) return `${name} is paid twice`;
      paid.add(name);
      const key = `${payment.to} ${record.token}`;
      owed.set(key, (owed.get(key) ?? 0n) + BigInt(payment.amount));
      const about = <T extends 'assign' | 'result' | 'verdict'>(type: T): Say<T>[] =>
        says(type).filter((entry) => entry.run === run && isOf(entry.record as Attempt, payment));
      const earned = about('assign').some(
        (assign) =>
          assign.author === author &&
          assign.record.price === payment.amount &&
          assign.record.token === record.token &&
          about('result').some(
            (result) =>
              result.author === payment.to &&
              result.record.outcome === 'ok' &&
              isBefore(assign, result) &&
              about('verdict').some(
                (verdict) =>
                  verdict.author === author &&
                  verdict.record.accepted &&
                  isBefore(result, verdict) &&
                  isBefore(verdict, settled),
              ),
          ),
      );
      if (!earned) return `${name} is paid and was not earned`;
    }
  }
  // What leaves in a token that no run is in and no record names is none of their business.
  const tokens = new Set<string>([...runs.values()].map(({ record }) => (record as { token: string }).token));
  const got = [...spent(evidence)].filter(([key]) => owed.has(key) || tokens.has(key.split(' ')[1] ?? ''));
  return differences(owed, new Map(got));
}

const isOf = (record: Attempt, payment: Attempt): boolean =>
  record.task === payment.task && record.attempt === payment.attempt;

function spoken(evidence: Evidence, names = NUMBERS_ALONE) {
  const entries = [evidence.journal, ...evidence.inboxes].flatMap((topic) =>
    decodeTopic(topic).entries.map((entry) => ({ ...entry, record: withIds(entry.record, names) })),
  );
  const says = <T extends AnyEntry['record']['type']>(type: T): Say<T>[] =>
    entries.filter((entry): entry is Say<T> => entry.record.type === type);
  const runs = new Map<string, AnyEntry>();
  for (const opened of says('run_opened')) {
    const owns = evidence.accountKeys.get(opened.author) === evidence.journal.adminKey;
    if (owns && opened.topic === JOURNAL && !runs.has(opened.run ?? '')) runs.set(opened.run ?? '', opened);
  }
  const coordinators = new Map([...runs].map(([run, { author }]) => [run, author]));
  return { says, runs, coordinators };
}

/** What accounts got from the coordinators while a run was open or just after, by account and token. */
function spent(evidence: Evidence): Map<string, bigint> {
  const { says, runs, coordinators } = spoken(evidence);
  const spans = [...runs].map(([run, { at, author }]) => {
    const closed = says('run_closed').find((entry) => entry.run === run && entry.author === author && entry.at >= at);
    return { from: at, to: closed === undefined ? undefined : closed.at + WATCH_NANOS };
  });
  const payers = new Set<string>(coordinators.values());
  const got = new Map<string, bigint>();
  for (const { at, tokenTransfers } of evidence.transactions) {
    if (!spans.some(({ from, to }) => at >= from && (to === undefined || at <= to))) continue;
    if (!tokenTransfers.some(({ account, amount }) => amount < 0n && payers.has(account))) continue;
    for (const { account, token, amount } of tokenTransfers) {
      if (amount > 0n) got.set(`${account} ${token}`, (got.get(`${account} ${token}`) ?? 0n) + amount);
    }
  }
  return got;
}

function differences(owed: ReadonlyMap<string, bigint>, got: ReadonlyMap<string, bigint>): string | undefined {
  for (const key of new Set([...owed.keys(), ...got.keys()])) {
    const [recorded, moved] = [owed.get(key) ?? 0n, got.get(key) ?? 0n];
    if (recorded !== moved) return `${key}: ${recorded} recorded, ${moved} moved`;
  }
  return undefined;
}

/** What the coordinator's own fold finds wrong with the payments of a plan's runs, by run; undefined when nothing is. */
export function foldProblem(evidence: Evidence, plan: Plan): string | undefined {
  const replayed = replay(evidence, plan);
  for (const run of replayed.runs.values()) {
    if (run.opened.record.plan_sha256 !== plan.digest) continue;
    const [fault] = foldRun(run, plan, JOURNAL, replayed).faults.keys();
    if (fault !== undefined) return `${run.run}: ${fault}`;
  }
  return undefined;
}
