import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Metrics } from '@gatepost/gatekeeper/shell/metrics';
import { expect, it } from 'vitest';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/gatekeeper.md'), 'utf8');

it('metrics are served on loopback, and documented', async () => {
  const mirrorRequests = { answered: 7, failed: 1 };
  const metrics = new Metrics(() => ({ living: 2, undecided: 3, payable: 1, disputed: 4, mirrorRequests }));
  metrics.judged(true);
  metrics.answered('batch', 'signed');
  metrics.answered('refund', 'refused');
  const server = await metrics.serve('127.0.0.1:0');
  try {
    const { port } = server.address() as AddressInfo;
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    for (const line of [
      'verdicts_total{accepted="true"} 1',
      'answers_total{about="batch",answer="signed"} 1',
      'answers_total{about="refund",answer="refused"} 1',
      'living_payments 2',
      'undecided_results 3',
      'payable_attempts 1',
      'disputed_attempts 4',
      'mirror_requests_total{result="failed"} 1',
    ]) {
      expect(text).toContain(`gatepost_gatekeeper_${line}`);
    }
    const served = [...text.matchAll(/^# TYPE (gatepost_\w+)/gm)].map(([, name]) => name).sort();
    const documented = [...DOCUMENT.matchAll(/^\| `(gatepost_\w+)`/gm)].map(([, name]) => name).sort();
    expect(documented).toEqual(served);
  } finally {
    server.close();
  }
});

it('are not served where others can reach them', async () => {
  const mirrorRequests = { answered: 0, failed: 0 };
  const metrics = new Metrics(() => ({ living: 0, undecided: 0, payable: 0, disputed: 0, mirrorRequests }));
  await expect(metrics.serve('0.0.0.0:0')).rejects.toThrow(/loopback only/);
});
