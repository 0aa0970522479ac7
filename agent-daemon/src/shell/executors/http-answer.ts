import { parseExecutorLine } from '../../core/line-protocol.js';
import { type Execution, type ExecutionResult, failed } from './executor.js';
import { LineSplitter } from './line-splitter.js';

/** Reads the body of an answer as it comes; has a result as soon as there is one. */
export interface AnswerReader {
  take(chunk: Uint8Array): ExecutionResult | undefined;
  /** What the answer was, now that all of it has come. */
  end(): ExecutionResult;
}

/** An answer whose body is the output, or says what is wrong. */
export class WholeBody implements AnswerReader {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(
    private readonly url: string,
    private readonly status: number,
    private readonly maxBytes: number,
  ) {}

  take(chunk: Uint8Array): ExecutionResult | undefined {
    this.#size += chunk.length;
    if (this.#size > this.maxBytes) return failed(`the output exceeds ${this.maxBytes} bytes`);
    this.#chunks.push(chunk);
    return undefined;
  }

  end(): ExecutionResult {
    const output = Buffer.concat(this.#chunks);
    if (this.status >= 200 && this.status < 300) return { ok: true, output };
    return failed(`${this.url} answered ${this.status}: ${output.toString('utf8').slice(0, 200)}`);
  }
}

/** The fields of one server-sent event. */
interface ServerSentEvent {
  name: string;
  data: string[];
}

/** A stream of server-sent events: `progress`, `log`, and one `result` or `error`. */
export class EventStream implements AnswerReader {
  #result: ExecutionResult | undefined;
  #event: ServerSentEvent = { name: 'message', data: [] };
  readonly #splitter: LineSplitter;

  constructor(
    private readonly url: string,
    private readonly execution: Execution,
    maxBytes: number,
  ) {
    this.#splitter = new LineSplitter(maxBytes, (line) => this.#line(line));
  }

  take(chunk: Uint8Array): ExecutionResult | undefined {
    this.#splitter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    return this.#result;
  }

  end(): ExecutionResult {
    return this.#result ?? failed(`${this.url} ended its event stream without a result`);
  }

  #line(line: string): void {
    if (line.startsWith('event:')) this.#event.name = line.slice(6).trim();
    else if (line.startsWith('data:')) this.#event.data.push(line.slice(5).replace(/^ /, ''));
    else if (line === '') {
      this.#take(this.#event);
      this.#event = { name: 'message', data: [] };
    }
  }

  #take({ name, data }: ServerSentEvent): void {
    const text = data.join('\n');
    if (name === 'result') this.#result = { ok: true, output: Buffer.from(text, 'utf8') };
    else if (name === 'error') this.#result = failed(text);
    else if (name === 'log') this.execution.log(text);
    else if (name === 'progress') {
      const line = parseExecutorLine(`::progress ${text}`);
      if (line.type === 'progress') this.execution.progress(line.fraction, line.message);
    }
  }
}
