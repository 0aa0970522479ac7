import { keptOutput, telling } from '@gatepost/party/outputs/kept-output';
import type { JournalIndex } from '@gatepost/rules/run/journal-index';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Clock } from '@gatepost/shared/clock';
import type { NetworkConfig } from '@gatepost/shared/config/network';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { Semaphore } from '@gatepost/shared/semaphore';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId, TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { countByStatus } from '../../core/explain.js';
import { RequestRate } from '../../core/service/request-rate.js';
import { type Act, mayDo, type Role, rolesFor } from '../../core/service/roles.js';
import { answer, servedRuns } from '../../core/service/submissions.js';
import { direct } from '../ledger/direct.js';
import { OutputStore } from '../outputs/output-store.js';
import { storedOutput } from '../outputs/stored-output.js';
import { keptUsage } from '../reports/attempt-usage.js';
import { type RunSummary, summarise } from '../reports/summary.js';
import { viewRun } from '../run/run-view.js';
import type { FullConfig } from '../setup/config-file.js';
import type { Audit, Caller } from './audit.js';
import type { EventHub, Watched } from './event-hub.js';
import { Readings } from './readings.js';
import type { RunHost } from './run-host.js';
import { type RunLine, runLines } from './run-lines.js';
import type { RunScheduler } from './run-scheduler.js';
import type { SubmissionBook } from './submission-book.js';
import { submittedPlan } from './submitted-plan.js';
import { bearerOf, type Tokens } from './tokens.js';

export interface ServiceParts {
  readonly config: FullConfig & { readonly journal: TopicId; readonly token: TokenId };
  readonly network: NetworkConfig;
  readonly ledger: Ledger;
  readonly host: RunHost;
  readonly scheduler: RunScheduler;
  readonly book: SubmissionBook;
  readonly audit: Audit;
  readonly tokens: Tokens;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is submitted. */
export interface SubmitRequest {
  readonly key: string;
  readonly document: Uint8Array;
  readonly weight: number;
  readonly mostOpen: number;
}

/** Whose token it is, and where. */
export interface About {
  readonly version: number;
  readonly name: string;
  readonly roles: Role[];
  readonly network: string;
  readonly journal: TopicId;
  readonly account: AccountId;
  readonly token: TokenId;
  readonly gatekeeper?: AccountId;
}

/** Which runs are listed. */
export interface ListRequest {
  readonly state?: string | undefined;
  /** Part of the plan's name, or of the run's id. */
  readonly name?: string | undefined;
  readonly limit: number;
  /** Of an earlier answer. */
  readonly page?: string | undefined;
}

/** A person's word on a run or a task. */
export interface DirectRequest {
  readonly run: string;
  readonly task: string | undefined;
  readonly reason: string;
}

/** Largest weight of a run. */
export const MAX_WEIGHT = 1_000;
/** Most attempts under way that a submission may ask for. */
export const MAX_MOST_OPEN = 100_000;
/** Longest idempotency key. */
const MAX_KEY_CHARS = 128;
const KEY = /^[\x20-\x7e]+$/;
/** Streams of events that one token may have open. */
const MAX_STREAMS_OF_TOKEN = 20;
/** How long what the journal says of its runs is taken for new. */
const MAX_INDEX_AGE_MS = 500;

/**
 * What a serving coordinator does for those who ask, whichever way they come. Nobody is known here but by a token, nothing
 * is done before it is noted who asked for it, and nothing is acknowledged that a restart could lose.
 */
export class Service {
  readonly #rate: RequestRate;
  readonly #readings: Readings;
  /** Submissions are answered one by one: each gets a run of its own. */
  readonly #submitting = new Semaphore(1);
  readonly #streams = new Map<string, number>();
  #index: { readonly promise: Promise<JournalIndex>; readonly atMs: number } | undefined;

  constructor(private readonly parts: ServiceParts) {
    this.#rate = new RequestRate(parts.config.serve.requestsPerMinute);
    this.#readings = new Readings(parts.network, parts.config);
  }

