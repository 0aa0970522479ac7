import type { ArtifactsPlace } from '@gatepost/shared/config/artifacts';
import type { ArtifactStore } from './artifact-store.js';

/**
 * The store that a configuration names; undefined when it names none. It is not asked for anything yet.
 * @throws GatepostError INVALID_CONFIG when what it takes is not installed.
 */
export async function openArtifacts(place: ArtifactsPlace | undefined): Promise<ArtifactStore | undefined> {
  if (place === undefined) return undefined;
  if ('directory' in place) {
    const { DirectoryStore } = await import('./directory-store.js');
    return new DirectoryStore(place.directory);
  }
  const { BucketStore } = await import('./s3-store.js');
  return BucketStore.open(place.s3);
}
