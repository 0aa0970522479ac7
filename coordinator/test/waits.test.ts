import { waitInWords } from '@gatepost/coordinator/cli/report/words';
import { awaitedPeople, awaitedTime } from '@gatepost/coordinator/core/awaited';
import { AwaitedWaits } from '@gatepost/coordinator/shell/run/awaited-waits';
import { Declined } from '@gatepost/coordinator/shell/run/declined';
import { Waits } from '@gatepost/coordinator/shell/run/waits';
import { emptyState } from '@gatepost/rules/run/run-state';
import type { Clock } from '@gatepost/shared/clock';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { describe, expect, it } from 'vitest';
import { planOf, taskOf } from './core/plans.js';

const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;

class Hands implements Clock {
  ms = 1_000_000;
  nowMs = () => this.ms;
  at = () => () => undefined;
  soon = () => undefined;
}

const unserved = (why: string) => [
  { kind: 'agent' as const, whom: 'an agent that offers work', what: `for task t: ${why}` },
];

it('a wait is said after three seconds and then every half minute, with its age and its newest reason', () => {
  const clock = new Hands();
  const waits = new Waits(clock);
  const agents = new AwaitedWaits(waits);
  const said: string[] = [];
  for (let second = 0; second < 100; second += 1, clock.ms += 1_000) {
    agents.note(unserved(second < 40 ? '0.0.7 is offline' : '0.0.7 is lost'));
    said.push(...waits.due().map((wait) => waitInWords(wait, clock.ms)));
  }
  expect(said).toEqual([
    'waiting for an agent that offers work for 3s for task t: 0.0.7 is offline',
    'waiting for an agent that offers work for 33s for task t: 0.0.7 is offline',
    'waiting for an agent that offers work for 1.1m for task t: 0.0.7 is lost',
    'waiting for an agent that offers work for 1.6m for task t: 0.0.7 is lost',
  ]);
});

it('a wait that ended is not said, and a new one begins anew', () => {
  const clock = new Hands();
  const waits = new Waits(clock);
  const agents = new AwaitedWaits(waits);
  agents.note(unserved('gone'));
  clock.ms += 2_900;
  agents.note([]);
  clock.ms += 60_000;
  expect(waits.due()).toEqual([]);
  agents.note(unserved('gone'));
  clock.ms += 2_900;
  expect(waits.due()).toEqual([]);
});

it('whoever is waited for again is told of anew, although nobody asked meanwhile', () => {
  const clock = new Hands();
  const waits = new Waits(clock);
  const [first, second] = [waits.open('network'), waits.open('network')];
  first.note('to take a payment');
  clock.ms += 4_000;
  expect(waits.due()).toHaveLength(1);
  second.note('to take another');
  first.end();
  clock.ms += 4_000;
  expect(waits.due(), 'one wait took over from the other').toEqual([]);
  second.end();
  first.note('to take a third');
  clock.ms += 4_000;
  expect(waits.due()).toMatchObject([{ what: 'to take a third' }]);
});

it('a refused dispatch is tried again; one that is refused for good three times is the last', () => {
  const declined = new Declined();
  const refuse = (code: number) => declined.refused('t', 1, code, 'too large');
  for (let time = 0; time < 10; time += 1) {
    expect(refuse(NOT_FOUND), `${time}`).toEqual({ retryInMs: 500 });
    // The parts of its input that were under way are refused as well.
    for (let part = 0; part < 5; part += 1) expect(refuse(FAILED_PRECONDITION)).toBe('planned');
    declined.dispatched('t', 1);
  }
  for (const retryInMs of [500, 2_000]) {
    expect(refuse(OUT_OF_RANGE)).toEqual({ retryInMs });
    expect(refuse(FAILED_PRECONDITION)).toBe('planned');
    declined.dispatched('t', 1);
  }
  expect(refuse(OUT_OF_RANGE)).toBe('declined');
  expect([...declined.attempts.values()]).toEqual([{ task: 't', attempt: 1, reason: 'too large' }]);
  declined.forget('t', 1);
  expect(declined.attempts.size).toBe(0);
  expect(refuse(OUT_OF_RANGE)).toEqual({ retryInMs: 500 });
});

describe('what a run waits for besides agents', () => {
  const reviewed = () => {
    const plan = planOf(['a', 'b', 'c'].map((id) => taskOf(id, { gates: [{ kind: 'human' }] })));
    const [coordinator, agent] = ['0.0.2', '0.0.7'].map((id) => accountId(id));
    if (coordinator === undefined || agent === undefined) throw new Error('no accounts');
    const state = emptyState({
      run: 'r-1',
      plan,
      coordinator,
      journal: topicId('0.0.5'),
      token: tokenId('0.0.6'),
      agents: new Set([agent]),
    });
    for (const task of state.tasks.values()) {
      task.status = 'review';
      task.attempts.push({
        task: task.spec.id,
        number: 1,
        round: 1,
        agent,
        inbox: topicId('0.0.8'),
        inboxSequence: 1,
        price: 10n,
        inputSha256: sha256('{}'),
        inputSize: 2,
        deadlineMs: 1,
        assignedAt: 1n,
        startedAt: 2n,
        superseded: false,
        cancelled: false,
        timedOutAt: undefined,
        result: { ok: true, outputSha256: sha256('x'), outputSize: 1, inline: 'x', reason: undefined, at: 3n },
        verdict: undefined,
        payment: undefined,
        dispute: undefined,
      });
    }
    return state;
  };

  it('a person is told the command to type', () => {
    const state = reviewed();
    const [wait, ...more] = awaitedPeople(state);
    expect(more).toEqual([]);
    expect(wait).toMatchObject({ whom: 'a person', what: expect.stringContaining('task a, and on 2 more:') });
    expect(wait?.what).toContain('coordinator approve a --run r-1');
    for (const task of state.tasks.values()) task.directive = { attempt: 1, approve: true, reason: 'fine' };
    expect(awaitedPeople(state)).toEqual([]);
  });

  it('a person is told also of what a lost agent delivered after all, while its task waits for another attempt', () => {
    const state = reviewed();
    for (const task of state.tasks.values()) task.status = 'pending';
    expect(awaitedPeople(state)).toMatchObject([{ what: expect.stringContaining('task a, and on 2 more:') }]);
    for (const task of state.tasks.values()) task.status = 'failed';
    expect(awaitedPeople(state)).toEqual([]);
  });

  it('what a process that fell silent may have paid is waited out, until a time that is said', () => {
    const state = reviewed();
    const attempt = state.tasks.get('a')?.attempts[0];
    if (attempt === undefined) throw new Error('no attempt');
    attempt.verdict = { accepted: true, gate: 'human', reason: '', at: 5n };
    state.payable.add(attempt);
    expect(awaitedTime(state, { quarantineMs: 30_000 })).toEqual([]);
    state.takenOverAt = 1_000_000_000n;
    state.ownRecordAt = 2_000_000_000n;
    const [wait] = awaitedTime(state, { quarantineMs: 30_000 });
    expect(wait?.what).toContain('1970-01-01T00:00:31.000Z: 1 accepted results');
    state.ownRecordAt = 32_000_000_000n;
    expect(awaitedTime(state, { quarantineMs: 30_000 })).toEqual([]);
  });
});
