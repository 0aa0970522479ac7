import { isToldByInbox } from '@gatepost/coordinator/core/effects/told-by-inbox';
import { expect, it } from 'vitest';

const busy = { load: { running: 2, queued: 1 } };

it('does not tell an agent of what waits there anyway and is on its inbox, and tells it of everything else', () => {
  expect(isToldByInbox({ isOnInbox: true }, busy)).toBe(true);
  expect(isToldByInbox({ isOnInbox: true }, { load: { running: 2, queued: 0 } }), 'it could begin at once').toBe(false);
  expect(isToldByInbox({ isOnInbox: true }, {}), 'nothing is known of its load').toBe(false);
  expect(isToldByInbox({ isOnInbox: false }, busy), 'the input is not there').toBe(false);
  expect(isToldByInbox({}, busy), 'after a session was lost').toBe(false);
  expect(isToldByInbox({ isOnInbox: true, traceparent: '00-1-2-01' }, busy), 'the trace is not there').toBe(false);
});
