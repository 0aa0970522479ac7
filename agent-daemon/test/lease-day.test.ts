import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usdPerDay } from '@gatepost/agent-daemon/core/lease-planner';
import { LmdbStore } from '@gatepost/agent-daemon/shell/store/lmdb-store';
import { LeaseRunner } from '@gatepost/agent-daemon/shell/work/lease-runner';
import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import type { Clock } from '@gatepost/shared/clock';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { createTopic } from '@gatepost/shared/hedera/topics';
import { createLogger } from '@gatepost/shared/log';
import { type ExchangeRate, fromTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { msFromNanos, nanosFromMs } from '@gatepost/shared/vocabulary/time';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from './support/until.js';

const DAY_MS = 86_400_000;
const log = createLogger('test', { GATEPOST_LOG_LEVEL: 'silent' });

/** The network's own clock, moved by hand to the next wake-up. */
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

  /** When something is due next. */
  get dueMs(): number | undefined {
    return this.#waiting.length === 0 ? undefined : Math.min(...this.#waiting.map(({ timeMs }) => timeMs));
  }

  /** Moves the network to a time and wakes what is due. */
  async stepTo(timeMs: number): Promise<void> {
    const ahead = nanosFromMs(timeMs) - this.ledger.clock.now();
    if (ahead > 0n) await this.ledger.clock.advance(ahead);
    const due = this.#waiting.filter((entry) => entry.timeMs <= timeMs);
    this.#waiting = this.#waiting.filter((entry) => entry.timeMs > timeMs);
    for (const { callback } of due) callback();
  }
}

let ledger: Ledger;
let agent: Connection;
let clock: SteppedClock;
let store: LmdbStore;
let directory: string;

beforeEach(async () => {
  ledger = await startLedger({ accounts: 1 });
  clock = new SteppedClock(ledger);
  const network = networkFromEnvironment({
    GATEPOST_NODE: `127.0.0.1:${ledger.ports.consensus}`,
    GATEPOST_MIRROR_GRPC: `127.0.0.1:${ledger.ports.mirrorGrpc}`,
    GATEPOST_MIRROR_REST: `http://127.0.0.1:${ledger.ports.mirrorRest}`,
  });
  const [{ accountId: id, privateKey } = { accountId: '', privateKey: '' }] = ledger.accounts;
  agent = connect(network, accountId(id), parseAccountKey(privateKey, 'key'), clock.nowMs);
  directory = mkdtempSync(join(tmpdir(), 'gatepost-lease-'));
  store = LmdbStore.open(directory);
});

afterEach(async () => {
  await store.close();
  agent.close();
  await ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Day {
  readonly created: number;
  readonly deleted: number;
  readonly lapsed: number;
  readonly usd: number;
}

/** Holds leases for 24 hours, then stops in good order; what that came to, by the mirror alone. */
async function aDay(busy: boolean, policy: { intervalMs: number; idleIntervalMs: number }): Promise<Day> {
  const topic = await createTopic(agent, { memo: 'journal' });
  const startMs = clock.nowMs();
  const session = 'a-day';
  const parts = {
    ledger: hederaLedger(agent, log),
    journal: topic,
    store,
    clock,
    policy,
    session,
    jitter: 1,
    hears: () => true,
    address: () => '127.0.0.1:1',
    living: async () => [],
    heldUntilMs: () => (busy ? clock.nowMs() + 60_000 : undefined),
    announceAgain: () => {},
    log,
  };
  const runner = new LeaseRunner(parts);
  runner.start();
  for (;;) {
    const dueMs = await until(() => clock.dueMs, 'the lease to be created');
    if (dueMs >= startMs + DAY_MS) break;
    await clock.stepTo(dueMs);
  }
  await runner.stop();
  return countDay(startMs);
}

async function countDay(startMs: number): Promise<Day> {
  const counts = { SCHEDULECREATE: 0, SCHEDULEDELETE: 0, CONSENSUSSUBMITMESSAGE: 0 };
  const { hbars, cents }: ExchangeRate = await agent.mirror.exchangeRate();
  let usd = 0;
  for await (const { name, charged_tx_fee, result } of agent.mirror.transactionsOf(
    agent.account,
    nanosFromMs(startMs),
  )) {
    if (!(name in counts)) continue;
    expect(result, name).toBe('SUCCESS');
    counts[name as keyof typeof counts] += 1;
    usd += usdOf(fromTinybar(charged_tx_fee, { hbars, cents }));
  }
  return { created: counts.SCHEDULECREATE, deleted: counts.SCHEDULEDELETE, lapsed: counts.CONSENSUSSUBMITMESSAGE, usd };
}

it.each([
  ['idle', false, 4, 0.05],
  ['busy', true, 24, 0.3],
] as const)(
  '24 hours of %s leases, with tasks of a minute, are as many schedules and cost as much as doctor says',
  async (_what, busy, renewals, mostUsd) => {
    const policy = { intervalMs: 3_600_000, idleIntervalMs: 21_600_000 };
    const day = await aDay(busy, policy);
    expect(day).toMatchObject({ created: renewals, deleted: renewals, lapsed: 0 });
    const predicted = usdPerDay(busy ? policy.intervalMs : policy.idleIntervalMs);
    expect(predicted).toBeLessThan(mostUsd);
    // The network rounds each fee down to a tinybar: a tenth of a millionth of a cent.
    expect(Math.abs(day.usd - predicted)).toBeLessThan(renewals * 2e-9);
  },
  300_000,
);
