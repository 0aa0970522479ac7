import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type AccountKey, publicKeyFromMirror } from '@gatepost/shared/hedera/account-key';
import { accountKeyOnMirror } from '@gatepost/shared/hedera/account-keys';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { shownByMirror } from '@gatepost/shared/hedera/mirror-wait';
import { associateToken } from '@gatepost/shared/hedera/tokens';
import { createTopic, setSubmitKey } from '@gatepost/shared/hedera/topics';
import { rejectionStatus } from '@gatepost/shared/hedera/transaction';
import { hasCertificate, makeCertificate } from '@gatepost/shared/server/tls';
import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AccountId, accountId, type TokenId, tokenId, topicId } from '@gatepost/shared/vocabulary/ids';
import { type DaemonConfig, loadConfig } from '../config/daemon-config.js';
import { readExecutorsFile } from '../config/executors.js';
import { type ConfigFile, configSchema } from '../config/schema.js';
import { writeConfig } from '../config/write-config.js';
import { chargedFees } from './charged-fees.js';

export interface InitOptions {
  readonly config: string;
  readonly coordinator?: string;
  readonly journal?: string;
  readonly token?: string;
  /** The line that the coordinator's owner gave: network, coordinator, journal and token at once. */
  readonly join?: string;
  readonly listen?: string;
  readonly data?: string;
  readonly executors?: string;
  /** Replace the certificate. */
  readonly newCertificate?: boolean;
  /** Make a key for an account that does not exist yet, and do nothing else. */
  readonly newKey?: boolean;
}

/** What init did and what it cost. */
export interface InitReport {
  readonly account: string;
  readonly inbox: string;
  readonly config: string;
  /** Steps taken; empty when there was nothing to do. */
  readonly done: readonly string[];
  readonly costTinybar: bigint;
}

/** The settings that only the very first init may choose. */
interface Membership {
  readonly coordinator: string;
  readonly journal: string;
  readonly token: string;
}

function membership(options: InitOptions): Membership {
  const missing = (['coordinator', 'journal', 'token'] as const).filter((name) => options[name] === undefined);
  if (missing.length > 0) {
    const flags = missing.map((name) => `--${name} 0.0.x`).join(' ');
    throw new GatepostError('USAGE', `a new configuration needs ${flags}; the coordinator's owner knows them`);
  }
  return {
    coordinator: accountId(options.coordinator ?? '', '--coordinator'),
    journal: topicId(options.journal ?? '', '--journal'),
    token: tokenId(options.token ?? '', '--token'),
  };
}

/** Settings of an existing file are not changed behind its owner's back. */
function checkUnchanged(options: InitOptions): void {
  const config = loadConfig(options.config);
  for (const name of ['coordinator', 'journal', 'token'] as const) {
    const wanted = options[name];
    if (wanted === undefined || wanted === config[name]) continue;
    throw new GatepostError(
      'USAGE',
      `${options.config} names ${name} ${config[name]}, not ${wanted}; edit it, or give another --config`,
    );
  }
}

/** The coordinator's key by which its messages are known. @throws GatepostError NOT_FOUND when its account has no single one. */
async function coordinatorKey(connection: Connection, owner: AccountId): Promise<AccountKey['publicKey']> {
  const key = publicKeyFromMirror(await shownByMirror(`account ${owner}`, () => accountKeyOnMirror(connection, owner)));
  if (key === undefined) throw new GatepostError('NOT_FOUND', `account ${owner} has no single key`);
  return key;
}

/** The inbox takes what the coordinator signs with the key it has now; says whether that was another before. */
async function followCoordinator(connection: Connection, { inbox, coordinator }: DaemonConfig): Promise<boolean> {
  const key = await coordinatorKey(connection, coordinator);
  const { submit_key: shown } = await shownByMirror(`inbox ${inbox}`, () => connection.mirror.topic(inbox));
  if (shown?.key === key.toStringRaw()) return false;
  try {
    await setSubmitKey(connection, inbox, key);
    return true;
  } catch (error) {
    if (rejectionStatus(error) !== 'INVALID_SIGNATURE') throw error;
    throw new GatepostError(
      'LEDGER_REJECTED',
      `inbox ${inbox} takes assignments by another key than ${coordinator} has now, and this account may not change that ` +
        'with the key it has now; make a new inbox with "agent-daemon init --config <another file>"',
      { status: 'INVALID_SIGNATURE', inbox },
      error,
    );
  }
}

