import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@gatepost/agent-daemon/cli/serve';
import { loadConfig } from '@gatepost/agent-daemon/config/daemon-config';
import { connectAgent } from '@gatepost/agent-daemon/shell/access';
import { examine as examineAgent } from '@gatepost/agent-daemon/shell/doctor/examine';
import { init } from '@gatepost/agent-daemon/shell/init';
import { connectCoordinator } from '@gatepost/coordinator/cli/command';
import { runWith } from '@gatepost/coordinator/cli/run';
import { examine as examineCoordinator } from '@gatepost/coordinator/shell/doctor/examine';
import type { RunSummary } from '@gatepost/coordinator/shell/reports/summary';
import { requireOwnConfig, writeConfig } from '@gatepost/coordinator/shell/setup/config-file';
import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import { type Environment, variablesFor } from '@gatepost/shared/config/environment';
import type { NetworkConfig } from '@gatepost/shared/config/network';
import { networkVariables } from '@gatepost/shared/config/network';
import { diagnose } from '@gatepost/shared/doctor/diagnose';
import type { Finding } from '@gatepost/shared/doctor/finding';
import { type AccountKey, generateAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount, transferHbar } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { createTopic, messageTransaction } from '@gatepost/shared/hedera/topics';
import { send } from '@gatepost/shared/hedera/transaction';
import { createLogger } from '@gatepost/shared/log';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { type ErrorCode, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId, type TokenId, type TopicId, tokenId } from '@gatepost/shared/vocabulary/ids';
import { Hbar, TokenCreateTransaction, type Transaction, TransferTransaction } from '@hashgraph/sdk';
import { type RunningCommand, startCommand } from 'gatepost/stage/command';
import { parse, stringify } from 'yaml';

/** An account with its key, in both forms. */
export interface Party {
  readonly account: AccountId;
  readonly key: AccountKey;
  readonly der: string;
  readonly connection: Connection;
}

/** What a row changes: variables of the environment, settings of the configuration file. */
export interface Change {
  readonly env?: Environment;
  readonly config?: object;
}

/** How a command ended. */
export interface End {
  /** Undefined when it did all it should. */
  readonly code: ErrorCode | undefined;
  readonly exitCode: number;
  /** What happened, and what to do. */
  readonly message: string;
  readonly advice: string;
  readonly summary: RunSummary | undefined;
}

/** Less than any transaction costs. */
const LEFT_TINYBAR = 10_000n;
const SILENT = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });

export function networkOf({ ports }: Ledger): NetworkConfig {
  return {
    name: 'local',
    node: `127.0.0.1:${ports.consensus}`,
    mirrorGrpc: `127.0.0.1:${ports.mirrorGrpc}`,
    mirrorRest: `http://127.0.0.1:${ports.mirrorRest}`,
  };
}

/** One sound set-up on an embedded network, to be broken in many ways: a coordinator and an agent whose daemon serves. */
export class BrokenStage {
  readonly directory = mkdtempSync(join(tmpdir(), 'gatepost-broken-'));
  #daemon: RunningCommand | undefined;
  #files = 0;

  private constructor(
    readonly ledger: Ledger,
    readonly network: NetworkConfig,
    readonly operator: Connection,
    readonly coordinator: Party,
    readonly agent: Party,
    readonly journal: TopicId,
    readonly token: TokenId,
  ) {}

  static async open(): Promise<BrokenStage> {
    const ledger = await startLedger({ ports: { fees: false, control: false } });
    const network = networkOf(ledger);
    const { accountId: funded, privateKey } = ledger.operator;
    const operator = connect(network, accountId(funded), parseAccountKey(privateKey, 'operator'));
    const [coordinator, agent] = [await newParty(network, operator), await newParty(network, operator)];
    const journal = await createTopic(coordinator.connection, { memo: 'gatepost journal' });
    const { account, key, connection } = coordinator;
    const made = await send(
      connection,
      new TokenCreateTransaction()
        .setTokenName('T')
        .setTokenSymbol('T')
        .setDecimals(0)
        .setInitialSupply(1_000)
        .setTreasuryAccountId(account)
        .setSupplyKey(key.publicKey)
        .setPauseKey(key.publicKey)
        .setFreezeKey(key.publicKey),
      { maxFeeHbar: 60 },
    );
    const token = tokenId(made.tokenId ?? '');
    const stage = new BrokenStage(ledger, network, operator, coordinator, agent, journal, token);
    await stage.#prepareAgent();
    await stage.startDaemon();
    return stage;
  }

