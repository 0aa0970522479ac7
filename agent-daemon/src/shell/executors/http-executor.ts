import type { Dispatcher, Pool } from 'undici';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { type AnswerReader, EventStream, WholeBody } from './http-answer.js';

/** An idle connection is closed after this time, before a server that has waited long enough closes it in our hands. */
const IDLE_MS = 1_000;
/** A server that says how long it waits is believed so far. */
const TOLD_IDLE_MS = 60_000;

interface HttpLimits {
  /** Attempts at the same time, each on a connection of its own. */
  readonly slots: number;
  readonly maxOutputBytes: number;
}

/** Errors of a server that is not there come several at once, one for each of its addresses. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(wordsOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/** One question and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  #reader: AnswerReader | undefined;
  #result: ExecutionResult | undefined;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(
    private readonly url: string,
    private readonly execution: Execution,
    private readonly maxBytes: number,
    private readonly done: (result: ExecutionResult) => void,
  ) {
    execution.signal.addEventListener('abort', this.#stop);
    if (execution.signal.aborted) this.#stop();
  }

  readonly #stop = (): void => this.fail(this.execution.signal.reason);

  fail(error: unknown): void {
    this.#end(failed(`${this.url}: ${wordsOf(error)}`));
    this.#controller?.abort(error instanceof Error ? error : new Error(String(error)));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#result !== undefined) controller.abort(new Error('over'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    const isStream = `${headers['content-type'] ?? ''}`.startsWith('text/event-stream');
    this.#reader = isStream
      ? new EventStream(this.url, this.execution, this.maxBytes)
      : new WholeBody(this.url, status, this.maxBytes);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const result = this.#reader?.take(chunk);
    if (result === undefined) return;
    this.#end(result);
    controller.abort(new Error('over'));
  }

  onResponseEnd(): void {
    if (this.#reader !== undefined) this.#end(this.#reader.end());
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(failed(`${this.url}: ${wordsOf(error)}`));
  }

  #end(result: ExecutionResult): void {
    if (this.#result !== undefined) return;
    this.#result = result;
    this.execution.signal.removeEventListener('abort', this.#stop);
    this.done(result);
  }
}

/**
 * POSTs the work order to a local agent server. A 2xx answer's body is the output; an answer of type
 * text/event-stream carries `progress`, `log`, and one `result` or `error` event. An answer may take as long as the
 * attempt has time.
 */
export class HttpExecutor implements Executor {
  readonly kind = 'http';
  readonly usesWorkDir = false;
  readonly #origin: string;
  readonly #path: string;
  readonly #authorization: Readonly<Record<string, string>>;
  #pool: Promise<Pool> | undefined;

  constructor(
    private readonly url: string,
    private readonly limits: HttpLimits,
  ) {
    const { origin, pathname, search, username, password } = new URL(url);
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#origin = origin;
    this.#path = `${pathname}${search}`;
    this.#authorization =
      credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  }

  async execute(execution: Execution): Promise<ExecutionResult> {
    const { ref, taskType, workOrder } = execution;
    this.#pool ??= this.#open();
    const pool = await this.#pool;
    return new Promise((resolve) => {
      const exchange = new Exchange(this.url, execution, this.limits.maxOutputBytes, resolve);
      const headers = {
        'content-type': 'application/json',
        accept: 'text/event-stream, application/octet-stream, */*',
        'gatepost-run': ref.run,
        'gatepost-task': ref.task,
        'gatepost-attempt': String(ref.attempt),
        'gatepost-task-type': taskType,
        ...this.#authorization,
      };
      try {
        pool.dispatch({ path: this.#path, method: 'POST', headers, body: workOrder }, exchange);
      } catch (error) {
        exchange.fail(error);
      }
    });
  }

  async close(): Promise<void> {
    await (await this.#pool)?.destroy();
  }

  async #open(): Promise<Pool> {
    const { Pool } = await import('undici');
    // One question at a time on each; an answer takes as long as it takes.
    return new Pool(this.#origin, {
      connections: this.limits.slots,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: TOLD_IDLE_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }
}
