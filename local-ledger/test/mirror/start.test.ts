import { describe, expect, it } from 'vitest';
import { HandMadeSource } from './hand-made-source.js';
import { NODE, rest, startTestMirror } from './mirror-client.js';

describe('startMirror', () => {
  it.each(['grpc', 'rest', 'fees'] as const)('leaves no port open when the %s port is taken', async (which) => {
    const source = new HandMadeSource();
    const first = await startTestMirror(source, { ports: { grpc: 0, rest: 0, fees: 0 } });
    const taken = { grpc: 0, rest: 0, fees: 0, [which]: first.ports[which] };
    await expect(startTestMirror(source, { ports: taken })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
    const again = await startTestMirror(source, { ports: { grpc: 0, rest: first.ports.rest, fees: false } });
    await again.close();
  });

  it('shows history at once and later items after the lag', async () => {
    const source = new HandMadeSource();
    source.account(1001);
    const mirror = await startTestMirror(source, { lag: { kind: 'fixed', ms: 3_600_000 }, nodes: [NODE] });
    source.account(1002);
    expect((await rest(mirror, '/accounts/1001')).status).toBe(200);
    expect((await rest(mirror, '/accounts/1002')).status).toBe(404);
    await mirror.close();
  });

  it('serves the same on the port for fees', async () => {
    const source = new HandMadeSource();
    source.account(1001);
    const mirror = await startTestMirror(source, { ports: { grpc: 0, rest: 0, fees: 0 } });
    const response = await fetch(`http://127.0.0.1:${mirror.ports.fees}/api/v1/accounts/1001`);
    expect(response.status).toBe(200);
    await mirror.close();
  });
});
