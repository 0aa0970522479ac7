import type { FetchOutput, SessionResponse } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { type Refusal, refusal } from '../../core/refusal.js';
import type { Blobs } from '../store/blobs.js';

/** Where outputs go: one stream. */
export interface OutputSink {
  readonly closed: boolean;
  /** False when the peer should be given time first. */
  send(message: SessionResponse): boolean;
  /** Resolves when the peer has read what was written. */
  writable(): Promise<void>;
  refuse(ref: undefined, why: Refusal, output: Uint8Array): void;
}

/** Outputs one stream may ask for before the first is sent. */
const WAITING = 64;

/** Serves outputs over a stream, one after the other, from the position asked for, no faster than the peer reads. */
export class OutputServer {
  readonly #queues = new WeakMap<OutputSink, FetchOutput[]>();

  constructor(
    private readonly blobs: Blobs,
    private readonly maxChunkBytes: number,
  ) {}

  fetch(stream: OutputSink, request: FetchOutput): void {
    const queue = this.#queues.get(stream);
    if (queue === undefined) {
      this.#queues.set(stream, [request]);
      void this.#serve(stream);
    } else if (queue.length >= WAITING) {
      const why = refusal('RESOURCE_EXHAUSTED', `${WAITING} outputs are waiting to be sent already`);
      stream.refuse(undefined, why, request.sha256);
    } else queue.push(request);
  }

  async #serve(stream: OutputSink): Promise<void> {
    const queue = this.#queues.get(stream) ?? [];
    for (let next = queue[0]; next !== undefined && !stream.closed; next = queue[0]) {
      try {
        await this.#send(stream, next);
      } catch {
        stream.refuse(undefined, refusal('DATA_LOSS', 'the output cannot be read from the disk'), next.sha256);
      }
      queue.shift();
    }
    this.#queues.delete(stream);
  }

  async #send(stream: OutputSink, { sha256, offset }: FetchOutput): Promise<void> {
    const name = Buffer.from(sha256).toString('hex');
    const size = sha256.length === 32 ? await this.blobs.size(name) : undefined;
    if (size === undefined) {
      return stream.refuse(undefined, refusal('NOT_FOUND', 'no such output here, or no longer'), sha256);
    }
    if (!(await this.blobs.intact(name))) {
      return stream.refuse(undefined, refusal('DATA_LOSS', 'the stored output was changed on disk'), sha256);
    }
    let position = Number(offset);
    if (position > size) {
      return stream.refuse(undefined, refusal('OUT_OF_RANGE', `the output has ${size} bytes`), sha256);
    }
    for await (const data of this.#pieces(name, position)) {
      const last = position + data.length >= size;
      const sent = stream.send({
        message: { $case: 'outputChunk', value: { sha256, offset: BigInt(position), data, last } },
      });
      position += data.length;
      if (stream.closed || last) return;
      if (!sent) await stream.writable();
    }
    // Nothing was left from this position on.
    const none = { sha256, offset: BigInt(position), data: new Uint8Array(0), last: true };
    stream.send({ message: { $case: 'outputChunk', value: none } });
  }

  async *#pieces(name: string, from: number): AsyncGenerator<Uint8Array> {
    const small = this.blobs.getSmall(name);
    if (small === undefined) {
      for await (const piece of this.blobs.stream(name, from, this.maxChunkBytes)) yield piece as Uint8Array;
      return;
    }
    for (let at = from; at < small.length; at += this.maxChunkBytes) yield small.subarray(at, at + this.maxChunkBytes);
  }
}
