import { recordsOn } from '@gatepost/rules/verify/decode';
import type { TopicEvidence } from '@gatepost/rules/verify/evidence';
import { replay } from '@gatepost/rules/verify/replay';
import { Findings } from '@gatepost/rules/verify/rules';
import { verify } from '@gatepost/rules/verify/verify';
import { describe, expect, it } from 'vitest';
import { AGENT_1, AGENT_2, HistoryBuilder, JOURNAL } from './history-builder.js';

const TASKS = 500;

/** Paid tasks, one after the other, all of one run. */
function longHistory(): HistoryBuilder {
  const history = new HistoryBuilder();
  history.online(AGENT_1);
  history.online(AGENT_2);
  history.open('0'.repeat(64), TASKS);
  for (let task = 0; task < TASKS; task += 1) {
    const agent = task % 2 === 0 ? AGENT_1 : AGENT_2;
    history.assign(`t${task}`, 1, agent, 5);
    history.result(`t${task}`, 1, agent);
    history.verdict(`t${task}`, 1);
    history.settle({ payments: [{ task: `t${task}`, attempt: 1, to: agent, amount: 5 }] });
  }
  return history;
}

describe('a long history', () => {
  const evidence = longHistory().build();

  it('is checked as a whole', () => {
    const { findings, runs } = verify(evidence);
    expect(findings).toEqual([]);
    expect(runs[0]).toMatchObject({ accepted: TASKS, attempts: TASKS, payments: TASKS, paid: 5n * BigInt(TASKS) });
  });

  it('stays on its messages: a task is put together when it is asked for, and only the last few are kept', () => {
    const [run] = [...replay(evidence).runs.values()];
    const first = run?.tasks.get('t0');
    expect(run?.tasks.get('t0')).toBe(first);
    const all = [...(run?.tasks ?? [])];
    expect(all.map(([task]) => task)).toEqual(Array.from({ length: TASKS }, (_, task) => `t${task}`));
    const again = run?.tasks.get('t0');
    expect(again).not.toBe(first);
    expect(again?.get(1)?.payments.map(({ to, amount }) => [to, amount])).toEqual([[AGENT_1, 5n]]);
  });

  it('gives its records in consensus order, with the tasks named as their assignments do', () => {
    const { entries } = replay(evidence);
    expect(entries.every(({ at }, index) => index === 0 || at >= (entries[index - 1]?.at ?? 0n))).toBe(true);
    const results = entries.flatMap(({ record }) => (record.type === 'result' ? [record.task] : []));
    expect(results).toHaveLength(TASKS);
    expect(results.at(-1)).toBe(`t${TASKS - 1}`);
  });
});

describe('what a message may hold', () => {
  const said = (text: string): TopicEvidence => ({
    ...{ topic: JOURNAL, adminKey: undefined, submitKey: undefined },
    messages: [
      {
        ...{ sequence: 1, at: 1n, handledAt: 1n, payer: AGENT_1, chunks: 1, runningHash: undefined },
        content: Buffer.from(text),
      },
    ],
  });
  const [online] = longHistory().build().journal.messages;
  const text = Buffer.from(online?.content ?? []).toString();

  it('is seen without decoding the others, also where its name is spelt by escapes', () => {
    const escaped = text.replace('"online"', String.raw`"\u006fnline"`);
    expect(escaped).not.toBe(text);
    for (const one of [text, escaped]) {
      expect([...recordsOn(said(one), ['online'])].map(({ record }) => record.type)).toEqual(['online']);
      expect([...recordsOn(said(one), ['run_opened'])]).toEqual([]);
    }
  });
});

describe('findings', () => {
  it('stand in the order of their sections, the same one once', () => {
    const findings = new Findings();
    const [early, late] = [findings.section(), findings.section()];
    findings.add('task-count', undefined, 'last', '');
    late.add('wrong-payee', undefined, 'b', '');
    early.add('wrong-amount', undefined, 'a', '');
    late.add('wrong-payee', undefined, 'b', '');
    expect(findings.all.map(({ subject }) => subject)).toEqual(['a', 'b', 'last']);
  });
});
