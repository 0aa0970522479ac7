import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import {
  type Confinement,
  type DaemonFiles,
  daemonFiles,
  probeConfinement,
} from '@gatepost/shared/confinement/confinement';
import { findProgram } from '@gatepost/shared/confinement/find-program';
import { type Finding, fine, type Look, trouble } from '@gatepost/shared/doctor/finding';
import { loadIdentity } from '@gatepost/shared/server/tls';
import { splitAddress } from '@gatepost/shared/vocabulary/address';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatDurationMs } from '@gatepost/shared/vocabulary/time';
import type { DaemonConfig } from '../../config/daemon-config.js';
import type { ExecutorSettings } from '../../config/executors-schema.js';
import { usdPerDay } from '../../core/lease-planner.js';
import { confinementOf, enforcement, enforcementNames, userNotice } from '../enforcement.js';
import { shortcoming } from '../executors/build-registry.js';
import { isAnswering } from '../other-daemon.js';

/** How long an executor's server may take to answer. */
const SERVER_TIMEOUT_MS = 2_000;

async function lookAtExecutor(
  taskType: string,
  executor: ExecutorSettings,
  confinement: Confinement,
  files: DaemonFiles,
): Promise<Finding> {
  const { command, module, http } = executor;
  const broken = (detail: string) => trouble('executor.broken', detail, taskType);
  const ok = (detail: string) => fine('executor', detail, taskType);
  if (module !== undefined) return existsSync(module) ? ok(`module ${module}`) : broken(`no such module: ${module}`);
  if (http !== undefined) {
    const signal = AbortSignal.timeout(SERVER_TIMEOUT_MS);
    const answer = await fetch(http, { method: 'HEAD', signal }).catch(() => undefined);
    return answer === undefined
      ? trouble('executor.silent', `nothing answers at ${http}`, taskType)
      : ok(`http ${http}`);
  }
  const [program = ''] = command ?? [];
  if (findProgram(program) === undefined) return broken(`no such program: ${program}`);
  const problem = shortcoming(executor, confinement, files);
  if (problem !== undefined) return broken(problem);
  const detail = `command ${program}, ${confinementOf(executor, confinement)}`;
  const isOpen = executor.confine === 'auto' && confinement.mechanism !== 'bubblewrap';
  return isOpen ? trouble('executor.unconfined', detail, taskType) : ok(detail);
}

function lookAtCertificate({ tls }: DaemonConfig): Finding {
  try {
    return fine('certificate', `SHA-256 ${loadIdentity(tls).certificateSha256}`);
  } catch (thrown) {
    return trouble('certificate.invalid', toGatepostError(thrown).message);
  }
}

/** Whether the daemon can listen where it should; that it does already is as well. */
async function lookAtListen({ listen, account, coordinator }: DaemonConfig): Promise<Finding> {
  const server = createServer();
  try {
    server.listen(splitAddress(listen));
    await once(server, 'listening');
    return fine('listen', `${listen} is free`);
  } catch (error) {
    const answers = await Promise.all(
      [false, true].map((insecure) => isAnswering(listen, { account, coordinator, insecure })),
    );
    if (answers.includes(true)) return fine('listen', `the daemon of ${account} serves at ${listen}`);
    return trouble('listen.taken', `cannot listen on ${listen}: ${(error as Error).message}`);
  } finally {
    server.close();
  }
}

function lookAtLeaseCost({ lease }: DaemonConfig): Finding {
  const price = (ms: number) => `$${usdPerDay(ms).toFixed(2)} per day renewed every ${formatDurationMs(ms)}`;
  return fine('lease-cost', `busy ${price(lease.intervalMs)}, idle ${price(lease.idleIntervalMs)}`);
}

/** Everything that is looked at on this host and concerns a daemon alone. */
export function hostLooks(config: DaemonConfig): readonly Look[] {
  const confinement = probeConfinement();
  const files = daemonFiles(config);
  const executors = Object.entries(config.executors);
  const { safe, text } = userNotice(config.executors, confinement);
  return [
    () => lookAtCertificate(config),
    () => lookAtListen(config),
    () => lookAtLeaseCost(config),
    () => (safe ? fine('user', text) : trouble('user.root', text)),
    () => fine('enforcement', enforcement().join(', ')),
    () => fine('announced', enforcementNames(config.executors, confinement).join(', ') || 'nothing'),
    ...executors.map(
      ([type, executor]) =>
        () =>
          lookAtExecutor(type, executor, confinement, files),
    ),
    ...(executors.length === 0 ? [() => trouble('executor.none', 'the configuration names none')] : []),
  ];
}
