// A process of the benchmark in which many daemons run: the real ones, each with its own account, store, certificate,
// connections and address. It is told what to do by messages, one after the other, and answers each when it is done.
import { loadConfig } from '@gatepost/agent-daemon/config/daemon-config';
import { Daemon } from '@gatepost/agent-daemon/shell/daemon';
import { init } from '@gatepost/agent-daemon/shell/init';
import { systemClock } from '@gatepost/shared/clock';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { parseAccountKey } from '@gatepost/shared/hedera/account-key';
import { accountKeys } from '@gatepost/shared/hedera/account-keys';
import { type Connection, connect } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import { createLogger } from '@gatepost/shared/log';
import { loadIdentity } from '@gatepost/shared/server/tls';
import { accountId } from '@gatepost/shared/vocabulary/ids';
import { useOf } from '../process-use.js';
import { atOnce } from './at-once.js';
import { type Hosts, openHosts } from './hosts-of-their-own.js';
import { configOf, type HostMeasured, type Order } from './orders.js';

const AT_ONCE = 16;
const MS_PER_SECOND = 1_000;
const log = createLogger('daemon-host', { GATEPOST_LOG_LEVEL: 'warn' });
const daemons: { readonly daemon: Daemon; readonly connection: Connection }[] = [];
let hosts: Hosts | undefined;
let busy = 0;

/** Counts how often the nodes were too busy. */
const counted = (ledger: Ledger): Ledger => ({
  ...ledger,
  execute: (prepared, options) =>
    ledger.execute(prepared, {
      ...options,
      onWait: (why) => {
        if (why === 'BUSY') busy += 1;
        options?.onWait?.(why);
      },
    }),
});

async function initAll({ env, directory, agents, owner, executors }: Order & { do: 'init' }): Promise<void> {
  const network = networkFromEnvironment(env);
  await atOnce(AT_ONCE, agents, async (agent) => {
    const connection = connect(network, accountId(agent.account), parseAccountKey(agent.privateKey, 'key'));
    await init(connection, { config: configOf(directory, agent), executors, ...owner });
    connection.close();
  });
}

async function serveAll({ env, directory, agents, turns }: Order & { do: 'serve' }): Promise<void> {
  hosts = await openHosts(networkFromEnvironment(env));
  const { networkOf } = hosts;
  const everyMs = (turns.of / turns.perSecond) * MS_PER_SECOND;
  await atOnce(AT_ONCE, agents, async (agent) => {
    const loaded = loadConfig(configOf(directory, agent));
    const turn = { everyMs, afterMs: (agent.number / turns.perSecond) * MS_PER_SECOND };
    const config = { ...loaded, lease: { ...loaded.lease, turn } };
    const key = parseAccountKey(agent.privateKey, 'key');
    const connection = connect(networkOf(agent.number), config.account, key);
    const daemon = new Daemon({
      config,
      ledger: counted(hederaLedger(connection, log)),
      keys: accountKeys(connection),
      identity: loadIdentity(config.tls),
      clock: systemClock,
      log,
    });
    await daemon.start();
    daemons.push({ daemon, connection });
  });
}

function measure(): HostMeasured {
  const { cpuMs = 0, peakMib = 0 } = useOf(process.pid) ?? {};
  return {
    connected: daemons.filter(({ daemon }) => daemon.hub.connected).length,
    leases: daemons.filter(({ daemon }) => daemon.lease.expiresAtMs !== undefined).length,
    cpuMs,
    peakMib,
    busy,
    mirrorFailures: daemons.reduce((sum, { connection }) => sum + connection.mirror.requests.failed, 0),
  };
}

process.on('message', (order: Order) => {
  const doing = order.do === 'init' ? initAll(order) : order.do === 'serve' ? serveAll(order) : undefined;
  Promise.resolve(doing).then(
    () => process.send?.(measure()),
    (error: unknown) => {
      log.fatal({ err: error }, 'the daemons of this process do not run');
      process.exit(1);
    },
  );
});
// The network goes with them: what they would say goodbye to is gone.
process.once('disconnect', () => process.exit());
