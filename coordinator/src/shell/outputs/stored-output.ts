import { openArtifacts } from '@gatepost/party/artifacts/open-artifacts';
import { isAcceptedWork } from '@gatepost/party/outputs/kept-output';
import type { Attempt } from '@gatepost/rules/run/attempt';
import type { ArtifactsPlace } from '@gatepost/shared/config/artifacts';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';

/** What the artifact store has of an attempt, or why it has nothing; neither when nothing is kept of it. */
export async function storedOutput(
  place: ArtifactsPlace | undefined,
  attempt: Attempt,
): Promise<{ readonly bytes?: Buffer | undefined; readonly why?: string }> {
  const { outputSha256: digest, outputSize: size = 0 } = attempt.result ?? {};
  if (place === undefined || digest === undefined || !isAcceptedWork(attempt)) return {};
  const store = await openArtifacts(place);
  try {
    const bytes = await store?.get({ digest, size });
    return bytes === undefined ? { why: `the artifact store ${store?.place} does not have it` } : { bytes };
  } catch (thrown) {
    return { why: toGatepostError(thrown).message };
  } finally {
    store?.close();
  }
}
