import { planDigest } from '@gatepost/rules/plan/digest';
import type { Plan, PlanTask } from '@gatepost/rules/plan/plan';
import { taskNamesOf } from '@gatepost/rules/plan/task-numbers';
import { executeUntilKnown } from '@gatepost/shared/ledger/execute-until-known';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { MemoryNetwork } from '@gatepost/shared/ledger/memory-network';
import { packRecords } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { VirtualClock } from '@gatepost/shared/virtual-clock';
import { canonicalJson, sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { Random } from '../chaos/random.js';
import { judgeSimulated } from '../simulation/coordinator.js';
import { Events } from '../simulation/events.js';
import type { Parties } from '../simulation/evidence.js';
import { GatekeeperHost } from '../simulation/gatekeeper-host.js';
import { RIGHT } from '../simulation/plans.js';
import { Wire } from '../simulation/wire.js';

const START_MS = 1_800_000_000_000;
export const SUPPLY = 1_000_000n;
const TASKS = 12;
const DEADLINE_MS = 3_600_000;

/** An agent that does what its owner's tests say. */
export interface HostileAgent {
  readonly account: AccountId;
  readonly inbox: TopicId;
  readonly ledger: Ledger;
}

/** A network with an escrow, a real gatekeeper, agents, and a coordinator's key in hostile hands. */
export class HostileStage {
  readonly clock = new VirtualClock(START_MS);
  readonly events = new Events(this.clock);
  readonly random: Random;
  readonly network: MemoryNetwork;
  readonly owner: AccountId;
  /** The hostile coordinator's as well: where it would like the money to go. */
  readonly mule: AccountId;
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly gatekeeper: GatekeeperHost;
  readonly agents: readonly HostileAgent[];
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly defects: string[] = [];
  readonly #names;

  constructor(seed: number) {
    this.random = new Random(seed);
    const chances = this.random.fork();
    this.network = new MemoryNetwork({
      clock: this.clock,
      random: () => chances.fraction(),
      conditions: { answerMs: [2, 20], consensusMs: [20, 200], readMs: [1, 10], restLagMs: 100, streamLagMs: 80 },
    });
    const { network } = this;
    this.owner = network.createAccount();
    this.mule = network.createAccount();
    const keeper = network.createAccount();
    const escrow = network.createEscrow([this.owner, keeper]);
    this.journal = network.createTopic(this.owner);
    this.token = network.createToken(escrow, SUPPLY);
    network.associate(this.owner, this.token);
    network.associate(this.mule, this.token);
    this.ledger = network.ledger(this.owner);
    this.agents = [0, 1].map(() => {
      const account = network.createAccount();
      network.associate(account, this.token);
      return { account, inbox: network.createTopic(account, this.owner), ledger: network.ledger(account) };
    });
    const { clock, events, owner, journal, defects } = this;
    const hosts = this.agents.map(({ account }) => ({ account, wire: new Wire() }));
    const surroundings = { clock, events, network, owner, journal, hosts, defects };
    this.gatekeeper = new GatekeeperHost(surroundings, keeper, escrow, 0, judgeSimulated, planDigest);
    this.plan = planOf(this.random);
    this.#names = taskNamesOf(this.plan);
  }

  get run(): string {
    return `${this.plan.digest.slice(0, 12)}-1`;
  }

  get parties(): Parties {
    const inboxes = new Map(this.agents.map(({ account, inbox }) => [account, inbox]));
    const { account: judge, escrow: payer } = this.gatekeeper;
    return { coordinator: this.owner, journal: this.journal, token: this.token, judge, payer, inboxes };
  }

  /** Waits in the stage's own time. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.at(this.clock.nowMs() + ms, resolve));
  }

  /** Writes records as somebody. */
  async say(ledger: Ledger, topic: TopicId, record: AnyRecord, run: string | undefined = this.run): Promise<void> {
    for (const message of packRecords(run, [record], this.#names)) {
      const prepared = await ledger.prepare([{ kind: 'message', topic, message }]);
      await executeUntilKnown(ledger, this.clock, prepared);
    }
  }

  /** As an honest coordinator begins. */
  async open(): Promise<void> {
    const { plan, token } = this;
    const { account: gatekeeper, escrow } = this.gatekeeper;
    for (const { ledger, account, inbox } of this.agents) {
      const about = { inbox, address: '127.0.0.1:1', capabilities: ['work'], slots: 99, session: `of-${account}` };
      await this.say(ledger, this.journal, { type: 'online', ...about }, undefined);
    }
    const opened = { plan_sha256: plan.digest, name: plan.name, tasks: plan.tasks.length, token, gatekeeper, escrow };
    await this.say(this.ledger, this.journal, { type: 'run_opened', ...opened });
  }

  async assign(task: PlanTask, attempt: number, agent: HostileAgent): Promise<void> {
    const order = Buffer.from(canonicalJson({ input: task.input }), 'utf8');
    const terms = {
      deadline_ms: this.clock.nowMs() + DEADLINE_MS,
      price: task.price.toString(),
      token: this.token,
      judge: this.gatekeeper.account,
    };
    const input = { input_sha256: sha256(order), input_size: order.length, task_type: task.type };
    await this.say(this.ledger, agent.inbox, { type: 'assign', task: task.id, attempt, ...input, ...terms });
  }

  async deliver(task: PlanTask, attempt: number, agent: HostileAgent, isRight: boolean): Promise<void> {
    const output = JSON.stringify(isRight ? `${RIGHT} ${task.id}` : 'wrong');
    const bytes = { output_sha256: sha256(output), output_size: output.length, output };
    await this.say(agent.ledger, this.journal, { type: 'result', task: task.id, attempt, outcome: 'ok', ...bytes });
  }
}

function planOf(random: Random): Plan {
  const task = (index: number): PlanTask => ({
    id: `t${index}`,
    sequence: 's0',
    type: 'work',
    agent: undefined,
    dependsOn: [],
    input: { index },
    price: BigInt(random.whole(1, 50)),
    deadlineMs: DEADLINE_MS,
    attempts: 3,
    retry: 'any',
    guard: false,
    gates: [{ kind: 'schema', schema: { type: 'string', pattern: `^${RIGHT}` } }],
    saveAs: undefined,
  });
  const content = {
    name: 'hostile',
    sequences: [{ id: 's0', after: [] }],
    tasks: Array.from({ length: TASKS }, (_, index) => task(index)),
    maxTotal: undefined,
    maxFeesUsd: undefined,
  };
  return { ...content, digest: planDigest(content) };
}
