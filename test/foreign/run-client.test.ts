import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ForeignClient } from '../src/foreign/clients.js';
import { runClient } from '../src/foreign/run-client.js';

const cache = mkdtempSync(join(tmpdir(), 'gatepost-foreign-'));
afterAll(() => rmSync(cache, { recursive: true }));

const shell = (script: string) => ['sh', '-c', script] as const;
const client: ForeignClient = {
  language: 'shell',
  tools: [shell('true')],
  files: [],
  fetch: [shell('true')],
  build: [shell('true')],
  run: [shell('true')],
  env: {},
};
const endOf = (parts: Partial<ForeignClient>, patienceMs = 30_000) =>
  runClient({ ...client, ...parts }, cache, { NODE_IP: 'here' }, AbortSignal.timeout(patienceMs));

describe('a client in another language', () => {
  it('passes when all its steps do, with the variables of the network', async () => {
    expect(await endOf({ run: [shell('test "$NODE_IP" = here')] })).toMatchObject({ outcome: 'passed', why: '' });
  });

  it('is skipped, with the reason in a line, without its tools, its files or its packages', async () => {
    const without = { tools: [['no-such-tool']] } as const;
    expect(await endOf(without)).toMatchObject({ outcome: 'skipped', why: 'no no-such-tool here' });
    expect(await endOf({ files: [['/no/such', '/nor/this']] })).toMatchObject({ why: 'no /no/such here' });
    const offline = { fetch: [shell('echo looking; echo no registry >&2; exit 1')] };
    expect(await endOf(offline)).toMatchObject({ outcome: 'skipped', why: 'no packages here: no registry' });
  });

  it('is skipped when it is not built in time, and all that it started is ended', async () => {
    const slow = { build: [shell('sleep 60 & wait')] };
    expect(await endOf(slow, 300)).toMatchObject({
      outcome: 'skipped',
      why: 'its packages were not built in time; see --minutes',
    });
  });

  it('fails when it finds something wrong', async () => {
    expect(await endOf({ run: [shell('exit 3')] })).toMatchObject({ outcome: 'failed', why: 'sh ended with 3' });
  });
});
