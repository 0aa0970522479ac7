import { type Finding, takeLooks } from '@gatepost/shared/doctor/finding';
import { lookAtDisk, lookAtFiles, lookAtNodeVersion } from '@gatepost/shared/doctor/host-looks';
import { lookAtClock, lookAtMirror, lookAtNode } from '@gatepost/shared/doctor/network-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { DaemonConfig } from '../../config/daemon-config.js';
import { hostLooks } from './host-looks.js';
import { payingLooks, standingLooks } from './ledger-looks.js';

/** Looks at everything a daemon needs; changes nothing. */
export async function examine(connection: Connection, config: DaemonConfig): Promise<readonly Finding[]> {
  const findings = await takeLooks([
    () => lookAtNodeVersion(),
    () => lookAtFiles([config.tls.key]),
    () => lookAtDisk(config.data),
    ...hostLooks(config),
    () => lookAtNode(connection),
    () => lookAtMirror(connection),
  ]);
  if (findings.some(({ id }) => id === 'mirror.unreachable')) return findings;
  const looks = [
    () => lookAtClock(connection),
    ...standingLooks(connection, config),
    ...payingLooks(connection, config),
  ];
  return [...findings, ...(await takeLooks(looks))];
}
