import type { ArtifactsPlace } from '@gatepost/shared/config/artifacts';
import { type Finding, fine, type Look, trouble } from '@gatepost/shared/doctor/finding';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { NO_BYTES } from './artifact-store.js';
import { openArtifacts } from './open-artifacts.js';

/** Looks at the artifact store that a configuration names; nothing when it names none. */
export const artifactsLooks = (place: ArtifactsPlace | undefined, use: 'read' | 'write'): readonly Look[] =>
  place === undefined ? [] : [() => lookAtArtifacts(place, use)];

/** @param use what the party does there; to find out whether it can write, it writes the artifact of no bytes. */
async function lookAtArtifacts(place: ArtifactsPlace, use: 'read' | 'write'): Promise<Finding> {
  try {
    const store = await openArtifacts(place);
    try {
      await (use === 'write' ? store?.prove() : store?.get(NO_BYTES));
      return fine('artifacts', `${store?.place}`);
    } finally {
      store?.close();
    }
  } catch (thrown) {
    return trouble('artifacts.unavailable', toGatepostError(thrown).message);
  }
}
