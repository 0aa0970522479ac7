import { waitInWords } from '@gatepost/coordinator/cli/report/words';
import { AgentWaits } from '@gatepost/coordinator/shell/run/agent-waits';
import { Declined } from '@gatepost/coordinator/shell/run/declined';
import { Waits } from '@gatepost/coordinator/shell/run/waits';
import type { Clock } from '@gatepost/shared/clock';
import { expect, it } from 'vitest';

const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const OUT_OF_RANGE = 11;

class Hands implements Clock {
  ms = 1_000_000;
  nowMs = () => this.ms;
  at = () => () => undefined;
  soon = () => undefined;
}

const unserved = (why: string) => [{ whom: 'an agent that offers work', what: `for task t: ${why}` }];

it('a wait for an agent is said after half a minute and every half minute, with its age and its newest reason', () => {
  const clock = new Hands();
  const waits = new Waits(clock);
  const agents = new AgentWaits(waits);
  const said: string[] = [];
  for (let second = 0; second < 100; second += 1, clock.ms += 1_000) {
    agents.note(unserved(second < 40 ? '0.0.7 is offline' : '0.0.7 is lost'));
    said.push(...waits.due().map((wait) => waitInWords(wait, clock.ms)));
  }
  expect(said).toEqual([
    'waiting for an agent that offers work for 30s for task t: 0.0.7 is offline',
    'waiting for an agent that offers work for 1m for task t: 0.0.7 is lost',
    'waiting for an agent that offers work for 1.5m for task t: 0.0.7 is lost',
  ]);
});

it('a wait that ended is not said, and a new one begins anew', () => {
  const clock = new Hands();
  const waits = new Waits(clock);
  const agents = new AgentWaits(waits);
  agents.note(unserved('gone'));
  clock.ms += 29_000;
  agents.note([]);
  clock.ms += 60_000;
  expect(waits.due()).toEqual([]);
  agents.note(unserved('gone'));
  clock.ms += 29_000;
  expect(waits.due()).toEqual([]);
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
