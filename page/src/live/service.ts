import type { ReportDocument } from '../report.js';
import { EventStream, type StreamedEvent } from './event-stream.js';

/** What a token is, and what it may do. */
export interface Me {
  readonly name: string;
  readonly roles: readonly string[];
  readonly network: string;
  readonly journal: string;
  /** Of the coordinator, which posts what people decide. */
  readonly account: string;
  readonly token: string;
}

/** A run as the service lists it. */
export interface ListedRun {
  readonly run: string;
  readonly name: string;
  readonly state: 'waiting' | 'open' | 'closed' | 'withdrawn';
  readonly tasks: number;
  readonly weight?: number;
  readonly submitted?: { readonly at: string; readonly by: string };
  readonly trouble?: {
    readonly code: string;
    readonly message: string;
    readonly advice: string;
    readonly retry_at?: string;
  };
}

/** What `verify` comes to when it is run now. */
export interface Verified {
  readonly runs: readonly { readonly run: string }[];
  readonly rules: readonly string[];
  readonly findings: readonly {
    readonly rule: string;
    readonly run?: string;
    readonly subject: string;
    readonly message: string;
  }[];
}

/** What a person says about a result. */
export type Word = 'approve' | 'reject';

/** Runs that are listed at once, newest first. */
const MAX_LISTED = 200;
/** The service shows that a stream stands every 15 s; after so long without a sign it does not. */
const SILENCE_MS = 40_000;
const REQUEST_MS = 60_000;
const MS_PER_SECOND = 1_000;

/** What the service answered instead of what was asked for, or why there was no answer. */
export class ServiceError extends Error {
  /**
   * @param status of HTTP; 0 when nothing was answered.
   * @param retryAfterMs how long the service asked to wait; 0 when it did not.
   */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly advice: string,
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

/** Any thrown value as what is told to people. */
export function serviceErrorOf(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new ServiceError(0, 'UNREACHABLE', `the coordinator does not answer (${why})`, 'it is tried again by itself');
}

async function errorOf(response: Response): Promise<ServiceError> {
  const text = await response.text();
  const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * MS_PER_SECOND;
  try {
    const { code, message, advice } = (JSON.parse(text) as { error: Record<'code' | 'message' | 'advice', string> })
      .error;
    return new ServiceError(response.status, code, message, advice, retryAfterMs);
  } catch {
    // What stands between page and coordinator, such as a proxy, answers in its own form.
    return new ServiceError(response.status, `HTTP ${response.status}`, text.slice(0, 200), '', retryAfterMs);
  }
}

/** The coordinator that served this page, asked with a token, which goes with each request as a header. */
export class Service {
  constructor(private readonly token: string) {}

  /** @throws ServiceError, as all of these: UNAUTHENTICATED when the token is not known. */
  me(): Promise<Me> {
    return this.#json('/v1/me');
  }

  /**
   * The report of some runs, or of all that were not over before `since`.
   * @throws ServiceError NOT_FOUND while the journal has no such run.
   */
  report(runs: ReadonlySet<string> | undefined, since: string): Promise<ReportDocument> {
    const query = new URLSearchParams(since === '' ? {} : { since });
    for (const run of runs ?? []) query.append('run', run);
    return this.#json(`/v1/report?${query}`);
  }

  async runs(): Promise<readonly ListedRun[]> {
    const { runs } = await this.#json<{ readonly runs: readonly ListedRun[] }>(`/v1/runs?limit=${MAX_LISTED}`);
    return runs;
  }

  verify(run: string): Promise<Verified> {
    return this.#json(`/v1/verify?${new URLSearchParams({ run })}`);
  }

  /** Has the coordinator post a person's word on a result; gives the digest of the line of its audit. */
  async say(word: Word, run: string, task: string, text: string): Promise<string> {
    const path = `/v1/runs/${encodeURIComponent(run)}/tasks/${encodeURIComponent(task)}/${word}`;
    const body = JSON.stringify(text === '' ? {} : word === 'approve' ? { comment: text } : { reason: text });
    const headers = { 'content-type': 'application/json' };
    const { act } = await this.#json<{ readonly act: string }>(path, { method: 'POST', body, headers });
    return act;
  }

  /**
   * What happens after a cursor, until the signal aborts; from now on without one.
   * @throws ServiceError when the stream breaks, or nothing comes for too long.
   */
  async *events(cursor: string | undefined, signal: AbortSignal): AsyncGenerator<StreamedEvent> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(new Error('nothing came')), SILENCE_MS);
    try {
      const query = new URLSearchParams(cursor === undefined ? {} : { cursor });
      const response = await this.#ask(`/v1/events?${query}`, { signal: AbortSignal.any([signal, silence.signal]) });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const stream = new EventStream();
      for (;;) {
        const { done, value = '' } = (await reader?.read()) ?? { done: true };
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(new Error('nothing came')), SILENCE_MS);
        if (done) return;
        yield* stream.take(value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await this.#ask(path, { signal: AbortSignal.timeout(REQUEST_MS), ...init });
    return (await response.json()) as T;
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.token}` };
    const response = await fetch(path, { ...init, headers, cache: 'no-store', credentials: 'omit', redirect: 'error' });
    if (!response.ok) throw await errorOf(response);
    return response;
  }
}
