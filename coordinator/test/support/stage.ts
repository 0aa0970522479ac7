import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { DEFAULT_LIMITS, type Limits } from '@gatepost/coordinator/core/decide/limits';
import type { Reporter } from '@gatepost/coordinator/shell/reports/reporter';
import type { RunEnd } from '@gatepost/coordinator/shell/run/begun-run';
import { runPlan } from '@gatepost/coordinator/shell/run/run-plan';
import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import type { Plan } from '@gatepost/rules/plan/plan';
import type { ArtifactsPlace } from '@gatepost/shared/config/artifacts';
import type { NetworkConfig } from '@gatepost/shared/config/network';
import { generateAccountKey, parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { createAccount } from '@gatepost/shared/hedera/accounts';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { createToken, tokenTransfer } from '@gatepost/shared/hedera/tokens';
import { createTopic } from '@gatepost/shared/hedera/topics';
import { send } from '@gatepost/shared/hedera/transaction';
import { unpackMessage } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { LearntNames, withIds } from '@gatepost/shared/records/task-names';
import { accountId, type TokenId, type TopicId, topicId } from '@gatepost/shared/vocabulary/ids';
import { AccountUpdateTransaction, TokenDissociateTransaction, TopicDeleteTransaction } from '@hashgraph/sdk';
import { pino } from 'pino';
import { parse, stringify } from 'yaml';
import { NodeProxy } from './node-proxy.js';

const DAEMON = join(import.meta.dirname, '../../../agent-daemon/bin/agent-daemon.js');
const SILENT: Reporter = {
  begin: () => undefined,
  change: () => undefined,
  progress: () => undefined,
  waiting: () => undefined,
  end: () => undefined,
};

/** An account and the key its process gets. */
export interface Member {
  readonly connection: Connection;
  readonly der: string;
}

/** What a test wants otherwise. */
export interface RunChange {
  readonly limits?: Partial<Limits>;
  readonly takeOver?: boolean;
  readonly wantNew?: boolean;
  readonly outputDir?: string;
  readonly artifacts?: ArtifactsPlace;
  readonly waiting?: Reporter['waiting'];
  readonly token?: TokenId;
  readonly journal?: TopicId;
  /** How long the coordinator's records wait for others, milliseconds. */
  readonly fillMs?: number;
}

const ownToken = (coordinator: Connection): Promise<TokenId> =>
  createToken(coordinator, { name: 'T', symbol: 'T', decimals: 0, initialSupply: 1_000_000n });

/** An embedded network. */
export class TestLedger {
  private constructor(
    readonly ledger: Ledger,
    readonly network: NetworkConfig,
    readonly operator: Connection,
  ) {}

  static async start(): Promise<TestLedger> {
    const ledger = await startLedger({ ports: { fees: false, control: false } });
    const { consensus, mirrorGrpc, mirrorRest } = ledger.ports;
    const network: NetworkConfig = {
      name: 'local',
      node: `127.0.0.1:${consensus}`,
      mirrorGrpc: `127.0.0.1:${mirrorGrpc}`,
      mirrorRest: `http://127.0.0.1:${mirrorRest}`,
    };
    const key = parseAccountKey(ledger.operator.privateKey, 'operator');
    return new TestLedger(ledger, network, connect(network, accountId(ledger.operator.accountId), key));
  }

  async member(): Promise<Member> {
    const { key, der } = generateAccountKey();
    const account = await createAccount(this.operator, key.publicKey, 500);
    return { connection: connect(this.network, account, key), der };
  }

  async close(): Promise<void> {
    this.operator.close();
    await this.ledger.close();
  }
}

/** Replaces an account's key (CryptoUpdate), which both keys sign. */
async function rotated(network: NetworkConfig, { connection: old }: Member): Promise<Member> {
  const { key, der } = generateAccountKey();
  const update = new AccountUpdateTransaction().setAccountId(old.account).setKey(key.publicKey);
  await send(old, update, { signers: [key] });
  old.close();
  return { connection: connect(network, old.account, key), der };
}

/** A coordinator's accounts, journal and token, and one agent daemon as a process of its own. */
export class Lane {
  readonly directory = mkdtempSync(join(tmpdir(), 'gatepost-lane-'));
  #daemons: ChildProcess[] = [];

  private constructor(
    readonly test: TestLedger,
    public coordinator: Member,
    readonly journal: TopicId,
    readonly token: TokenId,
    readonly agents: Member[],
    readonly more: Readonly<Record<string, string>>,
    readonly settings: object,
  ) {}

  /**
   * @param more variables that every process is given besides.
   * @param issue makes the token that pays; by default one whose treasury the coordinator is.
   * @param settings of every daemon, besides those of `init`.
   */
  static async open(
    test: TestLedger,
    executors: object,
    agents = 1,
    more = {},
    issue = ownToken,
    settings = {},
  ): Promise<Lane> {
    const coordinator = await test.member();
    const journal = await createTopic(coordinator.connection, { memo: 'journal' });
    const token = await issue(coordinator.connection);
    const members = await Promise.all(Array.from({ length: agents }, () => test.member()));
    const lane = new Lane(test, coordinator, journal, token, members, more, settings);
    await Promise.all(
      members.map((member, index) => lane.#startDaemon(member, join(lane.directory, `agent-${index}`), executors)),
    );
    return lane;
  }

  async #startDaemon({ connection, der }: Member, home: string, executors: object): Promise<void> {
    const env = { ...this.environment, AGENT_ACCOUNT_ID: connection.account, AGENT_PRIVATE_KEY: der };
    const file = join(this.directory, 'executors.yaml');
    writeFileSync(file, stringify(executors));
    // A host of its own: the certificate is made beside the configuration, and agents start at the same time.
    const host = `${home}-host`;
    mkdirSync(host, { recursive: true });
    const config = join(host, 'agent.yaml');
    const owner = [
      '--coordinator',
      this.coordinator.connection.account,
      '--journal',
      this.journal,
      '--token',
      this.token,
    ];
    const init = [
      DAEMON,
      'init',
      '--config',
      config,
      '--data',
      home,
      '--executors',
      file,
      ...owner,
      '--listen',
      '127.0.0.1:0',
    ];
    await promisify(execFile)(process.execPath, init, { env, cwd: this.directory });
    writeFileSync(config, stringify({ ...parse(readFileSync(config, 'utf8')), ...this.settings }));
    const daemon = spawn(process.execPath, [DAEMON, 'serve', '--config', config, '--json'], {
      env,
      cwd: this.directory,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#daemons.push(daemon);
    await once(createInterface({ input: daemon.stdout }), 'line');
  }

  /** A configuration with a state directory of its own. */
  config(limits: Partial<Limits> = {}) {
    return {
      account: this.coordinator.connection.account,
      journal: this.journal,
      token: this.token,
      agents: this.agents.map((agent) => agent.connection.account),
      stateDir: mkdtempSync(join(this.directory, 'state-')),
      limits: { ...DEFAULT_LIMITS, paymentWindowMs: 15_000, quarantineMs: 15_000, ...limits },
    };
  }

  /** What a process of ours needs to reach the network, and nothing of our own environment but the path to Node. */
  get environment(): Record<string, string> {
    const { node = '', mirrorGrpc, mirrorRest } = this.test.network;
    return {
      PATH: process.env.PATH ?? '',
      GATEPOST_NETWORK: 'local',
      GATEPOST_NODE: node,
      GATEPOST_MIRROR_GRPC: mirrorGrpc,
      GATEPOST_MIRROR_REST: mirrorRest,
      GATEPOST_LOG_LEVEL: 'warn',
      ...this.more,
    };
  }

  /** An agent gives the coordinator what it holds. */
  async sendBack({ connection }: Member, amount: bigint): Promise<void> {
    const to = this.coordinator.connection.account;
    if (amount > 0n) await send(connection, tokenTransfer(connection, this.token, [{ to, amount }]));
  }

  /** Takes an agent's association with the token away, so that it cannot be paid. */
  async dissociate({ connection }: Member): Promise<void> {
    const transaction = new TokenDissociateTransaction().setAccountId(connection.account).setTokenIds([this.token]);
    await send(connection, transaction);
  }

  /** Runs a plan in this process, as `coordinator run` does, through a proxy and with an empty state directory. */
  async run(plan: Plan, proxy: NodeProxy, signal: AbortSignal, change: RunChange = {}): Promise<RunEnd> {
    const { account, key } = this.coordinator.connection;
    const connection = connect({ ...this.test.network, node: proxy.address }, account, key);
    const { token = this.token, journal = this.journal } = change;
    const { artifacts, fillMs } = change;
    const config = { ...this.config(change.limits), token, journal, artifacts, fillMs };
    const places = {
      planFile: join(this.directory, 'plan.yaml'),
      outputDir: change.outputDir ?? join(config.stateDir, 'output'),
    };
    const choices = { insecureLoopback: false, wantNew: change.wantNew ?? false, takeOver: change.takeOver ?? false };
    const log = pino({ level: 'silent' });
    try {
      return await runPlan(
        connection,
        { plan, config, ...places, ...choices },
        { ...SILENT, waiting: change.waiting ?? SILENT.waiting },
        signal,
        log,
      );
    } finally {
      connection.close();
    }
  }

  proxy(cutAt?: Parameters<typeof NodeProxy.open>[1]): Promise<NodeProxy> {
    return NodeProxy.open(this.test.network.node ?? '', cutAt);
  }

  /** An agent deletes the inbox it announced. */
  async deleteInbox({ connection }: Member): Promise<void> {
    const [online] = (await this.records(undefined)).filter((record) => record.type === 'online');
    await send(connection, new TopicDeleteTransaction().setTopicId(online?.inbox ?? ''));
  }

  /** Runs of which the journal speaks. */
  async runs(): Promise<string[]> {
    const runs = new Set<string>();
    for await (const { message } of this.coordinator.connection.mirror.messagesAfter(this.journal, 0)) {
      const decoded = unpackMessage(message);
      if (!('malformed' in decoded) && decoded.run !== undefined) runs.add(decoded.run);
    }
    return [...runs];
  }

  /** Records of one run on the journal, or of lives. */
  async records(run: string | undefined): Promise<AnyRecord[]> {
    const records = await this.#recordsOn(this.journal, run);
    if (run === undefined) return records;
    const names = new LearntNames();
    const inboxes = (await this.records(undefined)).flatMap((one) => (one.type === 'online' ? [one.inbox] : []));
    for (const inbox of new Set(inboxes)) {
      for (const record of await this.#recordsOn(topicId(inbox), run)) {
        if (record.type === 'assign') names.learn(record.task, record.numbered);
      }
    }
    return records.map((record) => withIds(record, names));
  }

  async #recordsOn(topic: TopicId, run: string | undefined): Promise<AnyRecord[]> {
    const records: AnyRecord[] = [];
    for await (const { message } of this.coordinator.connection.mirror.messagesAfter(topic, 0)) {
      const decoded = unpackMessage(message);
      if ('malformed' in decoded || decoded.run !== run) continue;
      records.push(...decoded.records);
    }
    return records;
  }

  /** What the agents hold together. */
  async held(): Promise<bigint> {
    const { mirror } = this.coordinator.connection;
    const balances = await Promise.all(
      this.agents.map(({ connection }) => mirror.tokenBalance(connection.account, this.token)),
    );
    return balances.reduce<bigint>((sum, balance) => sum + (balance ?? 0n), 0n);
  }

  /** The coordinator's account gets a new key, as its owner gives it one. */
  async rotateCoordinator(): Promise<void> {
    this.coordinator = await rotated(this.test.network, this.coordinator);
  }

  /** The only agent's account gets a new key too. */
  async rotateAgent(): Promise<void> {
    const [agent] = this.agents;
    if (agent !== undefined) this.agents.splice(0, 1, await rotated(this.test.network, agent));
  }

  /** The only agent's daemon, which was stopped, is set up once more and started again. */
  async restartAgent(executors: object): Promise<void> {
    const [agent] = this.agents;
    if (agent !== undefined) await this.#startDaemon(agent, join(this.directory, 'agent-0'), executors);
  }

  /** The agents' hosts go down, or with SIGTERM the daemons end in good order. */
  async killAgents(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    for (const daemon of this.#daemons) {
      daemon.kill(signal);
      if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
    }
  }

  async close(): Promise<void> {
    await this.killAgents();
    for (const { connection } of [this.coordinator, ...this.agents]) connection.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
