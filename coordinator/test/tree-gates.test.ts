import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { automaticGates } from '@gatepost/party/gates/automatic-gates';
import type { Gate, PatchedTree } from '@gatepost/rules/plan/plan';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RepositorySource } from '../../shared/test/repository-source.js';
import { gatesOf } from '../src/shell/run/gates.js';
import { planOf, taskOf } from './core/plans.js';

let own: string;
let source: RepositorySource;
let commit: string;

beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'gatepost-tree-gates-'));
  // A coordinator that root runs confines gates as nobody, to whom the plan's directory must be open.
  chmodSync(own, 0o755);
  source = new RepositorySource(join(own, 'source')).write({ 'src/a.txt': 'one\n', 'test/a.txt': 'expected\n' });
  commit = source.commit();
  writeFileSync(join(own, 'check.sh'), 'cat src/a.txt; ls -a\n');
});

afterAll(() => rmSync(own, { recursive: true, force: true }));

/** What an agent that changed these files would give back. */
function patchOf(files: Readonly<Record<string, string>>): string {
  source.write(files).git('add', '--all');
  const patch = source.git('diff', '--cached', '--binary');
  source.git('reset', '-q', '--hard');
  return `${patch}\n`;
}

const gate = (argv: readonly string[], tree: Partial<PatchedTree> = {}): Gate => ({
  kind: 'command',
  argv,
  timeoutMs: 20_000,
  tree: { of: 'repo', ...tree },
});

/** As a coordinator runs the gate of a plan that lies beside the repository. */
async function judge(one: Gate, output: string, url = 'source') {
  const input = { repo: { $git: { url, commit } } };
  const plan = planOf([taskOf('t', { gates: [one], input })]);
  const gates = gatesOf(plan, join(own, 'plan.yaml'), { stateDir: join(own, 'state') } as Parameters<
    typeof gatesOf
  >[2]);
  const outcome = await gates.run([one], { task: 't', attempt: 1, input, output }, input);
  await gates.close();
  return outcome;
}

describe('a command gate with a tree', () => {
  it('runs in the repository with the patch applied, which holds no repository, and goes with it', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('gatepost-gate-'));
    const patch = patchOf({ 'src/a.txt': 'two\n', 'src/b.txt': 'new\n' });
    const argv = ['sh', '-c', 'tr -d "\\n" <src/a.txt; cat src/b.txt test/a.txt; ls -A . ..'];
    const { accepted, reason } = await judge(gate(argv), patch);
    expect([accepted, reason]).toEqual([true, 'twonew expected .: src test ..: tree']);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('gatepost-gate-'))).toEqual(before);
  });

  it('runs programs that lie beside the plan', async () => {
    expect(await judge(gate(['sh', 'check.sh']), patchOf({ 'src/a.txt': 'three\n' }))).toMatchObject({
      accepted: true,
      reason: expect.stringMatching(/^three /),
    });
  });

  it('rejects when its program does, and says why', async () => {
    const argv = ['sh', '-c', 'diff src/a.txt test/a.txt'];
    expect(await judge(gate(argv), patchOf({ 'src/a.txt': 'two\n' }))).toMatchObject({ accepted: false });
    expect(await judge(gate(argv), patchOf({ 'src/a.txt': 'expected\n' }))).toMatchObject({ accepted: true });
  });

  it.each<[string, () => string, Partial<PatchedTree>, string | RegExp]>([
    ['no patch', () => 'Done!', {}, /^the patch cannot be applied: /],
    [
      'one that does not fit',
      () => patchOf({ 'src/a.txt': 'x\n' }).replace('-one', '-two'),
      {},
      /^the patch cannot be app/,
    ],
    [
      'one for a file outside',
      () => '--- /dev/null\n+++ b/../../x\n@@ -0,0 +1 @@\n+x\n',
      {},
      /^the patch cannot be applied: /,
    ],
    [
      'one for a file of the repository itself',
      () => '--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n',
      {},
      /^the patch cannot be applied: /,
    ],
    [
      'one that changes what it must not',
      () => patchOf({ 'src/a.txt': 'x\n', 'test/a.txt': 'x\n' }),
      { only: ['src/**'] },
      'the patch changes test/a.txt, which it must not',
    ],
  ])('rejects %s', async (_what, patch, tree, reason) => {
    const outcome = await judge(gate(['true'], tree), patch());
    expect(outcome).toMatchObject({ accepted: false, gate: 'command' });
    if (typeof reason === 'string') expect(outcome.reason).toBe(reason);
    else expect(outcome.reason).toMatch(reason);
  });

  it('shows what an agent wrote neither the home nor the state of who judges, and no network', async () => {
    const hidden = join(own, 'state');
    execFileSync('mkdir', ['-p', hidden]);
    writeFileSync(join(hidden, 'secret'), 'secret');
    const argv = ['sh', '-c', `cat ${hidden}/secret; ls /root /home; cat /proc/net/dev | wc -l; exit 0`];
    const { reason } = await judge(gate(argv), patchOf({ 'src/a.txt': 'x\n' }));
    // Two lines of heading, and the loopback.
    expect(reason).toMatch(/ 3$|^3$/);
    expect(reason).not.toContain('secret');
  });

  it('is not run where it cannot be confined', async () => {
    const gates = automaticGates(own);
    const input = { task: 't', attempt: 1, input: null, output: 'x' };
    expect((await gates.run([gate(['true'])], input, null)).reason).toMatch(
      /^a gate with a tree runs what an agent wrote/,
    );
    await gates.close();
  });
});
