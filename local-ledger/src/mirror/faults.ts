import { status as GrpcStatus } from '@grpc/grpc-js';

/** A stream that is made to end: after so many messages, with this gRPC status (0 = clean end). */
export interface StreamFault {
  readonly afterMessages: number;
  readonly code: number;
  readonly message: string;
  /** Break only in the middle of a chunked message: after a chunk that is not the last of its message. */
  readonly betweenChunks: boolean;
}

/** REST answers that are replaced by an error. */
export interface RestFault {
  readonly status: number;
  readonly message: string;
  /** Only for URLs that contain this text. */
  readonly urlContains: string;
}

interface Counted<T> {
  readonly fault: T;
  left: number;
}

/** Faults an operator has asked the mirror side for; each is used up after its count. */
export class MirrorFaults {
  readonly #streams: Counted<StreamFault>[] = [];
  readonly #rest: Counted<RestFault>[] = [];
  readonly #liveStreams = new Set<(code: number, message: string) => void>();

  /** The next `count` subscriptions break as told. */
  addStreamFault(fault: StreamFault, count: number): void {
    this.#streams.push({ fault, left: count });
  }

  /** The next `count` matching REST requests answer with an error. */
  addRestFault(fault: RestFault, count: number): void {
    this.#rest.push({ fault, left: count });
  }

  /** The fault a new subscription has to carry out, if any. */
  takeStreamFault(): StreamFault | undefined {
    return take(this.#streams, () => true);
  }

  takeRestError(url: string): RestFault | undefined {
    return take(this.#rest, (fault) => url.includes(fault.urlContains));
  }

  /** Registers a running subscription so that endStreams reaches it; returns how to unregister. */
  track(end: (code: number, message: string) => void): () => void {
    this.#liveStreams.add(end);
    return () => this.#liveStreams.delete(end);
  }

  /** How many subscriptions are running. */
  running(): number {
    return this.#liveStreams.size;
  }

  /** Ends all running subscriptions at once, cleanly by default; returns how many. */
  endStreams(code: number = GrpcStatus.OK, message = 'ended by the operator'): number {
    const running = [...this.#liveStreams];
    for (const end of running) end(code, message);
    return running.length;
  }

  /** Forgets all faults that are still to come. */
  clear(): void {
    this.#streams.length = 0;
    this.#rest.length = 0;
  }

  /** Faults still to come, for display. */
  pending(): { readonly streams: readonly object[]; readonly rest: readonly object[] } {
    return {
      streams: this.#streams.map(({ fault, left }) => ({ ...fault, left })),
      rest: this.#rest.map(({ fault, left }) => ({ ...fault, left })),
    };
  }
}

function take<T>(list: Counted<T>[], matches: (fault: T) => boolean): T | undefined {
  const entry = list.find(({ fault }) => matches(fault));
  if (entry === undefined) return undefined;
  entry.left--;
  if (entry.left <= 0) list.splice(list.indexOf(entry), 1);
  return entry.fault;
}
