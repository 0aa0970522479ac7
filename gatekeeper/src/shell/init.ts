import { existsSync, mkdirSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { absoluteRepositories } from '@gatepost/shared/config/repositories';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { shownByMirror } from '@gatepost/shared/hedera/mirror-wait';
import { hasCertificate, makeCertificate } from '@gatepost/shared/server/tls';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { accountId, topicId } from '@gatepost/shared/vocabulary/ids';
import {
  addAgents,
  type ConfigFile,
  type GatekeeperConfig,
  loadConfig,
  problemsOf,
  writeConfig,
} from '../config/gatekeeper-config.js';

export interface InitOptions {
  readonly config: string;
  readonly coordinator?: string;
  readonly journal?: string;
  readonly agent: readonly string[];
  readonly listen?: string;
  readonly gates?: string;
  readonly gatesRead?: readonly string[];
  readonly gatesRepository?: readonly string[];
  /** Replace the certificate. */
  readonly newCertificate?: boolean;
}

/** What init did. */
export interface InitReport {
  readonly account: string;
  readonly config: string;
  /** Steps taken; empty when there was nothing to do. */
  readonly done: readonly string[];
}

function newConfig(account: string, options: InitOptions): ConfigFile {
  const { coordinator, journal } = options;
  if (coordinator === undefined || journal === undefined) {
    throw new GatepostError(
      'USAGE',
      "a new configuration needs --coordinator 0.0.x --journal 0.0.x; the coordinator's owner knows them",
    );
  }
  const directory = dirname(resolve(options.config));
  return {
    account,
    coordinator: { account: accountId(coordinator, '--coordinator') },
    journal: topicId(journal, '--journal'),
    agents: options.agent.map((agent) => accountId(agent, '--agent')),
    listen: options.listen ?? '127.0.0.1:0',
    tls: { cert: 'tls/cert.pem', key: 'tls/key.pem' },
    gates: {
      directory: relative(directory, resolve(options.gates ?? 'gates')) || '.',
      read: (options.gatesRead ?? []).map((path) => resolve(path)),
      repositories: absoluteRepositories(options.gatesRepository ?? [], '.'),
    },
  };
}

/** Settings of an existing file are not changed behind its owner's back. */
function checkUnchanged(config: GatekeeperConfig, options: InitOptions): void {
  for (const name of ['coordinator', 'journal'] as const) {
    const wanted = options[name];
    if (wanted === undefined || wanted === config[name]) continue;
    throw new GatepostError(
      'USAGE',
      `${options.config} names ${name} ${config[name]}, not ${wanted}; edit it, or give another --config`,
    );
  }
}

/** Everything that can be wrong with the options is found before anything is written. */
async function create(connection: Connection, options: InitOptions): Promise<void> {
  const config = newConfig(connection.account, options);
  const problems = problemsOf(config);
  if (problems.length > 0) throw new GatepostError('USAGE', problems.join('\n'));
  const { mirror } = connection;
  const journal = topicId(config.journal);
  await shownByMirror(`journal ${journal}`, () => mirror.topic(journal));
  const coordinator = accountId(config.coordinator.account);
  await shownByMirror(`account ${coordinator}`, () => mirror.account(coordinator));
  writeConfig(options.config, config);
}

/** Prepares a gatekeeper: configuration file, certificate, directory for gates. Each step is taken once. */
export async function init(connection: Connection, options: InitOptions): Promise<InitReport> {
  const done: string[] = [];
  if (!existsSync(options.config)) {
    await create(connection, options);
    done.push(`wrote ${options.config}`);
  }
  const before = loadConfig(options.config);
  checkUnchanged(before, options);
  const known = new Set<string>(before.agents);
  const more = options.agent.map((agent) => accountId(agent, '--agent')).filter((agent) => !known.has(agent));
  if (more.length > 0) {
    addAgents(options.config, more);
    done.push(`added ${more.join(', ')} to ${options.config}`);
  }
  const config = loadConfig(options.config);
  if (config.account !== connection.account) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `${options.config} belongs to ${config.account}, not ${connection.account}`,
    );
  }
  if (!existsSync(config.gates.directory)) {
    mkdirSync(config.gates.directory, { recursive: true });
    done.push(`made ${config.gates.directory}, where gate programs run`);
  }
  if (options.newCertificate || !hasCertificate(config.tls)) {
    await makeCertificate(config.tls, `gatepost gatekeeper ${config.account}`);
    done.push(`made certificate ${config.tls.cert}; SIGHUP or the next start of the gatekeeper publishes it`);
  }
  return { account: config.account, config: options.config, done };
}
