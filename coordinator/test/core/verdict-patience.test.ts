import { verdictPatience } from '@gatepost/coordinator/core/effects/verdict-patience';
import { emptyState } from '@gatepost/rules/run/run-state';
import { accountId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { expect, it } from 'vitest';
import { planOf, taskOf } from './plans.js';

const PLAN = planOf([
  taskOf('alone', { sequence: 's1' }),
  taskOf('first', { sequence: 's1' }),
  taskOf('second', { sequence: 's1', dependsOn: ['first'] }),
  taskOf('early', { sequence: 's0' }),
]);

function patience(open: number, task: string, accepted = true): number {
  const coordinator = accountId('0.0.2');
  const state = emptyState({
    run: 'run',
    plan: PLAN,
    coordinator,
    journal: topicId('0.0.4'),
    token: tokenId('0.0.3'),
    agents: new Set(),
  });
  state.openAttempts = open;
  return verdictPatience(state, { task, accepted });
}

it('has an acceptance wait for others where many are to come and nothing goes on with it', () => {
  expect(patience(64, 'alone')).toBeGreaterThan(0);
  expect(patience(64, 'second')).toBeGreaterThan(0);
});

it('has nothing wait that something waits for', () => {
  expect(patience(63, 'alone'), 'few are under way').toBe(0);
  expect(patience(64, 'alone', false), 'it is tried again').toBe(0);
  expect(patience(64, 'first'), 'a task waits for it').toBe(0);
  expect(patience(64, 'early'), 'a sequence waits for its own').toBe(0);
  expect(patience(64, 'review of something'), 'it says what becomes of another task').toBe(0);
});
