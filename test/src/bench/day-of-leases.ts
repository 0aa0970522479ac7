import { setTimeout as sleep } from 'node:timers/promises';
import type { LeasePolicy } from '@gatepost/agent-daemon/core/lease-planner';
import type { LeaseRows } from '@gatepost/agent-daemon/shell/store/rows';
import { LeaseRunner } from '@gatepost/agent-daemon/shell/work/lease-runner';
import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import type { Clock } from '@gatepost/shared/clock';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { createTopic } from '@gatepost/shared/hedera/topics';
import { createLogger } from '@gatepost/shared/log';
import { fromTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import { accountId, type TopicId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';

const DAY_MS = 86_400_000;
const POLL_MS = 1;

/** Tasks one after the other, each with so much time until its deadline. */
export interface DayWork {
  readonly taskMs: number;
  readonly deadlineMs: number;
}

/** What the leases of all agents came to, by the mirror alone. */
export interface Day {
  readonly created: number;
  readonly deleted: number;
  /** Death notices of agents that lived. */
  readonly lapsed: number;
  readonly failed: number;
  readonly usd: number;
}

/** The network's own clock, moved by hand; what waits for it is called when its time has come. */
class SteppedClock implements Clock {
  #waiting: { readonly timeMs: number; readonly callback: () => void }[] = [];

  constructor(private readonly ledger: Ledger) {}

  nowMs = (): number => msFromNanos(this.ledger.clock.now());

  soon = (callback: () => void): void => void setImmediate(callback);

  at = (timeMs: number, callback: () => void): (() => void) => {
    const entry = { timeMs, callback };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
    };
  };

  /** When something is due next; undefined while only an answer of the ledger can change anything. */
  get dueMs(): number | undefined {
    return this.#waiting.length === 0 ? undefined : Math.min(...this.#waiting.map(({ timeMs }) => timeMs));
  }

  wake(): void {
    const nowMs = this.nowMs();
    const due = this.#waiting.filter(({ timeMs }) => timeMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ timeMs }) => timeMs > nowMs);
    for (const { callback } of due) callback();
  }
}

/** A daemon's real leases, without the daemon around them. */
class LeasedAgent {
  readonly #runner: LeaseRunner;
  #heldUntilMs: number | undefined;
  #noted: LeaseRows = [];

  constructor(
    readonly connection: Connection,
    readonly clock: SteppedClock,
    journal: TopicId,
    policy: LeasePolicy,
    jitter: number,
  ) {
    const log = createLogger('leases', { GATEPOST_LOG_LEVEL: 'silent' });
    this.#runner = new LeaseRunner({
      ledger: hederaLedger(connection, log),
      journal,
      store: {
        leases: () => this.#noted,
        putLeases: async (rows) => {
          this.#noted = rows;
        },
      },
      clock,
      policy,
      session: connection.account,
      jitter,
      hears: () => true,
      address: () => '127.0.0.1:1',
      living: async () => [],
      heldUntilMs: () => this.#heldUntilMs,
      announceAgain: () => {},
      log,
    });
  }

  start(): void {
    this.#runner.start();
  }

  begin(deadlineMs: number): void {
    this.#heldUntilMs = deadlineMs;
    this.#runner.tick();
  }

  async close(): Promise<void> {
    await this.#runner.stop();
    this.connection.close();
  }
}

/**
 * 24 hours of agents that hold leases and are online already, with the real lease code on an embedded network whose clock
 * is moved from one event to the next.
 * @param work what each of them works on all day; nothing when left out.
 */
export async function dayOfLeases(count: number, policy: LeasePolicy, work?: DayWork): Promise<Day> {
  const ledger = await startLedger({ accounts: count, ports: { fees: false, control: false } });
  try {
    return await dayOn(ledger, policy, work);
  } finally {
    await ledger.close();
  }
}

async function dayOn(ledger: Ledger, policy: LeasePolicy, work: DayWork | undefined): Promise<Day> {
  const network = networkFromEnvironment({
    GATEPOST_NODE: `127.0.0.1:${ledger.ports.consensus}`,
    GATEPOST_MIRROR_GRPC: `127.0.0.1:${ledger.ports.mirrorGrpc}`,
    GATEPOST_MIRROR_REST: `http://127.0.0.1:${ledger.ports.mirrorRest}`,
  });
  const agents: LeasedAgent[] = [];
  for (const [index, { accountId: id, privateKey }] of ledger.accounts.entries()) {
    const clock = new SteppedClock(ledger);
    const connection = connect(network, accountId(id), parseAccountKey(privateKey, 'key'), clock.nowMs);
    const journal = await createTopic(connection, { memo: 'journal' });
    agents.push(new LeasedAgent(connection, clock, journal, policy, (index + 1) / ledger.accounts.length));
  }
  for (const agent of agents) agent.start();
  await allCalm(agents);
  const beginMs = msFromNanos(ledger.clock.now());
  await passDay(ledger, agents, beginMs, work);
  const days = await Promise.all(agents.map(({ connection }) => countDay(connection, beginMs)));
  for (const agent of agents) await agent.close();
  const sum = (of: (day: Day) => number) => days.reduce((total, day) => total + of(day), 0);
  return {
    created: sum(({ created }) => created),
    deleted: sum(({ deleted }) => deleted),
    lapsed: sum(({ lapsed }) => lapsed),
    failed: sum(({ failed }) => failed),
    usd: sum(({ usd }) => usd),
  };
}

/** Until no agent waits for an answer of the ledger: no time passes meanwhile but the machine's own. */
async function allCalm(agents: readonly LeasedAgent[]): Promise<void> {
  while (agents.some(({ clock }) => clock.dueMs === undefined)) await sleep(POLL_MS);
}

async function passDay(
  ledger: Ledger,
  agents: readonly LeasedAgent[],
  beginMs: number,
  work: DayWork | undefined,
): Promise<void> {
  for (let taskAtMs = work === undefined ? Infinity : beginMs; ; ) {
    const nextMs = Math.min(taskAtMs, ...agents.map(({ clock }) => clock.dueMs ?? Infinity));
    if (nextMs >= beginMs + DAY_MS) return;
    const ahead = nanosFromMs(nextMs) - ledger.clock.now();
    if (ahead > 0n) await ledger.clock.advance(ahead);
    for (const { clock } of agents) clock.wake();
    if (work !== undefined && nextMs >= taskAtMs) {
      for (const agent of agents) agent.begin(taskAtMs + work.deadlineMs);
      taskAtMs += work.taskMs;
    }
    await allCalm(agents);
  }
}

async function countDay({ account, mirror }: Connection, beginMs: number): Promise<Day> {
  const counts = new Map<string, number>();
  const rate = await mirror.exchangeRate();
  let [usd, failed] = [0, 0];
  for await (const { name, charged_tx_fee: fee, result } of mirror.transactionsOf(account, nanosFromMs(beginMs))) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (result !== 'SUCCESS') failed += 1;
    usd += usdOf(fromTinybar(fee, rate));
  }
  const of = (name: string) => counts.get(name) ?? 0;
  return {
    created: of('SCHEDULECREATE'),
    deleted: of('SCHEDULEDELETE'),
    lapsed: of('CONSENSUSSUBMITMESSAGE'),
    failed,
    usd,
  };
}
