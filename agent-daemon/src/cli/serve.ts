import { systemClock } from '@gatepost/shared/clock';
import type { Environment } from '@gatepost/shared/config/environment';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { loadConfig } from '../config/daemon-config.js';
import { usdPerDay } from '../core/lease-planner.js';
import { connectAgent } from '../shell/access.js';
import { Daemon } from '../shell/daemon.js';
import { hederaLedger } from '../shell/ledger/hedera-ledger.js';
import { insecureIdentity, loadIdentity } from '../shell/tls.js';

export interface ServeOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly insecureLoopback?: boolean;
}

/** How long stopping at once may take. */
const AT_ONCE_MS = 3_000;

/** The first SIGTERM or SIGINT resolves `first`, the second one `second`. */
function stopSignals(): { readonly first: Promise<string>; readonly second: Promise<string> } {
  const waiting: ((signal: string) => void)[] = [];
  const next = () => new Promise<string>((resolve) => waiting.push(resolve));
  const signals = { first: next(), second: next() };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => waiting.shift()?.(signal));
  return signals;
}

async function stopAtOnce(daemon: Daemon): Promise<number> {
  await Promise.race([daemon.abandon(), new Promise((resolve) => setTimeout(resolve, AT_ONCE_MS))]);
  return 130;
}

/** Serves until it is told to stop; returns the exit code. */
export async function serve(env: Environment, options: ServeOptions): Promise<number> {
  const config = loadConfig(options.config);
  const log = createLogger('agent-daemon', env);
  const identity = options.insecureLoopback ? insecureIdentity(config.listen) : loadIdentity(config.tls);
  const connection = connectAgent(env, config.account);
  await assertReachable(connection);
  const signals = stopSignals();
  const daemon = new Daemon({
    config,
    ledger: hederaLedger(connection, config, log),
    identity,
    clock: systemClock,
    log,
  });
  await daemon.start();
  const { address, session, enforces } = daemon;
  const ready = { event: 'ready', address, account: config.account, inbox: config.inbox, session };
  const line = options.json
    ? JSON.stringify(ready)
    : `agent ${config.account} serves at ${address}, inbox ${config.inbox}`;
  process.stdout.write(`${line}\n`);
  const { intervalMs, idleIntervalMs } = config.lease;
  const usd = (ms: number) => Number(usdPerDay(ms).toFixed(2));
  const leaseUsdPerDay = { busy: usd(intervalMs), idle: usd(idleIntervalMs) };
  const { slots } = config.limits;
  const executors = Object.keys(config.executors);
  log.info({ address, session, slots, executors, enforces, leaseUsdPerDay }, 'online');
  process.on('SIGHUP', () => daemon.reloadCertificate());
  const signal = await signals.first;
  log.info({ signal }, 'stopping; a second signal stops at once');
  const orderly = daemon.stop(`stopped by ${signal}`).then(() => 0);
  const code = await Promise.race([orderly, signals.second.then(() => stopAtOnce(daemon))]);
  connection.close();
  return code;
}
