import type { OutputChunk, Refused } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { Clock } from '@gatepost/shared/clock';
import { sha256 as digestOf, type Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { MAX_OUTPUT_BYTES } from '@gatepost/shared/vocabulary/session-bounds';

interface Fetch {
  readonly promise: Promise<Buffer>;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
  /** What its `result` record says, and so all that is taken, bytes. */
  readonly declared: number;
  readonly chunks: Uint8Array[];
  size: number;
  /** Calls off the timeout; undefined before it was asked for. */
  callOff: (() => void) | undefined;
}

/** Outputs asked for at a time; the others wait. */
export const MAX_FETCHES = 4;
/** How long the next part of an output may take, milliseconds. */
export const FETCH_SILENCE_MS = 30_000;

const corrupt = (digest: Sha256, what: string) => new GatepostError('OUTPUT_CORRUPT', `output ${digest} ${what}`);

/**
 * Outputs on their way over one session, by digest; two requests for one output share it. Of each no more is taken than
 * its `result` record declares, a few at a time, and none is waited for without end.
 */
export class OutputFetches {
  readonly #open = new Map<Sha256, Fetch>();

  constructor(
    readonly request: (sha256: Buffer, offset: bigint) => void,
    readonly clock: Clock,
  ) {}

  /** @throws GatepostError OUTPUT_CORRUPT, AGENT_REFUSED, AGENT_UNREACHABLE */
  fetch(digest: Sha256, declared: number): Promise<Buffer> {
    const known = this.#open.get(digest);
    if (known !== undefined) return known.promise;
    if (declared > MAX_OUTPUT_BYTES) {
      return Promise.reject(corrupt(digest, `has ${declared} bytes; ${MAX_OUTPUT_BYTES} are taken`));
    }
    let resolve: Fetch['resolve'] = () => undefined;
    let reject: Fetch['reject'] = () => undefined;
    const promise = new Promise<Buffer>((done, failed) => {
      resolve = done;
      reject = failed;
    });
    this.#open.set(digest, { promise, resolve, reject, declared, chunks: [], size: 0, callOff: undefined });
    this.#askForMore();
    return promise;
  }

  #askForMore(): void {
    let asked = [...this.#open.values()].filter(({ callOff }) => callOff !== undefined).length;
    for (const [digest, fetch] of this.#open) {
      if (asked >= MAX_FETCHES) return;
      if (fetch.callOff !== undefined) continue;
      asked += 1;
      this.#await(digest, fetch);
      this.request(Buffer.from(digest, 'hex'), 0n);
    }
  }

  #await(digest: Sha256, fetch: Fetch): void {
    fetch.callOff?.();
    fetch.callOff = this.clock.at(this.clock.nowMs() + FETCH_SILENCE_MS, () => {
      const what = `nothing of output ${digest} came for ${FETCH_SILENCE_MS} ms`;
      this.#end(digest, new GatepostError('AGENT_UNREACHABLE', what));
    });
  }

  chunk({ sha256, offset, data, last }: OutputChunk): void {
    const digest = Buffer.from(sha256).toString('hex');
    const fetch = this.#open.get(digest);
    if (fetch?.callOff === undefined) return;
    const expected = BigInt(fetch.size);
    const size = fetch.size + data.length;
    if (offset !== expected) this.#end(digest, corrupt(digest, 'comes in parts that do not fit together'));
    else if (size > fetch.declared) this.#end(digest, corrupt(digest, 'has more bytes than its result declared'));
    else {
      fetch.chunks.push(data);
      fetch.size = size;
      if (last) this.#complete(digest, fetch);
      else this.#await(digest, fetch);
    }
  }

  #complete(digest: Sha256, { chunks }: Fetch): void {
    const bytes = Buffer.concat(chunks);
    this.#end(digest, digestOf(bytes) === digest ? bytes : corrupt(digest, 'does not match its digest'));
  }

  refused({ outputSha256, code, message }: Refused): void {
    const digest = Buffer.from(outputSha256).toString('hex');
    this.#end(digest, new GatepostError('AGENT_REFUSED', `output ${digest}: ${message}`, { code }));
  }

  /** The session is over. */
  fail(reason: Error): void {
    for (const digest of [...this.#open.keys()]) this.#end(digest, reason, false);
  }

  #end(digest: Sha256, outcome: Buffer | Error, goesOn = true): void {
    const fetch = this.#open.get(digest);
    if (fetch === undefined) return;
    this.#open.delete(digest);
    fetch.callOff?.();
    if (outcome instanceof Error) fetch.reject(outcome);
    else fetch.resolve(outcome);
    if (goesOn) this.#askForMore();
  }
}
