import { gatherEvidence } from '@gatepost/coordinator/shell/reports/verify-evidence';
import { verify } from '@gatepost/rules/verify/verify';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { topicId } from '@gatepost/shared/vocabulary/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MirrorServer, serveRecordedMirror } from './recorded-mirror.js';

let server: MirrorServer;

beforeAll(async () => {
  server = await serveRecordedMirror('real-node');
});

afterAll(() => server.close());

/** Two runs on a consensus node 0.76.1: timestamps, hashes, statuses and fees are the node's. */
describe('an honest run on a real consensus node keeps every rule', () => {
  it.each([
    ['0.0.1005', { name: 'dependency-audit', outcome: 'complete', tasks: 3, accepted: 3, payments: 3 }],
    ['0.0.1016', { name: 'rejected-then-paid', outcome: 'complete', tasks: 1, accepted: 1, payments: 1 }],
  ])('journal %s', async (journal, summary) => {
    const report = verify(await gatherEvidence(new MirrorRest({ mirrorRest: server.url }), topicId(journal)));
    expect(report.findings).toEqual([]);
    expect(report.runs).toMatchObject([summary]);
  });

  it('asks nothing about a message whose transaction it knows, or that was sent by itself', () => {
    const inboxes = ['1795582469.303148837', '1795582469.471438391', '1795587416.356220818', '1795587416.462850818'];
    const journals = ['1795582467.620778196', '1795587414.645646529'];
    const asked = server.asked.flatMap((path) => /timestamp=(\d+\.\d+)/.exec(path)?.[1] ?? []);
    expect(asked.sort()).toEqual([...journals, ...inboxes].sort());
  });
});