  /**
   * Who asks, by the `authorization` header.
   * @throws GatepostError UNAUTHENTICATED, TOO_MANY with `retryAfterMs`
   */
  caller(authorization: string | undefined): Caller {
    const caller = this.parts.tokens.caller(bearerOf(authorization));
    const retryAfterMs = this.#rate.take(caller.name, this.parts.clock.nowMs());
    if (retryAfterMs === undefined) return caller;
    const { requestsPerMinute } = this.parts.config.serve;
    throw new GatepostError(
      'TOO_MANY',
      `the token of ${caller.name} asked more than ${requestsPerMinute} times a minute`,
      {
        retryAfterMs,
      },
    );
  }

  /** Whether an `authorization` header shows a token that is known; costs its bearer nothing. */
  knows(authorization: string | undefined): boolean {
    return this.parts.tokens.has(bearerOf(authorization));
  }

  /** What a caller may do here, and where here is. */
  about({ name, roles }: Caller): About {
    const { network, config } = this.parts;
    const { journal, account, token, gatekeeper } = config;
    return {
      version: 1,
      name,
      roles: [...roles],
      network: network.name,
      journal,
      account,
      token,
      ...(gatekeeper === undefined ? {} : { gatekeeper }),
    };
  }

  /** Takes a plan. @throws GatepostError USAGE, INVALID_PLAN, FORBIDDEN, KEY_REUSED, TOO_MANY, STORE_FAILED, MIRROR_UNREACHABLE */
  async submit(
    caller: Caller,
    request: SubmitRequest,
  ): Promise<{ run: string; name: string; plan: Sha256; isNew: boolean }> {
    const { audit, config } = this.parts;
    const { key, document, weight, mostOpen } = request;
    if (!KEY.test(key) || key.length > MAX_KEY_CHARS) {
      throw new GatepostError('USAGE', `an idempotency key has 1 to ${MAX_KEY_CHARS} printable characters; send one`);
    }
    requireCount('weight', weight, MAX_WEIGHT);
    requireCount('most_open', mostOpen, MAX_MOST_OPEN);
    return audit.around(caller, { act: 'submit', key }, async () => {
      this.#require(caller, 'submit');
      const plan = submittedPlan(document, config.serve.gates !== undefined);
      // Keys of one token are no business of another's.
      const asked = { key: `${caller.name} ${key}`, plan: plan.digest, weight, mostOpen };
      const taken = await this.#submitting.run(async () => {
        const { book, host, clock } = this.parts;
        const answered = answer(asked, book.submissions, book.withdrawn, await host.index(), config.serve);
        if ('refused' in answered) throw this.#refusal(answered, key);
        const { submission, isNew } = answered;
        const told = { by: caller.name, atMs: clock.nowMs(), name: plan.name, tasks: plan.tasks.length };
        if (isNew) await book.add({ ...submission, ...told }, plan);
        return { run: submission.run, isNew };
      });
      if (taken.isNew) this.parts.events.tell(taken.run, { event: 'submitted', by: caller.name, name: plan.name });
      this.parts.scheduler.wake();
      return { ...taken, name: plan.name, plan: plan.digest };
    });
  }

  #refusal(answered: Extract<ReturnType<typeof answer>, { refused: string }>, key: string): GatepostError {
    if (answered.refused === 'another_request') {
      const { run, plan } = answered.earlier;
      return new GatepostError(
        'KEY_REUSED',
        `the key ${key} was sent with another plan, weight or bound: run ${run}, plan ${plan}`,
      );
    }
    const { waitingRuns } = this.parts.config.serve;
    return new GatepostError('TOO_MANY', `${waitingRuns} submissions wait already; nothing was submitted`, {
      retryAfterMs: 60_000,
    });
  }

  /** @throws GatepostError USAGE for a page that was not answered here, MIRROR_UNREACHABLE */
  async list({ state, name, limit, page }: ListRequest): Promise<{ runs: readonly RunLine[]; next?: string }> {
    const all = runLines(await this.#recentIndex(), this.parts);
    const from = page === undefined ? 0 : all.findIndex(({ run }) => run === page) + 1;
    if (page !== undefined && from === 0)
      throw new GatepostError('USAGE', `there is no page ${page}; begin without one`);
    const wanted = all
      .slice(from)
      .filter((line) => state === undefined || line.state === state)
      .filter((line) => name === undefined || line.name.includes(name) || line.run.includes(name));
    const runs = wanted.slice(0, limit);
    const last = runs.at(-1);
    return { runs, ...(wanted.length > runs.length && last !== undefined ? { next: last.run } : {}) };
  }

  /** @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
  async get(run: string): Promise<RunLine & { statuses?: object; summary?: RunSummary }> {
    const index = await this.#recentIndex();
    const line = runLines(index, this.parts).find((one) => one.run === run);
    if (line === undefined) throw unknownRun(run);
    if (!index.runs.has(run)) return line;
    const state = await this.#stateOf(run).catch((thrown: unknown) => {
      // A run of another host, whose plan is not here.
      if (thrown instanceof GatepostError && thrown.code === 'USAGE') return undefined;
      throw thrown;
    });
    if (state === undefined) return line;
    const nothing = { files: new Map(), missing: new Map() };
    const usage = keptUsage(this.parts.config.stateDir, run);
    const summary = summarise(state, nothing, new Map(), 0, [], usage);
    return { ...line, statuses: Object.fromEntries(countByStatus(state)), summary };
  }

  /**
   * Events after a cursor, and then as they come; see `EventHub.watch`.
   * @throws GatepostError TOO_MANY
   */
  watch(
    caller: Caller,
    cursor: string | undefined,
    run: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Watched> {
    const all = [...this.#streams.values()].reduce((sum, count) => sum + count, 0);
    const own = this.#streams.get(caller.name) ?? 0;
    const { streams } = this.parts.config.serve;
    if (all >= streams || own >= MAX_STREAMS_OF_TOKEN) {
      const message = `${own} streams of this token and ${all} of all are open; ${MAX_STREAMS_OF_TOKEN} and ${streams} may be`;
      throw new GatepostError('TOO_MANY', message, { retryAfterMs: 10_000 });
    }
    this.#streams.set(caller.name, own + 1);
    signal.addEventListener('abort', () => this.#streams.set(caller.name, (this.#streams.get(caller.name) ?? 1) - 1), {
      once: true,
    });
    return this.parts.events.watch(cursor, run, signal);
  }

  /** Streams that are open. */
  get openStreams(): number {
    return [...this.#streams.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Accepts or rejects a result that waits for a person. @throws GatepostError as `direct` does, FORBIDDEN, NOT_FOUND */
  judge(caller: Caller, action: 'approve' | 'reject', request: DirectRequest): Promise<{ act: Sha256 }> {
    return this.parts.audit.around(caller, { act: action, ...auditedOf(request) }, async (act) => {
      this.#require(caller, action);
      const state = await this.#stateOf(request.run);
      const { gatekeeper } = state.context;
      if (gatekeeper !== undefined) {
        const message = `run ${request.run} is judged by the gatekeeper ${gatekeeper}; say it there: gatekeeper ${action}`;
        throw new GatepostError('USAGE', message);
      }
      await direct(this.parts.ledger, state, { action, task: request.task, reason: request.reason, by: act });
      return { act };
    });
  }

  /**
   * Cancels a task or a run; one that waits is withdrawn.
   * @throws GatepostError as `direct` does, FORBIDDEN, NOT_FOUND, USAGE while the run is being opened.
   */
  cancel(caller: Caller, request: DirectRequest): Promise<{ act: Sha256; withdrawn: boolean }> {
    const { audit, book, scheduler, events, clock } = this.parts;
    const { run, task, reason } = request;
    return audit.around(caller, { act: 'cancel', ...auditedOf(request) }, async (act) => {
      const submission = book.find(run);
      this.#require(caller, submission?.by === caller.name ? 'cancel' : 'cancel_of_others');
      const { runs } = await this.parts.host.index();
      if (runs.has(run)) {
        await direct(this.parts.ledger, await this.#stateOf(run), { action: 'cancel', task, reason, by: act });
        return { act, withdrawn: false };
      }
      if (submission === undefined) throw unknownRun(run);
      if (scheduler.isTaken(run)) {
        throw new GatepostError('USAGE', `run ${run} is being opened at this moment; cancel it when it is open`);
      }
      if (task !== undefined)
        throw new GatepostError('USAGE', `run ${run} waits; only the whole of it can be cancelled`);
      if (!book.withdrawn.has(run)) {
        await book.withdraw(run, caller.name, clock.nowMs());
        events.tell(run, { event: 'withdrawn', by: caller.name });
        scheduler.wake();
      }
      return { act, withdrawn: true };
    });
  }

  /** An output with its digest. @throws GatepostError NOT_FOUND when it is neither on this host nor in the artifact store */
  async output(run: string, id: string, number: number | undefined): Promise<{ bytes: Buffer; sha256: Sha256 }> {
    const state = await this.#stateOf(run);
    const task = state.tasks.get(id);
    if (task === undefined) throw new GatepostError('NOT_FOUND', `run ${run} has no task ${id}`);
    const attempt = telling(task, number);
    const { outputSha256: sha256, outputSize } = attempt.result ?? {};
    const { config } = this.parts;
    const kept = keptOutput(attempt, new OutputStore(config.stateDir, run, 'reader'));
    const { bytes, why } = kept === undefined ? await storedOutput(config.artifacts, attempt) : { bytes: kept };
    if (bytes !== undefined && sha256 !== undefined) return { bytes, sha256 };
    const also = why === undefined ? '' : `; ${why}`;
    const message = `the output of ${id}, attempt ${attempt.number}, is not on this host: ${outputSize} bytes with SHA-256 ${sha256}; ${attempt.agent} has it${also}`;
    throw new GatepostError('NOT_FOUND', message);
  }

  get readings(): Readings {
    return this.#readings;
  }

  /** How many runs stand where; for metrics. */
  async standing(): Promise<{ open: number; waiting: number }> {
    const { book } = this.parts;
    const runs = servedRuns(book.submissions, book.withdrawn, await this.#recentIndex());
    const count = (state: string): number => runs.filter((run) => run.state === state).length;
    return { open: count('open'), waiting: count('waiting') };
  }

  /** The run's fold: that of the process when it works on it, else from the mirror. */
  async #stateOf(run: string): Promise<RunState> {
    const working = this.parts.host.runs().get(run)?.state;
    if (working?.opened === true) return working;
    const { ledger, config, log } = this.parts;
    return viewRun(ledger, config, { run }, log);
  }

  #recentIndex(): Promise<JournalIndex> {
    const nowMs = this.parts.clock.nowMs();
    if (this.#index === undefined || nowMs - this.#index.atMs > MAX_INDEX_AGE_MS) {
      this.#index = { promise: this.parts.host.index(), atMs: nowMs };
      this.#index.promise.catch(() => {
        this.#index = undefined;
      });
    }
    return this.#index.promise;
  }

  #require(caller: Caller, act: Act): void {
    if (mayDo(caller.roles, act)) return;
    const what = act === 'cancel_of_others' ? 'to cancel what another has submitted' : `to ${act}`;
    throw new GatepostError('FORBIDDEN', `the token of ${caller.name} has no role ${what}; it takes ${rolesFor(act)}`);
  }
}

const unknownRun = (run: string): GatepostError => new GatepostError('NOT_FOUND', `there is no run ${run}`, { run });

const auditedOf = ({ run, task, reason }: DirectRequest) => ({ run, ...(task === undefined ? {} : { task }), reason });

function requireCount(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  throw new GatepostError('USAGE', `${name} is a whole number from 1 to ${most}`);
}
