import { randomUUID } from 'node:crypto';
import {
  type CoordinatorServiceClient,
  type GetResponse,
  RunStatus,
  type SubmitResponse,
  type WatchResponse,
  type WhoAmIResponse,
} from '@gatepost/proto/gen/gatepost/coordinator/v1/coordinator';
import type { Plan } from '@gatepost/rules/plan/plan';
import { portablePlan } from '@gatepost/rules/plan/source';
import type { Change } from '@gatepost/rules/run/change';
import { type Clock, pause } from '@gatepost/shared/clock';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { parseTimeMs } from '@gatepost/shared/vocabulary/time';
import type { Metadata, ServiceError } from '@grpc/grpc-js';
import type { Reporter, RunProgress } from '../reports/reporter.js';
import type { RunSummary } from '../reports/summary.js';
import { coordinatorClient, errorOf, type ServerAddress } from './coordinator-client.js';

/** How long a call may take. */
const CALL_MS = 60_000;
/** Between looks for a server that has gone away. */
const RETRY_MS = 1_000;

type Event = Record<string, unknown> & { readonly event: string };

/** How far a run is, as the server's events tell. */
class RemoteProgress implements RunProgress {
  unfinished: number;
  lost = 0;
  openAttempts = 0;
  paid = 0n;

  constructor(readonly context: RunProgress['context']) {
    this.unfinished = context.plan.tasks.length;
  }

  take(counts: unknown): void {
    if (typeof counts !== 'object' || counts === null) return;
    const { unfinished, lost, open, paid } = counts as { unfinished: number; lost: number; open: number; paid: string };
    Object.assign(this, { unfinished, lost, openAttempts: open, paid: BigInt(paid) });
  }
}

/** What a run at a serving coordinator is followed with. */
export interface RemoteRun {
  readonly plan: Plan;
  /** Another run even if this plan was submitted before. */
  readonly wantNew: boolean;
  readonly reporter: Reporter;
  /** Told what keeps the run, or this process, from going on. */
  readonly warn: (line: string) => void;
  readonly clock: Clock;
}

/**
 * Submits a plan to a coordinator that serves and follows it to its end. The same plan is the same submission, so that the
 * same command follows it again.
 * @throws GatepostError what the server refuses it for, SERVER_UNREACHABLE, INTERRUPTED; RUN_FAILED unless it is complete.
 */
export async function runRemotely(address: ServerAddress, run: RemoteRun, interrupted: AbortSignal): Promise<void> {
  const { client, metadata } = coordinatorClient(address);
  try {
    const summary = await new Follower(client, metadata, address.server, run, interrupted).follow();
    run.reporter.end(summary);
    if (summary.outcome !== 'complete') throw new GatepostError('RUN_FAILED', `the run ended as ${summary.outcome}`);
  } finally {
    client.close();
  }
}

class Follower {
  #cursor = '';

  constructor(
    private readonly client: CoordinatorServiceClient,
    private readonly metadata: Metadata,
    private readonly server: string,
    private readonly run: RemoteRun,
    private readonly interrupted: AbortSignal,
  ) {}

  async follow(): Promise<RunSummary> {
    const { plan, wantNew, reporter, warn, clock } = this.run;
    const me = await this.#ask<WhoAmIResponse>((done) => this.client.whoAmI({}, this.metadata, this.#by(), done));
    const asked = {
      idempotencyKey: wantNew ? `new ${randomUUID()}` : `plan ${plan.digest}`,
      document: Buffer.from(JSON.stringify(portablePlan(plan)), 'utf8'),
      weight: 0,
      mostOpen: 0,
    };
    const taken = await this.#ask<SubmitResponse>((done) => this.client.submit(asked, this.metadata, this.#by(), done));
    const [journal, token] = [topicId(me.journal), tokenId(me.token)];
    const progress = new RemoteProgress({ run: taken.run, plan, journal, token });
    const before = taken.isNew ? undefined : await this.#ended(taken.run);
    reporter.begin(progress, taken.isNew ? 'new' : before === undefined ? 'resumed' : 'closed');
    if (before !== undefined) return before;
    for (;;) {
      try {
        return await this.#watch(taken.run, progress);
      } catch (thrown) {
        if (!(thrown instanceof GatepostError) || thrown.code !== 'SERVER_UNREACHABLE') throw thrown;
        warn(`${thrown.message}; asking again, the run goes on without it being followed`);
        await pause(clock, RETRY_MS, this.interrupted);
      }
    }
  }

