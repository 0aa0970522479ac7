import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { publicKeyFromMirror } from '@gatepost/shared/hedera/account-key';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { assertReachable } from '@gatepost/shared/hedera/reachability';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { formatDurationMs } from '@gatepost/shared/vocabulary/time';
import type { DaemonConfig } from '../config/daemon-config.js';
import type { ExecutorSettings } from '../config/executors-schema.js';
import { usdPerDay } from '../core/lease-planner.js';
import { confinementOf, enforcement, enforcementNames, userNotice } from './enforcement.js';
import { shortcoming } from './executors/build-registry.js';
import { type Confinement, type DaemonFiles, daemonFiles, probeConfinement } from './executors/confinement.js';
import { findProgram } from './executors/find-program.js';
import { accountKeyOnMirror } from './ledger/account-keys.js';
import { loadIdentity } from './tls.js';

/** One finding. `fail` keeps the daemon from working, `warn` may. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly check: string;
  readonly detail: string;
}

type Check = () => Promise<Omit<Finding, 'check'>> | Omit<Finding, 'check'>;

const ok = (detail: string): Omit<Finding, 'check'> => ({ level: 'ok', detail });
const warn = (detail: string): Omit<Finding, 'check'> => ({ level: 'warn', detail });
const fail = (detail: string): Omit<Finding, 'check'> => ({ level: 'fail', detail });

/** Below this a daemon stops within hours. */
const LOW_BALANCE_TINYBAR = 100_000_000n;
const LOW_DISK_BYTES = 1_073_741_824;

function ledgerChecks(connection: Connection, config: DaemonConfig): Readonly<Record<string, Check>> {
  const { mirror, account } = connection;
  return {
    network: async () => {
      await assertReachable(connection);
      return ok(`${connection.network.name}, mirror ${connection.network.mirrorRest}`);
    },
    'account key': async () => {
      const own = publicKeyFromMirror(await accountKeyOnMirror(connection, account));
      if (own?.toStringRaw() === connection.key.publicKey.toStringRaw()) return ok(`signs for ${account}`);
      return fail(`AGENT_PRIVATE_KEY is not the key of ${account}`);
    },
    balance: async () => {
      const tinybar = await mirror.hbarBalance(account);
      const text = `${account} has ${formatTinybar(tinybar)}`;
      return tinybar < LOW_BALANCE_TINYBAR ? warn(`${text}; reports and leases cost hbar`) : ok(text);
    },
    inbox: async () => {
      const topic = await mirror.topic(config.inbox);
      const { key } = await accountKeyOnMirror(connection, config.coordinator);
      if (topic.deleted) return fail(`${config.inbox} is deleted`);
      if (topic.submit_key?.key === key) return ok(`${config.inbox} takes messages of ${config.coordinator} only`);
      return fail(
        `${config.inbox} does not carry the submit key of ${config.coordinator}; its key may have been changed`,
      );
    },
    journal: async () => {
      const topic = await mirror.topic(config.journal);
      return topic.deleted ? fail(`${config.journal} is deleted`) : ok(config.journal);
    },
    token: async () => {
      const balance = await mirror.tokenBalance(account, config.token);
      if (balance === undefined) return fail(`${account} is not associated with ${config.token}; run init`);
      return ok(`${account} holds ${balance} of ${config.token}`);
    },
  };
}

async function checkExecutor(
  executor: ExecutorSettings,
  confinement: Confinement,
  files: DaemonFiles,
): Promise<Omit<Finding, 'check'>> {
  const { command, module, http } = executor;
  if (module !== undefined) return existsSync(module) ? ok(`module ${module}`) : fail(`no such module: ${module}`);
  if (http !== undefined) {
    const reachable = await fetch(http, { method: 'HEAD', signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    return reachable === undefined ? warn(`nothing answers at ${http}`) : ok(`http ${http}`);
  }
  const [program = ''] = command ?? [];
  if (findProgram(program) === undefined) return fail(`no such program: ${program}`);
  const problem = shortcoming(executor, confinement, files);
  if (problem !== undefined) return fail(problem);
  const detail = `command ${program}, ${confinementOf(executor, confinement)}`;
  return executor.confine === 'auto' && confinement.mechanism !== 'bubblewrap' ? warn(detail) : ok(detail);
}

function hostChecks(config: DaemonConfig, confinement: Confinement): Readonly<Record<string, Check>> {
  return {
    certificate: () => ok(`SHA-256 ${loadIdentity(config.tls).certificateSha256}`),
    'data directory': () => {
      mkdirSync(config.data, { recursive: true, mode: 0o700 });
      accessSync(config.data, constants.W_OK);
      const { bavail, bsize } = statfsSync(config.data);
      const text = `${config.data}, ${Math.round((bavail * bsize) / 1_048_576)} MiB free`;
      return bavail * bsize < LOW_DISK_BYTES ? warn(text) : ok(text);
    },
    'lease cost': () => {
      const { intervalMs, idleIntervalMs } = config.lease;
      const price = (ms: number) => `$${usdPerDay(ms).toFixed(2)} per day renewed every ${formatDurationMs(ms)}`;
      return ok(`busy ${price(intervalMs)}, idle ${price(idleIntervalMs)}`);
    },
    user: () => {
      const { safe, text } = userNotice(config.executors, confinement);
      return safe ? ok(text) : warn(text);
    },
    enforcement: () => ok(enforcement().join(', ')),
    announced: () => ok(enforcementNames(config.executors, confinement).join(', ') || 'nothing'),
  };
}

async function run(check: string, perform: Check): Promise<Finding> {
  try {
    return { check, ...(await perform()) };
  } catch (error) {
    return { check, ...fail(toGatepostError(error).message) };
  }
}

/** Looks at everything a daemon needs; changes nothing but the data directory's existence. */
export async function examine(connection: Connection, config: DaemonConfig): Promise<readonly Finding[]> {
  const confinement = probeConfinement();
  const files = daemonFiles(config);
  const executors = Object.entries(config.executors).map(
    ([taskType, executor]) => [`executor ${taskType}`, () => checkExecutor(executor, confinement, files)] as const,
  );
  const none: [string, Check][] =
    executors.length === 0 ? [['executors', () => warn('none: this agent can execute nothing')]] : [];
  const checks = [
    ...Object.entries(ledgerChecks(connection, config)),
    ...Object.entries(hostChecks(config, confinement)),
    ...executors,
    ...none,
  ];
  return Promise.all(checks.map(([check, perform]) => run(check, perform)));
}

/** @throws GatepostError INVALID_CONFIG when a finding keeps the daemon from working. */
export function assertHealthy(findings: readonly Finding[]): void {
  const failed = findings.filter(({ level }) => level === 'fail');
  if (failed.length === 0) return;
  throw new GatepostError('INVALID_CONFIG', `${failed.map(({ check }) => check).join(', ')} must be mended first`);
}
