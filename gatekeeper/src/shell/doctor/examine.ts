import { existsSync } from 'node:fs';
import { artifactsLooks } from '@gatepost/party/artifacts/artifacts-look';
import { probeConfinement } from '@gatepost/shared/confinement/confinement';
import { lookAtAccountKey, lookAtHbar } from '@gatepost/shared/doctor/account-looks';
import { type Finding, fine, type Look, takeLooks, trouble } from '@gatepost/shared/doctor/finding';
import { lookAtFiles, lookAtNodeVersion, lookAtProxies } from '@gatepost/shared/doctor/host-looks';
import { lookAtJournal } from '@gatepost/shared/doctor/journal-look';
import { lookAtClock, lookAtMirror, lookAtNode, lookAtSameNetwork } from '@gatepost/shared/doctor/network-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { nodeAddresses } from '@gatepost/shared/hedera/same-network';
import { loadIdentity } from '@gatepost/shared/server/tls';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { GatekeeperConfig } from '../../config/gatekeeper-config.js';

function lookAtCertificate({ tls }: GatekeeperConfig): Finding {
  try {
    return fine('certificate', `SHA-256 ${loadIdentity(tls).certificateSha256}`);
  } catch (thrown) {
    return trouble('certificate.invalid', toGatepostError(thrown).message);
  }
}

function lookAtGates({ gates }: GatekeeperConfig): Finding {
  if (!existsSync(gates.directory)) return trouble('gates.missing', `there is no directory ${gates.directory}`);
  const { mechanism, lacking } = probeConfinement();
  if (gates.confine === 'auto' && mechanism === 'bubblewrap') return fine('gates', `${gates.directory}, confined`);
  const why = gates.confine === 'none' ? 'the configuration says so' : lacking;
  return trouble('gates.unconfined', `gate programs are not confined to their files: ${why}`);
}

const lookAtAgents = ({ agents }: GatekeeperConfig): Finding =>
  agents.length === 0 ? trouble('agents.none', 'none is allowed') : fine('agents', agents.join(', '));

/** Without these a gatekeeper cannot work at all: `serve` looks at them too, before it writes anything. */
export const standingLooks = (connection: Connection, config: GatekeeperConfig): readonly Look[] => [
  () => lookAtProxies([...nodeAddresses(connection), connection.network.mirrorGrpc]),
  () => lookAtSameNetwork(connection),
  () => lookAtAccountKey(connection, 'GATEKEEPER_PRIVATE_KEY'),
  () => lookAtHbar(connection),
  () => lookAtJournal(connection, config.journal, config.coordinator),
];

/** Looks at everything a gatekeeper needs; changes nothing. */
export async function examine(connection: Connection, config: GatekeeperConfig): Promise<readonly Finding[]> {
  const findings = await takeLooks([
    () => lookAtNodeVersion(),
    () => lookAtFiles([config.tls.key]),
    () => lookAtCertificate(config),
    () => lookAtGates(config),
    () => lookAtAgents(config),
    ...artifactsLooks(config.artifacts, 'read'),
    () => lookAtNode(connection),
    () => lookAtMirror(connection),
  ]);
  if (findings.some(({ id }) => id === 'mirror.unreachable')) return findings;
  return [...findings, ...(await takeLooks([() => lookAtClock(connection), ...standingLooks(connection, config)]))];
}
