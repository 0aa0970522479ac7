import type { Environment } from '@gatepost/shared/config/environment';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { loadConfig } from '../config/daemon-config.js';
import { connectAgent } from '../shell/access.js';
import { systemClock } from '../shell/clock.js';
import { Daemon } from '../shell/daemon.js';
import { hederaLedger } from '../shell/ledger/hedera-ledger.js';
import { insecureIdentity, loadIdentity } from '../shell/tls.js';

export interface ServeOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly insecureLoopback?: boolean;
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopRequested(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** Serves until it is told to stop; returns the exit code. */
export async function serve(env: Environment, options: ServeOptions): Promise<number> {
  const config = loadConfig(options.config);
  const log = createLogger('agent-daemon', env);
  const identity = options.insecureLoopback ? insecureIdentity(config.listen) : loadIdentity(config.tls);
  const connection = connectAgent(env, config.account);
  await assertReachable(connection);
  const stop = stopRequested();
  const daemon = new Daemon({
    config,
    ledger: hederaLedger(connection, config, log),
    identity,
    clock: systemClock,
    log,
  });
  await daemon.start();
  const { address, session } = daemon;
  const ready = { event: 'ready', address, account: config.account, inbox: config.inbox, session };
  const line = options.json
    ? JSON.stringify(ready)
    : `agent ${config.account} serves at ${address}, inbox ${config.inbox}`;
  process.stdout.write(`${line}\n`);
  log.info({ address, session, slots: config.limits.slots, executors: Object.keys(config.executors) }, 'online');
  const signal = await stop;
  log.info({ signal }, 'stopping');
  await daemon.stop(`stopped by ${signal}`);
  connection.close();
  return 0;
}
