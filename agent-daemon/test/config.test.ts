import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insecureIdentity } from '@gatepost/shared/server/tls';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/daemon-config.js';
import { readExecutorsFile } from '../src/config/executors.js';
import { runDaemon } from './support/daemon-process.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatepost-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const GOOD = `account: 0.0.20
coordinator: { account: 0.0.10 }
journal: 0.0.31
token: 0.0.40
inbox: 0.0.30
tls: { cert: tls/cert.pem, key: tls/key.pem }
`;

function file(text: string, name = 'agent.yaml'): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function problems(text: string): string[] {
  const path = file(text);
  try {
    loadConfig(path);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(GatepostError);
    expect((error as GatepostError).exitCode).toBe(2);
    return (error as GatepostError).message.replaceAll(`${path}:`, '').split('\n');
  }
}

describe('the configuration file', () => {
  it('has defaults for what may be left out, and resolves paths against itself', () => {
    const config = loadConfig(file(GOOD));
    expect(config).toMatchObject({
      listen: '127.0.0.1:0',
      heartbeatMs: 2_000,
      drainMs: 30_000,
      data: join(directory, 'data'),
    });
    expect(config.limits).toMatchObject({ slots: 2, queue: 64, maxOutputBytes: 16_777_216, graceMs: 5_000 });
    expect(config.lease).toEqual({ intervalMs: 3_600_000, idleIntervalMs: 21_600_000 });
  });

  it('makes a time out of the turns of daemons of one owner, whose round is not longer than a lease may be late', () => {
    const turn = (text: string) => `${GOOD}lease: { turn: ${text} }\n`;
    expect(loadConfig(file(turn('{ number: 3, of: 100, per_second: 4 }'))).lease.turn).toEqual({
      everyMs: 25_000,
      afterMs: 500,
    });
    expect(problems(turn('{ number: 5, of: 4, per_second: 1 }'))[0]).toMatch(/number must not be greater than of/);
    expect(problems(turn('{ number: 1, of: 1801, per_second: 1 }'))[0]).toMatch(/must not be longer than half of/);
  });

  it('names every problem at its line, all at once', () => {
    const text = `${GOOD.replace('journal: 0.0.31', 'journal: zero')}colour: blue
slots: 0
lease: { interval: 2s }
limits: { max_input: huge }
executors:
  build: { command: [make], http: "http://127.0.0.1:1" }
  test: { command: [] , environment: [PATH] }
`;
    expect(problems(text)).toEqual([
      '3:10: journal: must look like 0.0.1234',
      '8:8: slots: Too small: expected number to be >=1',
      '10:22: limits.max_input: must be a size from 1 to 1073741824 bytes, such as 64KiB or 16MiB',
      '9:20: lease.interval: must be a duration from 5000ms to 604800000ms, such as 500ms, 30s, 10m or 2h',
      '12:10: executors.build: needs exactly one of command, http, module, acp',
      '13:20: executors.test.command: Too small: expected array to have >=1 items',
      '13:25: executors.test.environment: unknown key',
      '7:1: colour: unknown key',
    ]);
  });

  it('that is no YAML, has a key twice, or is missing, says so', () => {
    expect(problems('account: [')[0]).toMatch(/^2:1: |^1:/);
    expect(problems(`${GOOD}account: 0.0.21\n`)[0]).toMatch(/^7:1: Map keys must be unique/);
    expect(() => loadConfig(join(directory, 'none.yaml'))).toThrow(/no such file; create it with: agent-daemon init/);
  });

  it('makes programs and files beside the executors file absolute and leaves other arguments alone', () => {
    mkdirSync(join(directory, 'agents'));
    file('', 'agents/task.mjs');
    const path = file(
      'a: { command: [node, task.mjs, -v, other] }\nb: { command: [./run.sh] }\n',
      'agents/executors.yaml',
    );
    const { a, b } = readExecutorsFile(path);
    expect(a?.command).toEqual(['node', join(directory, 'agents/task.mjs'), '-v', 'other']);
    expect(b?.command).toEqual([join(directory, 'agents/run.sh')]);
  });
});

it('insecure loopback is for loopback addresses only', () => {
  expect(insecureIdentity('127.0.0.1:0').certificateSha256).toBe('');
  for (const address of ['0.0.0.0:1', '192.168.0.1:1', '[::]:1'])
    expect(() => insecureIdentity(address), address).toThrow(/loopback/);
});

describe('the command', () => {
  const env = { AGENT_ACCOUNT_ID: '0.0.20', GATEPOST_NODE: '127.0.0.1:1', GATEPOST_MIRROR_REST: 'http://127.0.0.1:1' };

  it('ends with exit code 2 and one clear line for bad input', async () => {
    const config = file(GOOD);
    const secret = 'ed25519:nothexatall';
    const cases = [
      [['serve', '--config', join(directory, 'none.yaml')], {}, /no such file/],
      [['--config', join(directory, 'none.yaml'), '--json'], {}, /no such file/],
      [['serve', '--config', config, '--frobnicate'], {}, /unknown option/],
      [
        ['init', '--config', join(directory, 'new.yaml')],
        {},
        /missing environment variables: AGENT_ACCOUNT_ID .*AGENT_PRIVATE_KEY/,
      ],
      [['doctor', '--config', config], { ...env, AGENT_PRIVATE_KEY: secret }, /AGENT_PRIVATE_KEY is not a private key/],
    ] as const;
    for (const [args, variables, message] of cases) {
      const { code, stderr, stdout } = await runDaemon(args, variables);
      expect(stderr, args.join(' ')).toMatch(message);
      expect(code, args.join(' ')).toBe(2);
      expect(stdout + stderr).not.toContain(secret);
    }
  });

  it('shows examples in every help', async () => {
    for (const args of [['--help'], ['init', '--help'], ['serve', '--help'], ['doctor', '--help']]) {
      const { code, stdout } = await runDaemon(args, {});
      expect(code, args.join(' ')).toBe(0);
      expect(stdout, args.join(' ')).toMatch(/Examples?:\n {2}agent-daemon/);
    }
  });
});
