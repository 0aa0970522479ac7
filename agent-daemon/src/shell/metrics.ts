import type { Server } from 'node:http';
import { serveMetrics } from '@gatepost/shared/metrics-server';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Ending } from '../core/attempt.js';

/** What is read from the daemon whenever the metrics are asked for. */
export interface MetricsSource {
  readonly running: number;
  readonly queued: number;
  readonly freeSlots: number;
  readonly pendingRecords: number;
  readonly journalFailures: number;
  readonly inboxSequenceNumber: number;
  readonly ignoredMessages: number;
  readonly inboxRead: boolean;
  /** Milliseconds since the Unix epoch; undefined without a lease. */
  readonly leaseExpiresAtMs: number | undefined;
  readonly leaseRenewals: number;
  readonly sessionConnected: boolean;
  readonly sessions: number;
  readonly refusedHandshakes: number;
}

/** Every metric and how it is read; docs/agent-daemon.md lists them and a test compares. */
const READ: Readonly<Record<string, { readonly help: string; readonly read: (from: MetricsSource) => number }>> = {
  gatepost_agent_running_attempts: { help: 'Attempts that run.', read: (from) => from.running },
  gatepost_agent_queued_attempts: { help: 'Attempts that wait for a slot.', read: (from) => from.queued },
  gatepost_agent_free_slots: { help: 'Slots that are free.', read: (from) => from.freeSlots },
  gatepost_agent_journal_pending_records: {
    help: 'Records that wait for the journal or are on their way.',
    read: (from) => from.pendingRecords,
  },
  gatepost_agent_journal_failures_total: {
    help: 'Journal messages the ledger did not take at once.',
    read: (from) => from.journalFailures,
  },
  gatepost_agent_inbox_sequence_number: {
    help: 'Sequence number up to which the inbox was read.',
    read: (from) => from.inboxSequenceNumber,
  },
  gatepost_agent_inbox_ignored_messages_total: {
    help: 'Inbox messages, or parts of them, without effect.',
    read: (from) => from.ignoredMessages,
  },
  gatepost_agent_inbox_read: {
    help: '1 while the inbox is read; 0 while its reader has ended and no lease is renewed.',
    read: (from) => (from.inboxRead ? 1 : 0),
  },
  gatepost_agent_lease_expiry_timestamp_seconds: {
    help: 'When the newest lease ends, seconds since the Unix epoch; 0 without one.',
    read: (from) => (from.leaseExpiresAtMs ?? 0) / 1_000,
  },
  gatepost_agent_lease_renewals_total: { help: 'Leases created.', read: (from) => from.leaseRenewals },
  gatepost_agent_session_connected: {
    help: '1 while the coordinator is connected.',
    read: (from) => (from.sessionConnected ? 1 : 0),
  },
  gatepost_agent_sessions_total: { help: 'Sessions opened.', read: (from) => from.sessions },
  gatepost_agent_refused_handshakes_total: {
    help: 'Challenges and registrations that were refused.',
    read: (from) => from.refusedHandshakes,
  },
};

/** The daemon's Prometheus metrics. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #finished: Counter<'outcome'>;
  readonly #seconds: Histogram;
  readonly #bytes: Counter;

  constructor(source: () => MetricsSource) {
    const registers = [this.#registry];
    for (const [name, { help, read }] of Object.entries(READ)) {
      if (name.endsWith('_total')) {
        new Counter({
          name,
          help,
          registers,
          collect() {
            this.reset();
            this.inc(read(source()));
          },
        });
      } else {
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(read(source()));
          },
        });
      }
    }
    this.#finished = new Counter({
      name: 'gatepost_agent_finished_attempts_total',
      help: 'Attempts that are over, by outcome.',
      labelNames: ['outcome'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'gatepost_agent_attempt_duration_seconds',
      help: 'From the start of an executor to the durable result.',
      buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200],
      registers,
    });
    this.#bytes = new Counter({
      name: 'gatepost_agent_output_bytes_total',
      help: 'Bytes of outputs.',
      registers,
    });
    collectDefaultMetrics({ register: this.#registry });
  }

  /** @param startedAtMs undefined for an attempt that never started here; as `atMs` milliseconds since the Unix epoch. */
  finished({ outcome, output }: Ending, startedAtMs: number | undefined, atMs: number): void {
    this.#finished.inc({ outcome });
    this.#bytes.inc(output?.size ?? 0);
    if (startedAtMs !== undefined) this.#seconds.observe((atMs - startedAtMs) / 1_000);
  }

  /** Serves GET /metrics. @throws GatepostError INVALID_CONFIG when the address cannot be used or is not loopback. */
  serve(address: string): Promise<Server> {
    return serveMetrics(address, this.#registry);
  }
}
