import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gate } from '@gatepost/rules/plan/plan';
import { probeConfinement } from '@gatepost/shared/confinement/confinement';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RepositorySource } from '../../shared/test/repository-source.js';
import type { GatekeeperConfig } from '../src/config/gatekeeper-config.js';
import { gatesOf } from '../src/shell/run/gates.js';

let own: string;
let source: RepositorySource;
let commit: string;

beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'gatepost-keeper-gates-'));
  source = new RepositorySource(join(own, 'repositories/source')).write({ a: 'one\n' });
  commit = source.commit();
});

afterAll(() => rmSync(own, { recursive: true, force: true }));

/** What a gatekeeper says of a patch to a repository, given the places that its owner allows. */
async function reason(url: string, repositories: readonly string[]): Promise<string> {
  const settings = { directory: own, confine: 'auto', read: [], network: false, repositories } as const;
  const tls = { cert: join(own, 'cert.pem'), key: join(own, 'key.pem') };
  const gates = gatesOf({ gates: settings, tls } as unknown as GatekeeperConfig, probeConfinement());
  const one: Gate = { kind: 'command', argv: ['cat', 'a'], timeoutMs: 20_000, tree: { of: 'repo' } };
  const output = 'diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+two\n';
  const input = { repo: { $git: { url, commit } } };
  const said = await gates.run([one], { task: 't', attempt: 1, input, output }, input);
  await gates.close();
  return `${said.accepted}: ${said.reason}`;
}

it('a gatekeeper judges trees of the repositories that its owner allows, and of no others', async () => {
  const places = [join(own, 'repositories')];
  expect(await reason('source', places)).toBe('true: two');
  expect(await reason(source.directory, places)).toBe('true: two');
  const refused = 'is not among the repositories that whoever judges allows';
  expect(await reason(source.directory, [])).toBe(`false: ${source.directory} ${refused}`);
  expect(await reason('/etc', places)).toBe(`false: /etc ${refused}`);
});
