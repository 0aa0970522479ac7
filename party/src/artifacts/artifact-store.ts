import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable } from '@gatepost/shared/vocabulary/printable';

/** What is known of an output before its bytes are: the names that its `result` record gives it. */
export interface ArtifactName {
  readonly digest: Sha256;
  /** Bytes. */
  readonly size: number;
}

/** Where accepted outputs are beyond the hosts that made and judged them, by their digests. */
export interface ArtifactStore {
  /** What people call it: its place, without any secret. */
  readonly place: string;
  /** Puts the bytes there; what is there already stays. @throws GatepostError ARTIFACTS_UNAVAILABLE */
  put(name: ArtifactName, bytes: Buffer): Promise<void>;
  /**
   * The very bytes that were named; undefined when it does not have them.
   * @throws GatepostError ARTIFACTS_UNAVAILABLE; OUTPUT_CORRUPT when it has others under that name
   */
  get(name: ArtifactName): Promise<Buffer | undefined>;
  /** Writes and reads nothing (the artifact of no bytes), so as to find out whether it can. @throws GatepostError as `put` and `get`. */
  prove(): Promise<void>;
  close(): void;
}

/** Longest text of a store's own that is passed on, UTF-16 code units. */
const MAX_SAID = 300;

/** Where an artifact is below a store's beginning: two digits of its digest make directories of a bearable size. */
export const artifactPath = (digest: Sha256): string => `sha256/${digest.slice(0, 2)}/${digest}`;

const NOTHING = Buffer.alloc(0);
/** The artifact of no bytes. */
export const NO_BYTES: ArtifactName = { digest: sha256(NOTHING), size: 0 };

/** The error that a store's own is told as: its text alone, since its other fields may hold what a request was signed with. */
export function unavailable(place: string, doing: string, thrown: unknown): GatepostError {
  if (thrown instanceof GatepostError) return thrown;
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  const said = message === '' || message === 'UnknownError' ? name : message;
  return new GatepostError(
    'ARTIFACTS_UNAVAILABLE',
    `the artifact store ${place} ${doing}: ${printable(said).slice(0, MAX_SAID)}`,
  );
}

/** The error for a store that has something else under a name. */
export const otherBytes = (place: string, { digest }: ArtifactName, what: string): GatepostError =>
  new GatepostError(
    'OUTPUT_CORRUPT',
    `the artifact store ${place} has other bytes than those of ${digest} under ${artifactPath(digest)}: ${what}; ` +
      'they were dropped. Remove that artifact, and run the same command again, which stores it anew where it can still be had',
  );

/** @throws GatepostError OUTPUT_CORRUPT */
export function requireNamed(place: string, name: ArtifactName, bytes: Buffer): Buffer {
  if (bytes.length !== name.size) throw otherBytes(place, name, `${bytes.length} instead of ${name.size} bytes`);
  if (sha256(bytes) !== name.digest) throw otherBytes(place, name, `their SHA-256 is ${sha256(bytes)}`);
  return bytes;
}

/** Puts and gets the artifact of no bytes. @throws GatepostError as they do. */
export async function proveBy(store: Pick<ArtifactStore, 'place' | 'get'>, write: () => Promise<void>): Promise<void> {
  await write();
  if ((await store.get(NO_BYTES)) !== undefined) return;
  throw unavailable(store.place, 'does not have what was put there', new Error('it shows nothing under that name'));
}
