import { lookAtAccountKey, lookAtHbar } from '@gatepost/shared/doctor/account-looks';
import { type Finding, fine, type Look, trouble } from '@gatepost/shared/doctor/finding';
import { lookAtProxies } from '@gatepost/shared/doctor/host-looks';
import { lookAtJournal } from '@gatepost/shared/doctor/journal-look';
import { lookAtSameNetwork } from '@gatepost/shared/doctor/network-looks';
import { known, lookAtHolding, lookAtToken } from '@gatepost/shared/doctor/token-looks';
import { accountKeyOnMirror } from '@gatepost/shared/hedera/account-keys';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { nodeAddresses } from '@gatepost/shared/hedera/same-network';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { DaemonConfig } from '../../config/daemon-config.js';

async function lookAtCoordinator(connection: Connection, { coordinator }: DaemonConfig): Promise<Finding> {
  try {
    await accountKeyOnMirror(connection, coordinator);
    return fine('coordinator', coordinator);
  } catch (thrown) {
    const error = toGatepostError(thrown);
    if (error.code !== 'NOT_FOUND') throw error;
    return trouble('coordinator.unknown', `coordinator ${coordinator}: ${error.message}`);
  }
}

async function lookAtInbox({ mirror, network }: Connection, { inbox, coordinator }: DaemonConfig): Promise<Finding> {
  const [topic, owner] = await Promise.all([known(mirror.topic(inbox)), known(mirror.account(coordinator))]);
  if (topic === undefined) return trouble('inbox.unknown', `${network.name} has no inbox ${inbox}`);
  if (topic.deleted === true) return trouble('inbox.unknown', `inbox ${inbox} is deleted`);
  const submit = topic.submit_key?.key;
  if (submit !== undefined && submit === owner?.key?.key) {
    return fine('inbox', `${inbox} takes messages of ${coordinator} only`);
  }
  return trouble('inbox.submit-key', `inbox ${inbox} does not carry the key of ${coordinator} as submit key`);
}

/** Without these a daemon cannot work at all: `serve` looks at them too, before it writes anything. */
export const standingLooks = (connection: Connection, config: DaemonConfig): readonly Look[] => [
  () => lookAtProxies([...nodeAddresses(connection), connection.network.mirrorGrpc]),
  () => lookAtSameNetwork(connection),
  () => lookAtAccountKey(connection, 'AGENT_PRIVATE_KEY'),
  () => lookAtHbar(connection),
  () => lookAtCoordinator(connection, config),
  () => lookAtInbox(connection, config),
  () => lookAtJournal(connection, config.journal, config.coordinator),
];

/** Without these it cannot be paid. */
export const payingLooks = (connection: Connection, { token }: DaemonConfig): readonly Look[] => [
  () => lookAtToken(connection, token),
  () => lookAtHolding(connection, token, false),
];
