import { digestOfAttempts } from '@gatepost/rules/run/state-digest';
import { verify } from '@gatepost/rules/verify/verify';
import { formatNanos } from '@gatepost/shared/vocabulary/time';
import { expect, it } from 'vitest';
import { planOf, taskOf } from '../core/plans.js';
import { AGENT_1, COORDINATOR, HistoryBuilder, JOURNAL, TOKEN } from './history-builder.js';

/** A run that was closed by a process that had not read what its predecessor assigned just before. */
function closedUnread(saysUntil: boolean) {
  const plan = planOf([taskOf('a', { type: 'work', price: 10n })]);
  const history = new HistoryBuilder();
  history.plan = plan;
  history.stateSha256 = digestOfAttempts(plan.digest, TOKEN, []);
  history.online(AGENT_1);
  const opened = history.open(plan.digest, 1);
  history.assign('a', 1, AGENT_1, 10);
  const until = saysUntil ? { until: formatNanos(opened.at) } : {};
  history.say(JOURNAL, COORDINATOR, { type: 'run_closed', outcome: 'cancelled', state_sha256: '', ...until });
  return verify(history.build(), { plan }).findings.map(({ rule }) => rule);
}

it('the digest of a closed run is that of the state it says, not of what its coordinator had not read', () => {
  expect(closedUnread(true)).toEqual([]);
  expect(closedUnread(false)).toEqual(['plan-state']);
});