  async #prepareAgent(): Promise<void> {
    const { directory, coordinator, journal, token } = this;
    const executors = join(directory, 'executors.yaml');
    const held = ['sh', '-c', `until test -e ${directory}/$GATEPOST_TASK; do sleep 0.05; done; printf done`];
    writeFileSync(
      executors,
      stringify({
        work: { command: ['printf', 'done'], confine: 'none' },
        held: { command: held, confine: 'none' },
      }),
    );
    mkdirSync(join(directory, 'agent'));
    await init(this.agent.connection, {
      config: this.agentFile,
      coordinator: coordinator.account,
      journal,
      token,
      executors,
      data: join(directory, 'agent/data'),
    });
  }

  get agentFile(): string {
    return join(this.directory, 'agent/agent.yaml');
  }

  /** Starts the agent's daemon as a process of its own. */
  async startDaemon(): Promise<void> {
    const logFile = join(this.directory, 'daemon.log');
    const env = { ...this.#agentEnv, ...variablesFor(['PATH']) } as Record<string, string>;
    this.#daemon = startCommand('agent-daemon', ['serve', '--config', this.agentFile, '--json'], {
      name: 'agent',
      env,
      logFile,
    });
    await this.#daemon.ready;
  }

  /** Where the daemon serves. */
  async daemonAddress(): Promise<string> {
    return String((await this.#daemon?.ready)?.address);
  }

  async killDaemon(): Promise<void> {
    this.#daemon?.kill('SIGKILL');
    await this.#daemon?.exited;
  }

  newParty(): Promise<Party> {
    return newParty(this.network, this.operator);
  }

  get #agentEnv(): Environment {
    const { account, der } = this.agent;
    return { ...networkVariables(this.network), AGENT_ACCOUNT_ID: account, AGENT_PRIVATE_KEY: der };
  }

  get #coordinatorEnv(): Environment {
    const { account, der } = this.coordinator;
    return { ...networkVariables(this.network), COORDINATOR_ACCOUNT_ID: account, COORDINATOR_PRIVATE_KEY: der };
  }

  /** A file of the coordinator's configuration with some of it changed. */
  #coordinatorFile(change: object = {}): string {
    this.#files += 1;
    const file = join(this.directory, `coordinator-${this.#files}.yaml`);
    const { coordinator, agent, journal, token } = this;
    const limits = { payment_window: '15s', settle_within: '100ms', agent_wait: '20s' };
    const config = {
      account: coordinator.account,
      journal,
      token,
      agents: [agent.account],
      state_dir: 'state',
      limits,
    };
    writeConfig(file, { ...config, ...change });
    return file;
  }

  /** The same of the agent's. */
  #agentFileWith(change: object = {}): string {
    this.#files += 1;
    const file = join(this.directory, 'agent', `agent-${this.#files}.yaml`);
    writeFileSync(file, `${stringify({ ...parse(readFileSync(this.agentFile, 'utf8')), ...change })}`);
    return file;
  }

  /** What `coordinator doctor` finds. @param shiftMs how far this host's clock is off. */
  doctor({ env, config }: Change = {}, shiftMs = 0): Promise<readonly Finding[]> {
    const file = this.#coordinatorFile(config);
    const read = async () => {
      const connection = await connectCoordinator({ ...this.#coordinatorEnv, ...env });
      const { network, account, key } = connection;
      const shifted = connect(network, account, key, () => Date.now() + shiftMs);
      connection.close();
      return { connection: shifted, config: requireOwnConfig(file, account) };
    };
    return diagnose(file, read, (connection, found) => examineCoordinator(connection, found, SILENT));
  }

  /** What `agent-daemon doctor` finds. */
  agentDoctor({ env, config }: Change = {}): Promise<readonly Finding[]> {
    const file = this.#agentFileWith(config);
    const read = async () => {
      const found = loadConfig(file);
      return { config: found, connection: connectAgent({ ...this.#agentEnv, ...env }, found.account) };
    };
    return diagnose(file, read, examineAgent);
  }

  /** `agent-daemon serve`, which is to end before it serves. */
  async serve({ env, config }: Change = {}): Promise<End> {
    const options = { config: this.#agentFileWith(config) };
    return endOf(async () => void (await serve({ ...this.#agentEnv, GATEPOST_LOG_LEVEL: 'silent', ...env }, options)));
  }

  /** `coordinator run`. */
  async run(planFile: string, { env, config }: Change = {}, outputDir = join(this.directory, 'output')): Promise<End> {
    let summary: RunSummary | undefined;
    const reporter = {
      begin: () => undefined,
      change: () => undefined,
      progress: () => undefined,
      waiting: () => undefined,
      end: (found: RunSummary) => {
        summary = found;
      },
    };
    const variables: Environment = { ...this.#coordinatorEnv, GATEPOST_LOG_LEVEL: 'silent', ...env };
    const options = { config: this.#coordinatorFile(config), outputDir };
    const never = new AbortController().signal;
    const end = await endOf(() => runWith(variables, planFile, options, () => reporter, never));
    return { ...end, summary };
  }

  /** A plan file. */
  plan(name: string, tasks: readonly object[]): string {
    const file = join(this.directory, `${name}.yaml`);
    writeFileSync(
      file,
      stringify({ name, sequences: [{ id: 's', tasks: tasks.map((task) => ({ gate: 'none', ...task })) }] }),
    );
    return file;
  }

  /** Lets a held task end. */
  release(task: string): void {
    writeFileSync(join(this.directory, task), '');
  }

  /** Has an account send a transaction. */
  async send({ connection }: Pick<Party, 'connection'>, transaction: Transaction): Promise<void> {
    await send(connection, transaction, { maxFeeHbar: 5 });
  }

  /** Has an account write a record to a topic. */
  async write(party: Pick<Party, 'connection'>, topic: TopicId, record: AnyRecord): Promise<void> {
    const [message = Buffer.alloc(0)] = packRecords(undefined, [record]);
    await this.send(party, messageTransaction(topic, message));
  }

  /** Takes the coordinator all hbar but what one message costs a tenth of; the operator pays for it. */
  async drain(): Promise<void> {
    const { account, key, connection } = this.coordinator;
    const away = (await connection.mirror.hbarBalance(account)) - LEFT_TINYBAR;
    const transfer = new TransferTransaction()
      .addHbarTransfer(account, Hbar.fromTinybars((-away).toString()))
      .addHbarTransfer(this.operator.account, Hbar.fromTinybars(away.toString()))
      .freezeWith(this.operator.client);
    const signed = await transfer.signWith(key.publicKey, async (bytes) => key.sign(bytes));
    await (await signed.execute(this.operator.client)).getReceipt(this.operator.client);
  }

  /** Gives the coordinator hbar again. */
  fund(): Promise<void> {
    return transferHbar(this.operator, this.coordinator.account, 100);
  }

  /** Moves tokens of the coordinator to the agent, or back. */
  async moveTokens(from: Party, to: Party, amount: bigint): Promise<void> {
    const { token } = this;
    const transfer = new TransferTransaction()
      .addTokenTransfer(token, from.account, -amount)
      .addTokenTransfer(token, to.account, amount);
    await this.send(from, transfer);
  }

  /** What the agent holds. */
  async paid(): Promise<bigint> {
    const { connection, account } = this.agent;
    return (await connection.mirror.tokenBalance(account, this.token)) ?? 0n;
  }

  /** What the coordinator holds. */
  async treasury(): Promise<bigint> {
    const { connection, account } = this.coordinator;
    return (await connection.mirror.tokenBalance(account, this.token)) ?? 0n;
  }

  /** How many transactions the coordinator has paid for. */
  async transactions(): Promise<number> {
    const { account, connection } = this.coordinator;
    let count = 0;
    for await (const { transaction_id } of connection.mirror.transactionsOf(account, 0n)) {
      if (transaction_id.startsWith(`${account}-`)) count += 1;
    }
    return count;
  }

  async close(): Promise<void> {
    await this.#daemon?.stop();
    for (const connection of [this.coordinator.connection, this.agent.connection, this.operator]) connection.close();
    await this.ledger.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function newParty(network: NetworkConfig, operator: Connection): Promise<Party> {
  const { key, der } = generateAccountKey();
  const account = await createAccount(operator, key.publicKey, 500);
  return { account, key, der, connection: connect(network, account, key) };
}

async function endOf(command: () => Promise<void>): Promise<End> {
  try {
    await command();
    return { code: undefined, exitCode: 0, message: '', advice: '', summary: undefined };
  } catch (thrown) {
    const { code, exitCode, message, advice } = toGatepostError(thrown);
    return { code, exitCode, message, advice, summary: undefined };
  }
}
