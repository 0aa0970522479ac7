import { openArtifacts } from '@gatepost/party/artifacts/open-artifacts';
import { systemClock, waitingClock } from '@gatepost/shared/clock';
import type { Environment } from '@gatepost/shared/config/environment';
import { requireFit, takeLooks } from '@gatepost/shared/doctor/finding';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { insecureIdentity, loadIdentity } from '@gatepost/shared/server/tls';
import { loadConfig } from '../config/gatekeeper-config.js';
import { connectGatekeeper } from '../shell/access.js';
import { standingLooks } from '../shell/doctor/examine.js';
import { Gatekeeper } from '../shell/gatekeeper.js';
import { signing } from '../shell/signing.js';

export interface ServeOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly insecureLoopback?: boolean;
}

/** How long a stop may take. */
const STOP_MS = 10_000;

const signalled = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });

/** Serves until it is told to stop; returns the exit code. @throws GatepostError ALREADY_RUNNING when another process took over. */
export async function serve(env: Environment, options: ServeOptions): Promise<number> {
  const config = loadConfig(options.config);
  const log = createLogger('gatekeeper', env);
  const identity = options.insecureLoopback ? insecureIdentity(config.listen) : loadIdentity(config.tls);
  const connection = connectGatekeeper(env, config.account);
  await assertReachable(connection);
  requireFit(await takeLooks(standingLooks(connection, config)));
  const gatekeeper = new Gatekeeper({
    config,
    connection,
    ledger: hederaLedger(connection, log),
    identity,
    signing: signing(connection),
    artifacts: await openArtifacts(config.artifacts),
    insecureLoopback: options.insecureLoopback === true,
    clock: waitingClock,
    log,
  });
  const stopped = signalled();
  await gatekeeper.start();
  const { address, session } = gatekeeper;
  const ready = { event: 'ready', address, account: config.account, session };
  process.stdout.write(
    `${options.json ? JSON.stringify(ready) : `gatekeeper ${config.account} serves at ${address}`}\n`,
  );
  process.on('SIGHUP', () => gatekeeper.reloadCertificate());
  const reason = await Promise.race([stopped, gatekeeper.failed()]);
  const orderly = gatekeeper.stop(typeof reason === 'string' ? `stopped by ${reason}` : reason.message);
  await Promise.race([
    orderly,
    new Promise((resolve) => systemClock.at(systemClock.nowMs() + STOP_MS, () => resolve(0))),
  ]);
  connection.close();
  if (typeof reason !== 'string') throw reason;
  return 0;
}
