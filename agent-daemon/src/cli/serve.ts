import { systemClock } from '@gatepost/shared/clock';
import type { Environment } from '@gatepost/shared/config/environment';
import { usualFillMs } from '@gatepost/shared/config/network';
import { requireFit, takeLooks } from '@gatepost/shared/doctor/finding';
import { accountKeys } from '@gatepost/shared/hedera/account-keys';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { createLogger } from '@gatepost/shared/log';
import { insecureIdentity, loadIdentity } from '@gatepost/shared/server/tls';
import { openTracing } from '@gatepost/shared/tracing/open-tracing';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { loadConfig } from '../config/daemon-config.js';
import { usdPerDay } from '../core/lease-planner.js';
import { connectAgent } from '../shell/access.js';
import { Daemon } from '../shell/daemon.js';
import { payingLooks, standingLooks } from '../shell/doctor/ledger-looks.js';

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

async function stopInOrder(daemon: Daemon, reason: string): Promise<number> {
  const undone = await daemon.stop(reason);
  if (undone.length === 0) return 0;
  throw new GatepostError('LEFT_UNDONE', `stopped, but ${undone.join('; ')}`, { undone });
}

/**
 * Serves until it is told to stop; returns the exit code.
 * @throws GatepostError LEFT_UNDONE when the stop did not do all it should; what kept the daemon from going on.
 */
export async function serve(env: Environment, options: ServeOptions): Promise<number> {
  const config = loadConfig(options.config);
  const log = createLogger('agent-daemon', env);
  const tracing = await openTracing('gatepost-agent', log);
  const identity = options.insecureLoopback ? insecureIdentity(config.listen) : loadIdentity(config.tls);
  const connection = connectAgent(env, config.account);
  await assertReachable(connection);
  requireFit(await takeLooks(standingLooks(connection, config)));
  for (const { id, level, detail, advice } of await takeLooks(payingLooks(connection, config))) {
    if (level !== 'ok') log.warn({ finding: id, advice }, detail);
  }
  const signals = stopSignals();
  const daemon = new Daemon({
    config,
    ledger: hederaLedger(connection, log),
    keys: accountKeys(connection),
    identity,
    clock: systemClock,
    fillMs: usualFillMs(connection.network),
    tracing,
    log,
  });
  // Told to stop before it is ready, the daemon has nothing to end yet.
  const starting = daemon.start().then(() => undefined);
  if ((await Promise.race([starting, signals.first])) !== undefined) return stopAtOnce(daemon);
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
  const { safe, text } = daemon.userNotice;
  log[safe ? 'info' : 'warn'](text);
  process.on('SIGHUP', () => daemon.reloadCertificate());
  const reason = await Promise.race([signals.first, daemon.failed()]);
  const signalled = typeof reason === 'string';
  if (signalled) log.info({ signal: reason }, 'stopping; a second signal stops at once');
  else log.fatal({ code: reason.code, reason: reason.message }, 'the daemon goes offline');
  const orderly = stopInOrder(daemon, signalled ? `stopped by ${reason}` : reason.message);
  const code = await Promise.race([orderly, signals.second.then(() => stopAtOnce(daemon))]);
  connection.close();
  await tracing?.close();
  if (!signalled) throw reason;
  return code;
}