  /** Follows events until the run has ended. */
  async #watch(run: string, progress: RemoteProgress): Promise<RunSummary> {
    if (this.interrupted.aborted) throw leaving();
    const call = this.client.watch({ cursor: this.#cursor, run }, this.metadata);
    const leave = (): void => call.cancel();
    this.interrupted.addEventListener('abort', leave, { once: true });
    try {
      for await (const { cursor, eventJson } of call as AsyncIterable<WatchResponse>) {
        if (cursor === '') continue;
        this.#cursor = cursor;
        const event = JSON.parse(eventJson) as Event;
        progress.take(event.counts);
        // Before this process watched, or while it could not, the run may have ended.
        const isGreeting = event.event === 'hello' || event.event === 'reset';
        const ended = isGreeting ? await this.#ended(run) : this.#told(event);
        if (ended !== undefined) return ended;
      }
    } catch (thrown) {
      if (this.interrupted.aborted) throw leaving();
      throw thrown instanceof GatepostError ? thrown : errorOf(this.server, thrown as ServiceError);
    } finally {
      this.interrupted.removeEventListener('abort', leave);
      call.cancel();
    }
    throw new GatepostError('SERVER_UNREACHABLE', `the coordinator at ${this.server} leaves`);
  }

  /** Passes an event on; the summary when the run has ended with it. @throws GatepostError RUN_FAILED when it was withdrawn */
  #told(event: Event): RunSummary | undefined {
    const { reporter, warn } = this.run;
    switch (event.event) {
      case 'summary':
        return event.outcome === 'open' ? undefined : (withoutFrame(event) as unknown as RunSummary);
      case 'withdrawn':
        throw new GatepostError('RUN_FAILED', `${String(event.by)} has withdrawn the run before it was opened`);
      case 'trouble':
        warn(`the run cannot go on now: ${String(event.message)}; it is tried again at ${String(event.retry_at)}`);
        return undefined;
      case 'progress': {
        const { task, attempt, agent, fraction, message } = event as unknown as Progressed;
        reporter.progress(task, attempt, agent, fraction, message);
        return undefined;
      }
      case 'waiting':
        reporter.waiting({
          whom: event.for,
          what: event.what,
          sinceMs: parseTimeMs(String(event.since)) ?? 0,
        } as Waited);
        return undefined;
      case 'run':
      case 'submitted':
        return undefined;
      default:
        reporter.change(changeOf(event));
        return undefined;
    }
  }

  /** The summary of a run that is closed. @throws GatepostError RUN_FAILED when it was withdrawn */
  async #ended(run: string): Promise<RunSummary | undefined> {
    const found = await this.#ask<GetResponse>((done) => this.client.get({ run }, this.metadata, this.#by(), done));
    if (found.run?.status === RunStatus.RUN_STATUS_WITHDRAWN) {
      throw new GatepostError(
        'RUN_FAILED',
        `run ${run} was withdrawn before it was opened; submit it again with --new`,
      );
    }
    if (found.run?.status !== RunStatus.RUN_STATUS_CLOSED || found.summaryJson === '') return undefined;
    return JSON.parse(found.summaryJson) as RunSummary;
  }

  #by(): { deadline: number } {
    return { deadline: this.run.clock.nowMs() + CALL_MS };
  }

  #ask<A>(call: (done: (error: ServiceError | null, answer: A) => void) => void): Promise<A> {
    return new Promise((resolve, reject) => {
      call((error, answer) => (error === null ? resolve(answer) : reject(errorOf(this.server, error))));
    });
  }
}

type Progressed = {
  readonly task: string;
  readonly attempt: number;
  readonly agent: Parameters<Reporter['progress']>[2];
  readonly fraction: number;
  readonly message: string;
};
type Waited = Parameters<Reporter['waiting']>[0];

/** An event without what each of them has. */
function withoutFrame(event: Event): object {
  const { version: _version, cursor: _cursor, time: _time, event: _event, counts: _counts, ...rest } = event;
  return rest;
}

/** What a record changed; amounts come as texts. */
function changeOf(event: Event): Change {
  const { amount } = event;
  return {
    ...withoutFrame(event),
    event: event.event,
    ...(typeof amount === 'string' ? { amount: BigInt(amount) } : {}),
  } as unknown as Change;
}

const leaving = (): GatepostError =>
  new GatepostError('INTERRUPTED', 'no longer followed; the run goes on, and the same command follows it again');
