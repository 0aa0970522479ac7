import { parseExecutorLine } from '../../core/line-protocol.js';
import { type Execution, type ExecutionResult, type Executor, failed } from './executor.js';
import { LineSplitter } from './line-splitter.js';

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
  add(chunk: Uint8Array): boolean {
    this.#size += chunk.length;
    if (this.#size > this.max) return false;
    this.#chunks.push(Buffer.from(chunk));
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

/**
 * POSTs the work order to a local agent server. A 2xx answer's body is the output; an answer of type
 * text/event-stream carries `progress`, `log`, and one `result` or `error` event.
 */
export class HttpExecutor implements Executor {
  readonly kind = 'http';
  readonly usesWorkDir = false;

  constructor(
    private readonly url: string,
    private readonly limits: HttpLimits,
  ) {}

  async execute(execution: Execution): Promise<ExecutionResult> {
    try {
      const { ref, taskType } = execution;
      const response = await fetch(this.url, {
        method: 'POST',
        body: Buffer.from(execution.workOrder),
        signal: execution.signal,
        redirect: 'error',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream, application/octet-stream, */*',
          'gatepost-run': ref.run,
          'gatepost-task': ref.task,
          'gatepost-attempt': String(ref.attempt),
          'gatepost-task-type': taskType,
        },
      });
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
        return await this.#events(response, execution);
      }
      return await this.#body(response);
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
      return failed(`${this.url}: ${error instanceof Error ? error.message : String(error)}${cause}`);
    }
  }

  async #body(response: Response): Promise<ExecutionResult> {
    const collected = new BoundedBytes(this.limits.maxOutputBytes);
    for await (const chunk of response.body ?? []) {
      if (!collected.add(chunk)) return failed(`the output exceeds ${this.limits.maxOutputBytes} bytes`);
    }
    const output = collected.bytes();
    if (response.ok) return { ok: true, output };
    return failed(`${this.url} answered ${response.status}: ${output.toString('utf8').slice(0, 200)}`);
  }

  async #events(response: Response, execution: Execution): Promise<ExecutionResult> {
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
    for await (const chunk of response.body ?? []) {
      splitter.push(Buffer.from(chunk));
      if (result !== undefined) return result;
    }
    return result ?? failed(`${this.url} ended its event stream without a result`);
  }
}
