import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSightings, SightingsFile } from '@gatepost/coordinator/shell/agents/sightings';
import { afterAll, expect, it, vi } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'gatepost-sightings-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const seenAt = (atMs: number) => ({ runs: ['q', 'r'], at_ms: atMs, agents: [] });
const nobody = { warn: (why: unknown) => expect.fail(String(why)) } as never;

it('shows the newest that was seen, and nothing once its coordinator has ended', async () => {
  const stateDir = join(directory, 'state');
  const file = new SightingsFile(stateDir, nobody);
  for (const atMs of [1, 2, 3]) file.tell(seenAt(atMs));
  await vi.waitFor(() => expect(readSightings(stateDir, 'r', 3)?.at_ms).toBe(3));
  file.tell(seenAt(4));
  file.tell(seenAt(5));
  await file.close();
  expect(readdirSync(stateDir)).toEqual([]);
});

it('says why it cannot be written, and nothing else comes of it', async () => {
  const stateDir = join(directory, 'file');
  writeFileSync(stateDir, '');
  const warnings: unknown[] = [];
  const file = new SightingsFile(stateDir, { warn: (why: unknown) => void warnings.push(why) } as never);
  file.tell(seenAt(1));
  await vi.waitFor(() => expect(warnings).toHaveLength(1));
  expect(warnings[0]).toMatch(/cannot be written: .*EEXIST|ENOTDIR/);
});