async function createInbox(connection: Connection, options: InitOptions): Promise<string> {
  const { coordinator, journal } = membership(options);
  const { mirror } = connection;
  await shownByMirror(`journal ${journal}`, () => mirror.topic(topicId(journal))); // A wrong id should cost nothing.
  const submitKey = await coordinatorKey(connection, accountId(coordinator));
  return createTopic(connection, { memo: `gatepost inbox ${connection.account}`, submitKey });
}

function newConfig(connection: Connection, options: InitOptions, inbox: string): ConfigFile {
  const { coordinator, journal, token } = membership(options);
  const directory = dirname(resolve(options.config));
  const executors = options.executors === undefined ? {} : readExecutorsFile(options.executors);
  return {
    account: connection.account,
    coordinator: { account: coordinator },
    journal,
    token,
    inbox,
    listen: options.listen ?? '127.0.0.1:0',
    data: options.data === undefined ? 'data' : relative(directory, resolve(options.data)) || '.',
    tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' },
    slots: 2,
    queue: 64,
    lease: { interval: '1h', idle_interval: '6h' },
    heartbeat: '2s',
    executors,
  };
}

/** Everything that can be wrong with the options is found before anything is spent. */
async function checkOptions(connection: Connection, options: InitOptions): Promise<void> {
  const { token } = membership(options);
  const checked = configSchema.safeParse(newConfig(connection, options, '0.0.0'));
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new GatepostError('USAGE', problems.join('\n'));
  }
  await shownByMirror(`token ${token}`, () => connection.mirror.token(tokenId(token)));
}

async function associate(connection: Connection, token: TokenId): Promise<boolean> {
  if ((await connection.mirror.tokenBalance(connection.account, token)) !== undefined) return false;
  return associateToken(connection, token);
}

/**
 * Prepares an agent: inbox topic, token association, certificate, configuration file. Each step is taken once; what is
 * there already stays as it is. The file is written right after the inbox, so that a crash costs no second topic.
 */
export async function init(connection: Connection, options: InitOptions): Promise<InitReport> {
  const done: string[] = [];
  const spentFrom = connection.nextTransactionId();
  if (existsSync(options.config)) checkUnchanged(options);
  else {
    await checkOptions(connection, options);
    const inbox = await createInbox(connection, options);
    done.push(`created inbox topic ${inbox}: admin key of ${connection.account}, submit key of ${options.coordinator}`);
    writeConfig(options.config, newConfig(connection, options, inbox));
    done.push(`wrote ${options.config}`);
  }
  const config = loadConfig(options.config);
  if (config.account !== connection.account) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `${options.config} belongs to ${config.account}, not ${connection.account}`,
    );
  }
  if (await followCoordinator(connection, config)) {
    done.push(`inbox ${config.inbox} takes assignments by the key that ${config.coordinator} has now`);
  }
  if (await associate(connection, config.token)) done.push(`associated ${config.account} with token ${config.token}`);
  if (options.newCertificate || !hasCertificate(config.tls)) {
    await makeCertificate(config.tls, `gatepost agent ${config.account}`);
    done.push(`made certificate ${config.tls.cert}; SIGHUP or the next start of the daemon publishes it`);
  }
  const paid = done.some((step) => !step.startsWith('wrote') && !step.startsWith('made'));
  const costTinybar = paid ? await chargedFees(connection, spentFrom) : 0n;
  return { account: config.account, inbox: config.inbox, config: options.config, done, costTinybar };
}

/** The report for people. */
export function describeInit(report: InitReport): string {
  if (report.done.length === 0) return `nothing to do: ${report.config} is complete, inbox ${report.inbox}`;
  return [...report.done, `charged ${formatTinybar(report.costTinybar)}`].join('\n');
}
