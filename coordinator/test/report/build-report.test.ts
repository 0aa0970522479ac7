import { readFileSync } from 'node:fs';
import { reportDocument, reportJsonSchema } from '@gatepost/coordinator/core/report/document';
import { MAX_SHOWN_LOG, MAX_SHOWN_OUTPUT, Previews } from '@gatepost/coordinator/core/report/previews';
import { compilePlan } from '@gatepost/rules/plan/compile';
import type { Plan } from '@gatepost/rules/plan/plan';
import { CountedNames } from '@gatepost/shared/records/task-names';
import { describe, expect, it } from 'vitest';
import { AGENT_1, AGENT_2, COORDINATOR, HistoryBuilder, JOURNAL } from '../verify/history-builder.js';
import { honestRun, honestRunWithArbiter, honestRunWithEscrow, twoHonestRuns } from '../verify/honest-run.js';
import { costsOf, FEE, taskIn, told } from './told.js';

function planOf(tasks: readonly object[]): Plan {
  const document = { name: 'p', sequences: [{ id: 's', tasks }] };
  const compiled = compilePlan(document, { readSchema: () => ({ problem: '' }), schemaProblem: () => undefined });
  if ('plan' in compiled) return compiled.plan;
  throw new Error(compiled.problems.map(({ message }) => message).join('\n'));
}

/** A run of a plan that goes on, with one agent online. */
function openRun(tasks: readonly object[]): HistoryBuilder {
  const history = new HistoryBuilder();
  history.plan = planOf(tasks);
  history.online(AGENT_1);
  history.open(history.plan.digest, tasks.length);
  return history;
}

