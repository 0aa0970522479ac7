import type { Server } from 'node:http';
import { serveMetrics } from '@gatepost/shared/metrics-server';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What is read from the gatekeeper whenever the metrics are asked for; of all runs that it keeps, where it is about runs. */
export interface MetricsSource {
  readonly living: number;
  readonly undecided: number;
  readonly payable: number;
  readonly disputed: number;
  readonly mirrorRequests: { readonly answered: number; readonly failed: number };
}

/** Every gauge and how it is read; docs/gatekeeper.md lists them and a test compares. */
const READ: Readonly<Record<string, { readonly help: string; readonly read: (from: MetricsSource) => number }>> = {
  gatepost_gatekeeper_living_payments: {
    help: 'Payments that were signed and may still happen.',
    read: ({ living }) => living,
  },
  gatepost_gatekeeper_undecided_results: {
    help: 'Results that nothing was decided about.',
    read: ({ undecided }) => undecided,
  },
  gatepost_gatekeeper_payable_attempts: { help: 'Accepted and not paid yet.', read: ({ payable }) => payable },
  gatepost_gatekeeper_disputed_attempts: {
    help: 'Of which the arbiter was asked, and has not decided.',
    read: ({ disputed }) => disputed,
  },
};

/** The gatekeeper's Prometheus metrics; counters begin with the process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #verdicts: Counter<'accepted'>;
  readonly #answers: Counter<'about' | 'answer'>;

  constructor(source: () => MetricsSource) {
    const registers = [this.#registry];
    for (const [name, { help, read }] of Object.entries(READ)) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read(source()));
        },
      });
    }
    new Counter({
      name: 'gatepost_gatekeeper_mirror_requests_total',
      help: 'Requests to mirror REST, each try by itself.',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset();
        for (const [result, count] of Object.entries(source().mirrorRequests)) this.inc({ result }, count);
      },
    });
    this.#verdicts = new Counter({
      name: 'gatepost_gatekeeper_verdicts_total',
      help: 'Verdicts that were written, by whether they accept.',
      labelNames: ['accepted'],
      registers,
    });
    this.#answers = new Counter({
      name: 'gatepost_gatekeeper_answers_total',
      help: 'Answers to who asks for a signature, by what it is about.',
      labelNames: ['about', 'answer'],
      registers,
    });
    collectDefaultMetrics({ register: this.#registry });
  }

  /** A verdict is on the ledger. */
  judged(accepted: boolean): void {
    this.#verdicts.inc({ accepted: String(accepted) });
  }

  /** Somebody asked for a signature. */
  answered(about: 'batch' | 'refund', answer: 'signed' | 'wait' | 'refused'): void {
    this.#answers.inc({ about, answer });
  }

  /** Serves them on a loopback address. @throws GatepostError INVALID_CONFIG when the address cannot be used. */
  serve(address: string): Promise<Server> {
    return serveMetrics(address, this.#registry);
  }
}
