import type { OutputKeeper } from '@gatepost/party/outputs/output-keeper';
import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';

/** Bytes of outputs that are kept; of more, those put first are fetched again when they are needed. */
const MAX_KEPT_BYTES = 67_108_864;

/** Outputs in memory alone: the gatekeeper keeps nothing on a disk. */
export class MemoryOutputs implements OutputKeeper {
  readonly #kept = new Map<Sha256, Buffer>();
  #bytes = 0;

  get(digest: Sha256): Buffer | undefined {
    return this.#kept.get(digest);
  }

  put(bytes: Uint8Array): Sha256 {
    const digest = sha256(bytes);
    if (this.#kept.has(digest)) return digest;
    this.#kept.set(digest, Buffer.from(bytes));
    this.#bytes += bytes.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytes <= MAX_KEPT_BYTES || oldest === digest) break;
      this.#kept.delete(oldest);
      this.#bytes -= length;
    }
    return digest;
  }
}
