import type { OutputChunk, Refused } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { sha256 as digestOf, type Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

interface Fetch {
  readonly promise: Promise<Buffer>;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
  readonly chunks: Uint8Array[];
  size: number;
}

/** Largest output that is taken. */
const MAX_OUTPUT_BYTES = 256 * 1_024 * 1_024;

/** Outputs on their way over one session, by digest; two requests for one output share it. */
export class OutputFetches {
  readonly #open = new Map<Sha256, Fetch>();

  constructor(readonly request: (sha256: Buffer, offset: bigint) => void) {}

  fetch(digest: Sha256): Promise<Buffer> {
    const known = this.#open.get(digest);
    if (known !== undefined) return known.promise;
    let resolve: Fetch['resolve'] = () => undefined;
    let reject: Fetch['reject'] = () => undefined;
    const promise = new Promise<Buffer>((done, failed) => {
      resolve = done;
      reject = failed;
    });
    this.#open.set(digest, { promise, resolve, reject, chunks: [], size: 0 });
    this.request(Buffer.from(digest, 'hex'), 0n);
    return promise;
  }

  chunk({ sha256, offset, data, last }: OutputChunk): void {
    const digest = Buffer.from(sha256).toString('hex');
    const fetch = this.#open.get(digest);
    if (fetch === undefined) return;
    fetch.chunks.push(data);
    const expected = BigInt(fetch.size);
    fetch.size += data.length;
    if (offset !== expected || fetch.size > MAX_OUTPUT_BYTES) {
      this.#end(digest, new GatepostError('OUTPUT_CORRUPT', `the chunks of output ${digest} do not fit together`));
    } else if (last) {
      const bytes = Buffer.concat(fetch.chunks);
      const intact = digestOf(bytes) === digest;
      this.#end(
        digest,
        intact ? bytes : new GatepostError('OUTPUT_CORRUPT', `output ${digest} does not match its digest`),
      );
    }
  }

  refused({ outputSha256, code, message }: Refused): void {
    const digest = Buffer.from(outputSha256).toString('hex');
    this.#end(digest, new GatepostError('AGENT_REFUSED', `output ${digest}: ${message}`, { code }));
  }

  /** The session is over. */
  fail(reason: Error): void {
    for (const digest of [...this.#open.keys()]) this.#end(digest, reason);
  }

  #end(digest: Sha256, outcome: Buffer | Error): void {
    const fetch = this.#open.get(digest);
    this.#open.delete(digest);
    if (outcome instanceof Error) fetch?.reject(outcome);
    else fetch?.resolve(outcome);
  }
}
