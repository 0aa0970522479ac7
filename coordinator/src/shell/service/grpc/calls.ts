import { createRequire } from 'node:module';
import {
  type CoordinatorServiceServer,
  CoordinatorServiceService,
  type Run,
  RunStatus,
} from '@gatepost/proto/gen/gatepost/coordinator/v1/coordinator';
import type { Clock } from '@gatepost/shared/clock';
import type { Logger } from '@gatepost/shared/log';
import type { ServedService } from '@gatepost/shared/server/grpc-server';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { MAX_CHUNK_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerWritableStream,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import type { Caller } from '../audit.js';
import { statusOf } from '../error-status.js';
import { jsonText } from '../json-text.js';
import { checked, listQuery, REASONS, sinceOf } from '../requests.js';
import type { RunLine } from '../run-lines.js';
import { MAX_MOST_OPEN, type Service } from '../service.js';
import type { ServiceMetrics } from '../service-metrics.js';

const DESCRIPTORS = createRequire(import.meta.url).resolve('@gatepost/proto/gen/api.binpb');

export const SERVICE_NAME = 'gatepost.coordinator.v1.CoordinatorService';

const STATUSES = {
  waiting: RunStatus.RUN_STATUS_WAITING,
  open: RunStatus.RUN_STATUS_OPEN,
  closed: RunStatus.RUN_STATUS_CLOSED,
  withdrawn: RunStatus.RUN_STATUS_WITHDRAWN,
} as const;

/** The `authorization` of a call. */
export const authorizationOf = (metadata: Metadata): string | undefined => metadata.get('authorization').map(String)[0];

interface Call {
  readonly metadata: Metadata;
  getPath(): string;
}

const orUndefined = (text: string): string | undefined => (text === '' ? undefined : text);

/** The API over gRPC; proto/gatepost/coordinator/v1 describes it. */
export class CoordinatorCalls {
  constructor(
    private readonly service: Service,
    private readonly metrics: ServiceMetrics,
    /** Aborts when the server leaves. */
    private readonly closing: AbortSignal,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** As it is served. */
  get served(): ServedService {
    return {
      name: SERVICE_NAME,
      definition: CoordinatorServiceService,
      implementation: { ...this.#implementation() },
      streams: [CoordinatorServiceService.watch.path],
      descriptors: DESCRIPTORS,
    };
  }

  #implementation(): Omit<CoordinatorServiceServer, symbol> {
    const { service, clock } = this;
    return {
      whoAmI: this.#unary(async (_request, caller) => service.about(caller)),
      submit: this.#unary(async (request, caller) => {
        const { idempotencyKey: key, document, weight, mostOpen } = request;
        const asked = { key, document, weight: weight || 1, mostOpen: mostOpen || MAX_MOST_OPEN };
        const { run, name, plan: planSha256, isNew } = await service.submit(caller, asked);
        return { run, name, planSha256, isNew };
      }),
      list: this.#unary(async ({ status: wanted, name, pageSize, pageToken }) => {
        const state = Object.entries(STATUSES).find(([, one]) => one === wanted)?.[0];
        const limit = pageSize === 0 ? undefined : String(pageSize);
        const page = orUndefined(pageToken);
        const query = checked(listQuery, { state, name: orUndefined(name), limit, page }, 'request');
        const { runs, next = '' } = await service.list(query);
        return { runs: runs.map(runOf), nextPageToken: next };
      }),
      get: this.#unary(async ({ run }) => {
        const { summary, statuses: _statuses, ...line } = await service.get(run);
        return { run: runOf(line), summaryJson: summary === undefined ? '' : jsonText(summary) };
      }),
      watch: this.#stream(async ({ cursor, run }, caller, call) => {
        const leaving = new AbortController();
        const leave = (): void => leaving.abort();
        call.once('cancelled', leave);
        call.once('close', leave);
        this.closing.addEventListener('abort', leave, { once: true });
        try {
          for await (const watched of service.watch(caller, orUndefined(cursor), orUndefined(run), leaving.signal)) {
            const { cursor: at, json } = watched === 'beat' ? { cursor: '', json: '' } : watched;
            await written(call, { cursor: at, eventJson: json });
          }
        } finally {
          leave();
          this.closing.removeEventListener('abort', leave);
        }
      }),
      approve: this.#unary(async ({ run, task, comment }, caller) => {
        const reason = comment || REASONS.approve;
        return { actSha256: (await service.judge(caller, 'approve', { run, task, reason })).act };
      }),
      reject: this.#unary(async ({ run, task, reason }, caller) => {
        const asked = { run, task, reason: reason || REASONS.reject };
        return { actSha256: (await service.judge(caller, 'reject', asked)).act };
      }),
      cancel: this.#unary(async ({ run, task, reason }, caller) => {
        const asked = { run, task: orUndefined(task), reason: reason || REASONS.cancel };
        const { act, withdrawn } = await service.cancel(caller, asked);
        return { actSha256: act, withdrawn };
      }),
      output: this.#stream(async ({ run, task, attempt }, _caller, call) => {
        const { bytes, sha256 } = await service.output(run, task, attempt === 0 ? undefined : attempt);
        for (const data of partsOf(bytes)) await written(call, { data, sha256 });
      }),
      bill: this.#unary(async ({ run }) => ({ billJson: jsonText(await service.readings.bill(run)) })),
      verify: this.#unary(async ({ run }) => {
        const report = await service.readings.verify(orUndefined(run));
        return { holds: report.holds, reportJson: jsonText(report) };
      }),
      report: this.#stream(async ({ runs, since }, _caller, call) => {
        const report = await service.readings.report(runs, sinceOf(orUndefined(since), clock.nowMs()));
        for (const data of partsOf(Buffer.from(jsonText(report), 'utf8'))) await written(call, { data });
      }),
    };
  }

  #unary<Q, A>(work: (request: Q, caller: Caller) => Promise<A>): handleUnaryCall<Q, A> {
    return (call, callback) => {
      const answered = async (): Promise<A> => work(call.request, this.service.caller(authorizationOf(call.metadata)));
      answered().then(
        (answer) => {
          this.#count(call, status.OK);
          callback(null, answer);
        },
        (thrown: unknown) => callback(this.#failure(call, thrown)),
      );
    };
  }

  #stream<Q, A>(
    work: (request: Q, caller: Caller, call: ServerWritableStream<Q, A>) => Promise<void>,
  ): handleServerStreamingCall<Q, A> {
    return (call) => {
      const streamed = async (): Promise<void> =>
        work(call.request, this.service.caller(authorizationOf(call.metadata)), call);
      streamed().then(
        () => {
          this.#count(call, status.OK);
          call.end();
        },
        (thrown: unknown) => void call.emit('error', this.#failure(call, thrown)),
      );
    };
  }

  /** What a call is told: the error's words, and in its trailer the code and how to mend it. */
  #failure(call: Call, thrown: unknown): StatusObject & Error {
    const error = toGatepostError(thrown);
    const { grpc: code } = statusOf(error);
    if (error.code === 'INTERNAL') this.log.error({ err: thrown }, 'a call failed');
    this.#count(call, code);
    const metadata = new Metadata();
    metadata.set('gatepost-error', error.code);
    metadata.set('gatepost-advice', error.advice);
    return Object.assign(new Error(error.message), { code, details: error.message, metadata });
  }

  #count(call: Call, code: status): void {
    this.metrics.answered('grpc', call.getPath(), status[code]);
  }
}

function* partsOf(bytes: Buffer): Generator<Buffer> {
  let offset = 0;
  do {
    yield bytes.subarray(offset, offset + MAX_CHUNK_BYTES);
    offset += MAX_CHUNK_BYTES;
  } while (offset < bytes.length);
}

/** Resolves when there is room for more, or nobody reads any longer. */
async function written<A>(call: ServerWritableStream<unknown, A>, message: A): Promise<void> {
  if (call.cancelled || call.write(message)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      call.removeListener('drain', go);
      call.removeListener('cancelled', go);
      resolve();
    };
    call.once('drain', go);
    call.once('cancelled', go);
  });
}

function runOf(line: RunLine): Run {
  const { run, name, plan, state, outcome = '', tasks, accepted, weight = 0, most_open: mostOpen = 0 } = line;
  const { submitted, counts, trouble } = line;
  return {
    run,
    name,
    planSha256: plan,
    status: STATUSES[state],
    outcome,
    tasks,
    accepted,
    weight,
    mostOpen,
    submittedBy: submitted?.by ?? '',
    submittedAt: submitted?.at ?? '',
    counts,
    trouble: trouble === undefined ? undefined : { ...trouble, retryAt: trouble.retry_at ?? '' },
  };
}
