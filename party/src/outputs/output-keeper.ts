import type { Sha256 } from '@gatepost/shared/vocabulary/digest';

/** Bytes by their digest. What is missing is fetched from the agent or made again. */
export interface OutputKeeper {
  get(digest: Sha256): Buffer | undefined;
  /** @throws GatepostError STORE_FAILED */
  put(bytes: Uint8Array): Sha256;
}
