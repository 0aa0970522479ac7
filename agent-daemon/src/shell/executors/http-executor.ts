import http from 'node:http';
import https from 'node:https';
import { parseExecutorLine } from '../../core/line-protocol.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { LineSplitter } from './line-splitter.js';

/** An idle connection is closed after this time, before a server that has waited long enough closes it in our hands. */
const IDLE_MS = 1_000;

interface HttpLimits {
  readonly maxOutputBytes: number;
  readonly logLineBytes: number;
}

/** Collects bytes up to a bound. */
class BoundedBytes {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(private readonly max: number) {}

  /** False when the bound is exceeded. */
  add(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.max) return false;
    this.#chunks.push(chunk);
    return true;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** The fields of one server-sent event. */
interface ServerSentEvent {
  name: string;
  data: string[];
}

function relay(event: ServerSentEvent, execution: Execution): void {
  const text = event.data.join('\n');
  if (event.name === 'log') execution.log(text);
  else if (event.name === 'progress') {
    const line = parseExecutorLine(`::progress ${text}`);
    if (line.type === 'progress') execution.progress(line.fraction, line.message);
  }
}

/** Errors of a server that is not there come several at once, one for each of its addresses. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(wordsOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}

/**
 * POSTs the work order to a local agent server. A 2xx answer's body is the output; an answer of type
 * text/event-stream carries `progress`, `log`, and one `result` or `error` event. An answer may take as long as the
 * attempt has time.
 */
export class HttpExecutor implements Executor {
  readonly kind = 'http';
  readonly usesWorkDir = false;
  readonly #request: typeof http.request;
  readonly #agent: http.Agent;

  constructor(
    private readonly url: string,
    private readonly limits: HttpLimits,
  ) {
    const { request, Agent } = url.startsWith('https:') ? https : http;
    this.#request = request;
    this.#agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  }

  async execute(execution: Execution): Promise<ExecutionResult> {
    try {
      const response = await this.#post(execution);
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        return await this.#events(response, execution);
      }
      return await this.#body(response);
    } catch (error) {
      return failed(`${this.url}: ${wordsOf(error)}`);
    }
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }

  #post({ ref, taskType, workOrder, signal }: Execution): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': workOrder.length,
        accept: 'text/event-stream, application/octet-stream, */*',
        'gatepost-run': ref.run,
        'gatepost-task': ref.task,
        'gatepost-attempt': String(ref.attempt),
        'gatepost-task-type': taskType,
      };
      const request = this.#request(this.url, { method: 'POST', agent: this.#agent, headers, signal });
      request.once('response', resolve);
      // It stays: the answer's reader hears of what comes later, and this of it once more.
      request.on('error', reject);
      request.end(workOrder);
    });
  }

  async #body(response: http.IncomingMessage): Promise<ExecutionResult> {
    const collected = new BoundedBytes(this.limits.maxOutputBytes);
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (!collected.add(chunk)) return failed(`the output exceeds ${this.limits.maxOutputBytes} bytes`);
    }
    const output = collected.bytes();
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return { ok: true, output };
    return failed(`${this.url} answered ${statusCode}: ${output.toString('utf8').slice(0, 200)}`);
  }

  async #events(response: http.IncomingMessage, execution: Execution): Promise<ExecutionResult> {
    let result: ExecutionResult | undefined;
    let event: ServerSentEvent = { name: 'message', data: [] };
    const splitter = new LineSplitter(this.limits.maxOutputBytes, (line) => {
      if (line.startsWith('event:')) event.name = line.slice(6).trim();
      else if (line.startsWith('data:')) event.data.push(line.slice(5).replace(/^ /, ''));
      else if (line === '') {
        const text = event.data.join('\n');
        if (event.name === 'result') result = { ok: true, output: Buffer.from(text, 'utf8') };
        else if (event.name === 'error') result = failed(text);
        else relay(event, execution);
        event = { name: 'message', data: [] };
      }
    });
    for await (const chunk of response as AsyncIterable<Buffer>) {
      splitter.push(chunk);
      if (result !== undefined) return result;
    }
    return result ?? failed(`${this.url} ended its event stream without a result`);
  }
}