describe('a report', () => {
  it.each([
    ['an honest run', honestRun],
    ['one with an escrow', honestRunWithEscrow],
    ['one with an arbiter', honestRunWithArbiter],
    ['two runs', twoHonestRuns],
    ['a run whose plan is not known', () => Object.assign(honestRun(), { plan: undefined })],
    ['a journal on which nothing was opened', () => new HistoryBuilder()],
  ])('of %s has the documented form', (_what, history) => {
    const document = told(history());
    expect(reportDocument.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  it('docs/report.schema.json is its form', () => {
    const published = readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(published)).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
  });

  it('links each fact to its message', () => {
    const history = honestRun();
    const { topic, messages } = history.build().journal;
    const { attempts } = taskIn(told(history), 'a');
    const [first, second] = attempts;
    expect(first).toMatchObject({ number: 1, agent: AGENT_1, verdict: { accepted: false, reason: 'because' } });
    expect(second).toMatchObject({ number: 2, agent: AGENT_2, payment: { to: AGENT_2, amount: '100' } });
    const places = [second?.result?.place, second?.verdict?.place, second?.payment?.place];
    const types = ['"result"', '"verdict"', '"settled"'];
    expect(places.map((place) => place?.topic)).toEqual([topic, topic, topic]);
    for (const [index, place] of places.entries()) {
      const message = messages.find(({ sequence }) => sequence === place?.sequence);
      const seconds = Number(message?.at ?? 0n) / 1e9;
      expect(Number(place?.at)).toBeCloseTo(seconds, 3);
      expect(new TextDecoder().decode(message?.content), types[index]).toContain(types[index]);
    }
  });

  it('says where the tasks stand, and why, as explain does', () => {
    const history = openRun([
      { id: 'a', type: 'work', gate: 'none' },
      { id: 'b', type: 'work', gate: 'none', depends_on: ['a'] },
      { id: 'c', type: 'paint', gate: 'none' },
    ]);
    history.assign('a', 1, AGENT_1, 0);
    const document = told(history);
    expect(document.runs[0]).toMatchObject({ outcome: 'open', accepted: 0, task_count: 3 });
    expect(taskIn(document, 'a')).toMatchObject({ status: 'assigned', why: ['an agent has been asked'] });
    expect(taskIn(document, 'b')).toMatchObject({ status: 'pending', why: ['waits for a'], depends_on: ['a'] });
    expect(taskIn(document, 'c').why).toEqual(['ready, but no agent on the allow-list offers paint']);
  });

  it('says which results wait for a person, until one has decided', () => {
    const history = openRun([{ id: 'a', type: 'work', gate: 'human' }]);
    history.assign('a', 1, AGENT_1, 0);
    expect(taskIn(told(history), 'a').awaits_person).toBeUndefined();
    history.result('a', 1, AGENT_1);
    const document = told(history);
    expect(taskIn(document, 'a')).toMatchObject({ status: 'review', awaits_person: true });
    expect(reportDocument.parse(document)).toEqual(document);
    const { topic } = history.build().journal;
    history.say(topic, COORDINATOR, { type: 'directive', action: 'approve', task: 'a', attempt: 1, reason: 'good' });
    expect(taskIn(told(history), 'a').awaits_person).toBeUndefined();
  });

  it('knows the agents that are trusted and were given nothing yet', () => {
    const history = openRun([{ id: 'a', type: 'work', gate: 'none' }]);
    expect(told(history).agents).toEqual([]);
    const document = told(history, { trusted: [AGENT_1] });
    expect(document.agents).toMatchObject([{ agent: AGENT_1, life: 'online', history: [{ life: 'online' }] }]);
    expect(taskIn(document, 'a').why).toEqual([`ready; waits for a free slot of ${AGENT_1}`]);
  });

  it('tells disputes and what the arbiter decided, with or without the plan', () => {
    const history = honestRunWithArbiter();
    const disputes = (plans?: ReadonlyMap<string, Plan>) =>
      told(history, plans === undefined ? {} : { plans }).runs[0]?.tasks.flatMap(({ attempts }) =>
        attempts.flatMap(({ dispute }) => dispute ?? []),
      );
    expect(disputes()?.[0]).toMatchObject({
      by: expect.stringMatching(/^0\.0\./),
      decision: { pays: expect.any(Boolean) },
    });
    expect(disputes(new Map())).toEqual(disputes());
  });

  it('has what executors wrote at their attempts', () => {
    const document = told(honestRun(), { showLogs: (run, task) => new Map([[2, `${run} ${task}`]]) });
    expect(taskIn(document, 'a').attempts.map(({ log }) => log)).toEqual([undefined, 'run-1 a']);
  });

  it('without the plan tells what was assigned, and says what it cannot know', () => {
    const history = honestRun();
    const known = told(history);
    const unknown = told(history, { plans: new Map() });
    expect([known.runs[0]?.plan_known, unknown.runs[0]?.plan_known]).toEqual([true, false]);
    const statuses = (document: typeof known) =>
      document.runs[0]?.tasks.map(({ id, status }) => `${id} ${status}`).sort();
    expect(statuses(unknown)).toEqual(statuses(known));
    expect(taskIn(unknown, 'b')).toMatchObject({ depends_on: [], why: [expect.stringContaining('not known here')] });
    expect(taskIn(unknown, 'a').attempts).toEqual(taskIn(known, 'a').attempts);
  });

  it('adds up money by account and by day, to the sums of the bill', () => {
    const history = honestRun();
    const transactions = history.build().transactions.length;
    const money = told(history).runs[0]?.money;
    expect(money).toMatchObject({ paid: '205', max_total: '1000', fees: `${FEE * BigInt(transactions)}` });
    const sum = (values: readonly string[] = []) => `${values.reduce((all, value) => all + BigInt(value), 0n)}`;
    expect(sum(money?.accounts.map(({ received }) => received))).toBe('205');
    expect(sum(money?.accounts.map(({ fees }) => fees))).toBe(money?.fees);
    expect(sum(money?.days.map(({ paid }) => paid))).toBe('205');
    expect(sum(money?.days.map(({ fees }) => fees))).toBe(money?.fees);
    expect(money?.accounts.map(({ account }) => account)).toContain(COORDINATOR);
  });

  it('tells the lives of agents, a lapse only when their own schedule posted it', () => {
    const history = honestRun();
    const lapse = history.say(JOURNAL, AGENT_1, { type: 'lapsed', session: `s-${AGENT_1}`, lease: 7 }, null);
    history.say(JOURNAL, AGENT_2, { type: 'offline', session: `s-${AGENT_2}`, reason: 'stopped' }, null);
    const lives = (document: ReturnType<typeof told>) => document.agents.map(({ life }) => life);
    expect(lives(told(history))).toEqual(['online', 'offline']);
    const own = told(history, { ownSchedules: new Set([lapse.at]) });
    expect(lives(own)).toEqual(['lapsed', 'offline']);
    expect(own.agents[0]?.history.at(-1)).toMatchObject({ life: 'lapsed', reason: 'lease 7 was not renewed' });
  });

  it('says what verify finds, of the runs that are told alone', () => {
    const history = twoHonestRuns();
    expect(told(history).verification).toMatchObject({ holds: true, findings: [] });
    history.edit('verdict', 'b', { accepted: false });
    const document = told(history);
    expect(document.verification.holds).toBe(false);
    expect(document.verification.findings).toContainEqual(
      expect.objectContaining({ rule: 'rejected-paid', run: 'run-1', holds_when: 'What is paid was accepted.' }),
    );
    const [, ...second] = costsOf(history.build());
    const later = told(history, { costs: new Map(second) });
    expect(later.runs.map(({ run }) => run)).toEqual(['run-2']);
    expect(later.verification).toMatchObject({ holds: true, findings: [] });
  });
});

it('runs of several plans are each told and checked with their own', () => {
  const history = honestRun();
  const other = planOf([
    { id: 'x', type: 'work', price: 7, gate: { command: ['check'] } },
    { id: 'y', type: 'work', price: 3, gate: { command: ['check'] }, depends_on: ['x'] },
  ]);
  const plans = new Map(
    [history.plan, other].flatMap((plan) => (plan === undefined ? [] : [[plan.digest as string, plan]])),
  );
  history.run = 'run-2';
  history.open(other.digest, 2);
  // Of the second run's plan: x costs 7.
  history.assign('x', 1, AGENT_1, 8).names = new CountedNames(['x', 'y']);
  const document = told(history, { plans });
  expect(document.runs.map(({ tasks }) => tasks.map(({ id }) => id).join(' '))).toEqual(['a b q c free 1~c', 'x y']);
  expect(document.runs.map(({ outcome }) => outcome)).toEqual(['complete', 'open']);
  expect(document.verification.findings.map(({ rule, run }) => `${rule} ${run}`)).toEqual(['plan-price run-2']);
  // What is not known is not held against a run.
  const [first] = plans;
  expect(told(history, { plans: new Map([first ?? ['', other]]) }).verification.findings).toEqual([]);
});

describe('outputs', () => {
  const show = (bytes: Uint8Array | undefined, previews = new Previews()) =>
    previews.output({ sha256: 'x', size: bytes?.length ?? 9, inline: undefined }, bytes);

  it('are shown whole, from their beginning, or not at all', () => {
    expect(show(Buffer.from('grüße'))).toMatchObject({ shown: 'whole', text: 'grüße', size: 7 });
    expect(show(Buffer.alloc(MAX_SHOWN_OUTPUT + 1, 'x'))).toMatchObject({ shown: 'beginning' });
    expect(show(Buffer.from([0xff, 0xfe]))).toEqual({ sha256: 'x', size: 2, shown: 'not_text' });
    expect(show(undefined)).toMatchObject({ shown: 'not_here' });
  });

  it('are not cut within a character', () => {
    const { text = '' } = show(Buffer.from('ü'.repeat(MAX_SHOWN_OUTPUT)).subarray(1).fill('x', 0, 1));
    expect(text).toMatch(/^xü+$/);
    expect(Buffer.byteLength(text)).toBeLessThan(MAX_SHOWN_OUTPUT);
  });

  it('of a log the last lines that fit are shown', () => {
    const previews = new Previews();
    expect(previews.log(['one', 'two'])).toBe('one\ntwo');
    expect(previews.log([])).toBeUndefined();
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    const log = previews.log(lines) ?? '';
    expect(lines.join('\n').endsWith(`\n${log}`)).toBe(true);
    expect(log.length).toBeGreaterThan(MAX_SHOWN_LOG - 20);
    expect(previews.log(['x'.repeat(2 * MAX_SHOWN_LOG)])).toHaveLength(MAX_SHOWN_LOG);
  });

  it('are no more than the report may hold', () => {
    const previews = new Previews();
    const shown = Array.from({ length: 2_100 }, () => show(Buffer.alloc(MAX_SHOWN_OUTPUT, 'x'), previews).shown);
    expect(shown.indexOf('not_here')).toBe(2_048);
    expect(new Set(shown.slice(2_048))).toEqual(new Set(['not_here']));
    expect(previews.log(['one'])).toBeUndefined();
  });
});
