import type { FinishedSpan, Tracing } from '@gatepost/shared/tracing/tracing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { INBOX } from '../src/bench/memory-ledger.js';
import { dispatchOf } from './support/client.js';
import { Hosted } from './support/hosted.js';
import { work } from './support/records.js';
import { until } from './support/until.js';

const PARENT = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
const TRACEPARENT = `00-${PARENT.traceId}-${PARENT.spanId}-01`;

let host: Hosted;
let told: FinishedSpan[];

beforeEach(async () => {
  told = [];
  const tracing: Tracing = {
    tell: (span) => void told.push(span),
    isSampled: () => true,
    close: () => Promise.resolve(),
  };
  host = await Hosted.start({ tracing });
});
afterEach(() => host.close());

it('an execution that is over before its dispatch comes is told in the trace that the dispatch names', async () => {
  const session = await host.session();
  const { record, bytes } = work({ task: 'a', inline: true });
  const sequenceNumber = host.ledger.assign('run', [record]);
  await until(() => host.results('a').length > 0 || undefined, 'the result');
  expect(told).toEqual([]);
  const { dispatch } = dispatchOf('run', record, INBOX, sequenceNumber, bytes);
  session.send({ dispatch: { ...(dispatch as object), traceparent: TRACEPARENT } });
  const [span] = await until(() => (told.length > 0 ? told : undefined), 'the span');
  expect(span).toMatchObject({ name: 'execute', parent: PARENT, attributes: { 'gatepost.task': 'a' } });
  await host.daemon.stop('test');
  expect(told).toHaveLength(1);
});

it('one that no dispatch ever names is told as a trace of its own', async () => {
  host.ledger.assign('run', [work({ task: 'a', inline: true }).record]);
  await until(() => host.results('a').length > 0 || undefined, 'the result');
  await host.daemon.stop('test');
  expect(told).toMatchObject([{ name: 'execute', attributes: { 'gatepost.task': 'a' } }]);
  expect(told[0]?.parent).toBeUndefined();
});
