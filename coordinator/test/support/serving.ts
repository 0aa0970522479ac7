import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { CoordinatorProcess } from './coordinator-process.js';

/** A `coordinator serve` that runs. */
export class Serving {
  private constructor(
    readonly child: ChildProcess,
    readonly http: string,
    readonly grpc: string,
    private readonly errors: () => string,
  ) {}

  static async start(coordinator: CoordinatorProcess): Promise<Serving> {
    const child = coordinator.start('serve', '--json', '--insecure-loopback', ...coordinator.config);
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    const lines = createInterface({ input: child.stdout });
    const [first] = await Promise.race([
      once(lines, 'line') as Promise<[string]>,
      once(child, 'close').then(() => Promise.reject(new Error(errors))),
    ]);
    const { http, grpc } = JSON.parse(first) as { http: string; grpc: string };
    return new Serving(child, http, grpc, () => errors);
  }

  /** Stops it with a signal; gives the exit code, null when it was killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const closed = once(this.child, 'close') as Promise<[number | null]>;
    this.child.kill(signal);
    return (await closed)[0];
  }

  /** What it wrote to standard error. */
  get log(): string {
    return this.errors();
  }

  /** Asks over HTTP; gives status and body, which is parsed when it is JSON. */
  async ask(
    path: string,
    token?: string,
    init: RequestInit = {},
  ): Promise<{ status: number; body: unknown; headers: Headers }> {
    const headers = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...init.headers };
    const response = await fetch(`${this.http}${path}`, { ...init, headers });
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return {
      status: response.status,
      body: isJson ? await response.json() : await response.text(),
      headers: response.headers,
    };
  }

  /** Events after a cursor, until `isLast`. */
  async events(token: string, query: string, isLast: (event: ServedEvent) => boolean): Promise<ServedEvent[]> {
    const response = await fetch(`${this.http}/v1/events${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const seen: ServedEvent[] = [];
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString('utf8');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, data] = /^data: (.*)$/m.exec(block) ?? [];
        if (data === undefined) continue;
        const event = JSON.parse(data) as ServedEvent;
        seen.push(event);
        if (isLast(event)) return seen;
      }
    }
    throw new Error(`the stream ended after ${JSON.stringify(seen.at(-1))}`);
  }
}

export interface ServedEvent {
  readonly event: string;
  readonly cursor: string;
  readonly run?: string;
  readonly task?: string;
  readonly [more: string]: unknown;
}
