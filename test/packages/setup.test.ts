import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { variablesIn } from '@gatepost/shared/config/environment';
import { generateEvmAccountKey } from '@gatepost/shared/hedera/account-key';
import { agentParty, coordinatorParty, type Party } from 'gatepost/setup/party';
import { type SetupOptions, setup } from 'gatepost/setup/setup';
import { type Finished, runCommand } from 'gatepost/stage/command';
import { type StageNetwork, startEmbeddedNetwork } from 'gatepost/stage/network';
import { afterAll, beforeAll, expect, it } from 'vitest';

const TIMEOUT = { timeout: 180_000 };
const directory = mkdtempSync(join(tmpdir(), 'gatepost-setup-'));
const coordinator = coordinatorParty(directory);
const [agent1, agent2] = [agentParty(directory, 1), agentParty(directory, 2)];
const config = join(coordinator.directory, 'coordinator.yaml');
const said: string[] = [];
let network: StageNetwork;

beforeAll(async () => {
  // As late as the public mirror: nothing that was just made is there to be read.
  network = await startEmbeddedNetwork(join(directory, 'network'), ['--profile', 'testnet']);
}, 60_000);
afterAll(async () => {
  await network.close();
  rmSync(directory, { recursive: true, force: true });
});

const options = (more: Partial<SetupOptions> = {}): SetupOptions => ({
  agents: 1,
  hbar: 20,
  directory,
  executors: undefined,
  listen: [],
  dryRun: false,
  say: (line) => void said.push(line),
  ...more,
});

const as = (party: Party, command: 'coordinator' | 'agent-daemon', ...args: readonly string[]): Promise<Finished> =>
  runCommand(command, args, { ...variablesIn(join(party.directory, '.env')) } as Record<string, string>);
const text = (file: string) => readFileSync(file, 'utf8');
const account = ({ directory: home, variables }: Party) => variablesIn(join(home, '.env'))[variables.account] ?? '';

it(
  'sets up a coordinator and an agent while the mirror lags, and then does only what is missing',
  TIMEOUT,
  async () => {
    await setup(network.env, options({ dryRun: true }));
    expect(said.splice(0)).toEqual([
      'would make: an account for coordinator with 20 ℏ',
      'would make: an account for agent-1 with 20 ℏ',
      'would make: the journal topic',
      'would make: the payment token',
      'would make: the inbox topic of agent-1',
      'would make: the association of agent-1 with the token',
      'about $1.19 of fees, and 40 ℏ for the accounts',
    ]);
    await setup(network.env, options());
    const before = [coordinator, agent1].map((party) => text(join(party.directory, '.env')));
    for (const party of [coordinator, agent1]) {
      expect(statSync(join(party.directory, '.env')).mode & 0o777, party.name).toBe(0o600);
      const key = variablesIn(join(party.directory, '.env'))[party.variables.key] ?? '?';
      expect(said.join('\n'), party.name).not.toContain(key);
    }
    said.length = 0;
    await setup(network.env, options({ agents: 2 }));
    expect(said.filter((line) => line.startsWith('to make'))).toEqual([
      'to make: an account for agent-2 with 20 ℏ',
      'to make: the inbox topic of agent-2',
      'to make: the association of agent-2 with the token',
    ]);
    expect([coordinator, agent1].map((party) => text(join(party.directory, '.env')))).toEqual(before);
    expect(text(config)).toContain(`- ${account(agent1)}\n  - ${account(agent2)}\n`);
  },
);

it('init adds agents to a configuration that is there and keeps the rest of it', TIMEOUT, async () => {
  writeFileSync(config, text(config).replace(/^agents:\n.*\n.*\n/m, `# ours\nagents:\n  - ${account(agent1)}\n`));
  const added = await as(coordinator, 'coordinator', 'init', '--config', config, '--agent', account(agent2));
  expect([added.code, added.stderr]).toEqual([0, '']);
  expect(added.stdout).toContain(`wrote ${config}`);
  expect(text(config)).toContain(`# ours\nagents:\n  - ${account(agent1)}\n  - ${account(agent2)}\n`);
  const again = await as(coordinator, 'coordinator', 'init', '--config', config, '--agent', account(agent2));
  expect(again.stdout).toContain('nothing was changed');
  const other = await as(coordinator, 'coordinator', 'init', '--config', config, '--journal', '0.0.9');
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringMatching(/names journal 0\.0\.\d+, not 0\.0\.9; edit it/),
  ]);
});

it('takes no agent that the network does not know, and makes the account of a new key', TIMEOUT, async () => {
  const before = text(config);
  for (const command of [['init', '--agent'], ['add-agent']]) {
    const unknown = await as(coordinator, 'coordinator', ...command, '0.0.999999', '--config', config);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('local has no account 0.0.999999')]);
  }
  const { evmAddress } = generateEvmAccountKey();
  const poor = await as(coordinator, 'coordinator', 'add-agent', evmAddress, '--config', config);
  expect([poor.code, poor.stderr]).toEqual([2, expect.stringContaining('send it hbar with --fund')]);
  expect(text(config)).toBe(before);
  const funded = await as(coordinator, 'coordinator', 'add-agent', evmAddress, '--fund', '1', '--config', config);
  const made = /added (0\.0\.\d+) to/.exec(funded.stdout)?.[1] ?? funded.stderr;
  expect(text(config)).toContain(`- ${made}\n`);
  const removed = await as(coordinator, 'coordinator', 'remove-agent', made, '--config', config);
  expect([removed.code, text(config)]).toEqual([0, before]);
  const twice = await as(coordinator, 'coordinator', 'remove-agent', made, '--config', config);
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining(`does not name ${made}; its agents: `)]);
});

it('refuses a join line that was cut, changed, or is of another network', TIMEOUT, async () => {
  const { stdout } = await as(coordinator, 'coordinator', 'invite', '--config', config);
  const line = stdout.trim();
  const [head = '', body = ''] = line.split('.');
  const changed = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, string>;
  const forged = (more: Record<string, string>) =>
    `${head}.${Buffer.from(JSON.stringify({ ...changed, ...more })).toString('base64url')}`;
  const file = join(agent2.directory, 'other.yaml');
  const join2 = (...args: readonly string[]) => as(agent2, 'agent-daemon', 'init', '--config', file, ...args);
  for (const [args, message] of [
    [['--join', line.slice(0, -9)], 'paste the whole line'],
    [['--join', forged({ token: '0.0.2' })], `was not signed by ${account(coordinator)}`],
    [['--join', forged({ network: 'testnet' })], 'but this host is set to local'],
    [['--join', line, '--token', '0.0.2'], '--join says what --token would say'],
  ] as const) {
    const { code, stderr } = await join2(...args);
    expect([code, stderr], args.join(' ')).toEqual([2, expect.stringContaining(message)]);
  }
  const { code, stderr } = await join2('--coordinator', account(coordinator), '--journal', '0.0.7', '--token', '0.0.8');
  expect(code, stderr).toBe(1);
  expect(stderr).toContain('waiting for the mirror to show token 0.0.8');
});
