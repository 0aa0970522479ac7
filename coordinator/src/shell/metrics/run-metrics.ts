import type { Server } from 'node:http';
import type { Change } from '@gatepost/rules/run/change';
import type { Clock } from '@gatepost/shared/clock';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { serveMetrics } from '@gatepost/shared/metrics-server';
import { writePublicFile } from '@gatepost/shared/private-file';
import { status } from '@grpc/grpc-js';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Health } from '../../core/decide/health.js';
import type { AgentFleet } from '../agents/agent-fleet.js';
import type { CoordinationParts } from '../run/coordination.js';
import type { Fees } from '../run/run-desk.js';
import type { RunParts, RunWork } from '../run/run-work.js';
import { type GaugeSource, READINGS } from './gauges.js';
import { type LedgerWatch, watchedLedger } from './watched-ledger.js';

const MS_PER_SECOND = 1_000;

/** What is read besides what passes by. */
type Given = Omit<GaugeSource, 'runs' | 'connected' | 'health'>;

/** The Prometheus metrics of the runs of this process. Counters begin with the process, what is read with its first run. */
export class RunMetrics implements LedgerWatch {
  readonly #registry = new Registry();
  #given: (() => Given) | undefined;
  readonly #works = new Map<string, { readonly work: RunWork; readonly fees: Fees }>();
  #fleet: AgentFleet | undefined;
  #health: ReadonlyMap<Health, number> = new Map();
  #server: Server | undefined;
  readonly #assignments = this.#counter('gatepost_coordinator_assignments_total', 'Assignments.');
  readonly #results = this.#counter('gatepost_coordinator_results_total', 'Results of agents, by outcome.', 'outcome');
  readonly #verdicts = this.#counter(
    'gatepost_coordinator_verdicts_total',
    'Verdicts, by gate and by whether they accept.',
    'gate',
    'accepted',
  );
  readonly #payments = this.#counter('gatepost_coordinator_payments_total', 'Attempts that were paid.');
  readonly #paid = this.#counter(
    'gatepost_coordinator_paid_tokens_total',
    "What was paid, in the token's smallest unit.",
  );
  readonly #tokens = this.#counter(
    'gatepost_coordinator_reported_tokens_total',
    "Tokens of models that agents say they used: the agents' own word.",
  );
  readonly #cost = this.#counter(
    'gatepost_coordinator_reported_cost_usd_total',
    "What agents say that their models cost, in US dollars: the agents' own word.",
  );
  readonly #transactions = this.#counter(
    'gatepost_coordinator_transactions_total',
    'Transactions whose outcome is known, by what they do.',
    'kind',
    'outcome',
  );
  readonly #retries = this.#counter(
    'gatepost_coordinator_transaction_retries_total',
    'Submissions of the same transaction again, because nobody could tell what became of it.',
    'kind',
  );
  readonly #sessions = this.#counter('gatepost_coordinator_sessions_total', 'Sessions with agents that were opened.');
  readonly #declined = this.#counter(
    'gatepost_coordinator_refused_dispatches_total',
    'Dispatches that an agent refused, by the status it gave.',
    'code',
  );
  readonly #lag = new Histogram({
    name: 'gatepost_coordinator_mirror_lag_seconds',
    help: "From a journal message's consensus timestamp to its coming into sight, by this host's clock.",
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300],
    registers: [this.#registry],
  });

  constructor(readonly clock: Clock) {
    const registers = [this.#registry];
    const given = () => this.#source();
    for (const [name, reading] of Object.entries(READINGS)) {
      const { help } = reading;
      const labelNames = 'label' in reading ? [reading.label] : [];
      const Kind = name.endsWith('_total') ? Counter : Gauge;
      new Kind({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          const source = given();
          if (source === undefined) return;
          if ('read' in reading) this.inc(reading.read(source));
          else for (const [value, count] of reading.readEach(source)) this.inc({ [reading.label]: value }, count);
        },
      });
    }
    collectDefaultMetrics({ register: this.#registry });
  }

  #counter<L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #source(): GaugeSource | undefined {
    const observations = [...(this.#fleet?.observations().values() ?? [])];
    const connected = observations.filter((session) => session.connected).length;
    const runs = [...this.#works.values()].map(({ work, fees }) => {
      const { state, waiting, unshown, unpayable } = work;
      if (state.opened) fees.follow(state.openedAt);
      return { state, waits: waiting, unshown, unpayable: unpayable.size };
    });
    return this.#given && runs.length > 0 ? { ...this.#given(), runs, connected, health: this.#health } : undefined;
  }

  ended(...[kind, outcome]: Parameters<LedgerWatch['ended']>): void {
    this.#transactions.inc({ kind, outcome });
  }

  again(...[kind]: Parameters<LedgerWatch['again']>): void {
    this.#retries.inc({ kind });
  }

  shown(lagMs: number): void {
    this.#lag.observe(lagMs / MS_PER_SECOND);
  }

  ledger(ledger: Ledger): Ledger {
    return watchedLedger(ledger, this.clock, this);
  }

  /** The same parts of a process, and what passes through them is counted. */
  watchAll(parts: CoordinationParts): CoordinationParts {
    return {
      ...parts,
      fleet: (handlers) => {
        const fleet = parts.fleet({
          ...handlers,
          connected: (agent) => {
            this.#sessions.inc();
            handlers.connected(agent);
          },
          refused: (agent, refused) => {
            this.#declined.inc({ code: status[refused.code] ?? 'UNKNOWN' });
            handlers.refused(agent, refused);
          },
        });
        this.#fleet = fleet;
        return fleet;
      },
      tell: (seen) => {
        const counts = new Map<Health, number>();
        for (const { health } of seen.agents) counts.set(health, (counts.get(health) ?? 0) + 1);
        this.#health = counts;
        parts.tell(seen);
      },
    };
  }

  /** The same parts of a run, and what passes through them is counted. */
  watch(parts: RunParts): RunParts {
    return {
      ...parts,
      used: (usage) => {
        const isFirst = parts.used(usage);
        if (isFirst) {
          this.#tokens.inc(usage.tokens ?? 0);
          this.#cost.inc(usage.cost_usd ?? 0);
        }
        return isFirst;
      },
      change: (change) => {
        this.#count(change);
        parts.change(change);
      },
    };
  }

  #count(change: Change): void {
    if (change.event === 'assigned') this.#assignments.inc();
    if (change.event === 'result') this.#results.inc({ outcome: change.outcome });
    if (change.event === 'verdict' || change.event === 'rejected') {
      this.#verdicts.inc({ gate: change.gate, accepted: String(change.accepted) });
    }
    if (change.event === 'settled') {
      this.#payments.inc();
      this.#paid.inc(Number(change.amount));
    }
  }

  /** Says what is read of all runs together whenever the metrics are asked for. */
  read(given: () => Given): void {
    this.#given = given;
  }

  /** Says what is read of one run, until it is forgotten; its fees are read on whenever somebody asks. */
  readRun(work: RunWork, fees: Fees): void {
    this.#works.set(work.run, { work, fees });
  }

  /** The run is over. Of the last one everything can be read until the end. */
  forget({ run }: RunWork): void {
    if (this.#works.size > 1) this.#works.delete(run);
  }

  /** Serves GET /metrics. @throws GatepostError INVALID_CONFIG when the address cannot be used or is not loopback. */
  async serve(address: string): Promise<void> {
    this.#server = await serveMetrics(address, this.#registry);
  }

  /** Leaves the metrics as they are now in a file, whole or not at all. @throws Error of the file system. */
  async write(path: string): Promise<void> {
    writePublicFile(path, await this.#registry.metrics());
  }

  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}
