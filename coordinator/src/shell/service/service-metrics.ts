import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What is read whenever the metrics are asked for. */
export interface ServiceGauges {
  readonly open: number;
  readonly waiting: number;
  readonly streams: number;
}

/** Every gauge and how it is read; docs/serve.md lists them and a test compares. */
const READ: Readonly<Record<string, { readonly help: string; readonly read: (from: ServiceGauges) => number }>> = {
  gatepost_service_open_runs: { help: 'Submitted runs that are open.', read: ({ open }) => open },
  gatepost_service_waiting_runs: { help: 'Submissions that wait to be opened.', read: ({ waiting }) => waiting },
  gatepost_service_event_streams: { help: 'Streams of events that are open.', read: ({ streams }) => streams },
};

/** The Prometheus metrics of a coordinator that serves; counters begin with the process. */
export class ServiceMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'gatepost_service_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['transport', 'method', 'answer'],
    registers: [this.#registry],
  });

  constructor(source: () => Promise<ServiceGauges>) {
    for (const [name, { help, read }] of Object.entries(READ)) {
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        async collect() {
          this.set(read(await source()));
        },
      });
    }
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** @param answer the HTTP status, or the name of the gRPC one. */
  answered(transport: 'http' | 'grpc', method: string, answer: string): void {
    this.#requests.inc({ transport, method, answer });
  }

  metrics(): Promise<string> {
    return this.#registry.metrics();
  }
}
