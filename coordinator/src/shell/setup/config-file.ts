import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { GateConfinement } from '@gatepost/party/gates/confined-gates';
import { type ArtifactsPlace, artifactsPlace, artifactsSetting } from '@gatepost/shared/config/artifacts';
import { writePrivateFile } from '@gatepost/shared/private-file';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import {
  type AccountId,
  accountId,
  isEntityId,
  type TokenId,
  type TopicId,
  tokenId,
  topicId,
} from '@gatepost/shared/vocabulary/ids';
import { parseDurationMs } from '@gatepost/shared/vocabulary/time';
import { parse, parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import { DEFAULT_LIMITS, type GivenLimits } from '../../core/decide/limits.js';
import { type ServeSettings, serveSection, serveSettings } from './serve-settings.js';

const entity = z.string().refine(isEntityId, 'must look like 0.0.1234');
const duration = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, 'must be a duration such as 500ms, 30s or 10m')
  .transform((text) => parseDurationMs(text) ?? 0);
const count = z.int().positive();
const window = duration.refine((ms) => ms >= 15_000 && ms <= 180_000, 'must be from 15s to 180s');

const limits = z.strictObject({
  open_attempts: count.optional(),
  attempts_per_agent: count.optional(),
  settle_after: count.optional(),
  settle_within: duration.optional(),
  payment_window: window.optional(),
  deadline_grace: duration.optional(),
  agent_wait: duration.optional(),
  loss_grace: duration.optional(),
  reassignments: z.int().nonnegative().optional(),
});

const gates = z.strictObject({
  confine: z.enum(['auto', 'none']).default('auto'),
  read: z.array(z.string().min(1)).default([]),
  network: z.boolean().default(false),
});

const file = z.strictObject({
  account: entity,
  journal: entity.optional(),
  token: entity.optional(),
  gatekeeper: entity.optional(),
  /** A third key of the escrow: any two of the three sign. */
  arbiter: entity.optional(),
  escrow: entity.optional(),
  agents: z.array(entity).default([]),
  state_dir: z.string().min(1).default('state'),
  /** How long a record waits for others to share its message. */
  fill_within: duration.refine((ms) => ms <= 60_000, 'must be at most 60s').optional(),
  limits: limits.default({}),
  /** What gates with a tree may see, which run what agents wrote. */
  gates: gates.prefault({}),
  /** Where accepted outputs are kept beyond their agents. */
  artifacts: artifactsSetting.optional(),
  metrics: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port')
    .optional(),
  metrics_file: z.string().min(1).optional(),
  /** How `coordinator serve` serves. */
  serve: serveSection.prefault({}),
});

/** The configuration file as it is written. */
export type ConfigFile = z.input<typeof file>;

/** A coordinator's configuration, units converted, paths absolute. */
export interface CoordinatorConfig {
  readonly account: AccountId;
  readonly journal: TopicId | undefined;
  readonly token: TokenId | undefined;
  /** Who judges and signs payments, and the account that pays; the coordinator's own when undefined. */
  readonly gatekeeper?: AccountId | undefined;
  readonly escrow?: AccountId | undefined;
  /** A third key of the escrow: any two of the three sign. */
  readonly arbiter?: AccountId | undefined;
  /** Agents whose records count; nobody else gets work or is paid. */
  readonly agents: readonly AccountId[];
  readonly stateDir: string;
  readonly limits: GivenLimits;
  /** What gates with a tree may see beside their program and the directory of the plan; nothing when undefined. */
  readonly gates?: GateConfinement | undefined;
  /** Where accepted outputs are kept beyond their agents; nowhere when undefined. */
  readonly artifacts?: ArtifactsPlace | undefined;
  /** How long a record waits for others to share its message, milliseconds; undefined: as is usual on the network. */
  readonly fillMs?: number | undefined;
  /** Loopback host:port on which a run serves its metrics; none when undefined. */
  readonly metrics?: string | undefined;
  /** Where a run leaves its metrics when it ends, for a collector of text files. */
  readonly metricsFile?: string | undefined;
}

/** One that can run plans. */
export type RunConfig = CoordinatorConfig & { readonly journal: TopicId; readonly token: TokenId };

/** The whole of a configuration file: also how the coordinator serves. */
export interface FullConfig extends CoordinatorConfig {
  readonly serve: ServeSettings;
}

function compileLimits(given: z.output<typeof limits>): GivenLimits {
  return {
    openAttempts: given.open_attempts ?? DEFAULT_LIMITS.openAttempts,
    attemptsPerAgent: given.attempts_per_agent ?? DEFAULT_LIMITS.attemptsPerAgent,
    ...(given.settle_after === undefined ? {} : { settleAfter: given.settle_after }),
    ...(given.settle_within === undefined ? {} : { settleWithinMs: given.settle_within }),
    paymentWindowMs: given.payment_window ?? DEFAULT_LIMITS.paymentWindowMs,
    quarantineMs: given.payment_window ?? DEFAULT_LIMITS.paymentWindowMs,
    deadlineGraceMs: given.deadline_grace ?? DEFAULT_LIMITS.deadlineGraceMs,
    agentWaitMs: given.agent_wait ?? DEFAULT_LIMITS.agentWaitMs,
    lossGraceMs: given.loss_grace ?? DEFAULT_LIMITS.lossGraceMs,
    reassignments: given.reassignments ?? DEFAULT_LIMITS.reassignments,
  };
}

/** Reads a configuration file; undefined when there is none. @throws GatepostError INVALID_CONFIG with all problems. */
export function readConfig(path: string): FullConfig | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new GatepostError('INVALID_CONFIG', `cannot read ${path}: ${(error as Error).message}`, { path }, error);
  }
  const parsed = file.safeParse(parseYaml(path, text));
  if (!parsed.success) throw new GatepostError('INVALID_CONFIG', `${path}: ${z.prettifyError(parsed.error)}`, { path });
  const { account, journal, token, gatekeeper, arbiter, escrow, agents, artifacts, state_dir, metrics, metrics_file } =
    parsed.data;
  const stateDir = resolve(dirname(path), state_dir);
  return {
    account: accountId(account),
    journal: journal === undefined ? undefined : topicId(journal),
    token: token === undefined ? undefined : tokenId(token),
    gatekeeper: gatekeeper === undefined ? undefined : accountId(gatekeeper),
    escrow: escrow === undefined ? undefined : accountId(escrow),
    arbiter: arbiter === undefined ? undefined : accountId(arbiter),
    agents: agents.map((agent) => accountId(agent)),
    stateDir,
    limits: compileLimits(parsed.data.limits),
    gates: { ...parsed.data.gates, read: parsed.data.gates.read.map((place) => resolve(dirname(path), place)) },
    artifacts: artifacts === undefined ? undefined : artifactsPlace(artifacts, dirname(path)),
    fillMs: parsed.data.fill_within,
    metrics,
    metricsFile: metrics_file === undefined ? undefined : resolve(dirname(path), metrics_file),
    serve: serveSettings(parsed.data.serve, path, stateDir),
  };
}

function parseYaml(path: string, text: string): unknown {
  try {
    // Ids such as 0.0.5 must stay texts, whether quoted or not.
    return parse(text, { schema: 'core' });
  } catch (error) {
    throw new GatepostError('INVALID_CONFIG', `${path}: ${(error as Error).message}`, { path }, error);
  }
}

/** A configuration that can run plans. @throws GatepostError INVALID_CONFIG when the file is missing or unfinished. */
export function requireConfig(path: string): FullConfig & { readonly journal: TopicId; readonly token: TokenId } {
  const config = readConfig(path);
  if (config === undefined) {
    throw new GatepostError('INVALID_CONFIG', `${path}: no such file; make it with: coordinator init --config ${path}`);
  }
  const { journal, token, gatekeeper, escrow } = config;
  if ((gatekeeper === undefined) !== (escrow === undefined)) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `${path}: names ${gatekeeper === undefined ? 'an escrow without a gatekeeper' : 'a gatekeeper without an escrow'}; ` +
        `finish it with: coordinator init --config ${path} --gatekeeper ${gatekeeper ?? '0.0.x'}`,
    );
  }
  if (journal === undefined || token === undefined) {
    throw new GatepostError(
      'INVALID_CONFIG',
      `${path}: names no journal or token; finish it with: coordinator init --config ${path}`,
    );
  }
  return { ...config, journal, token };
}

/** The same, of this very account. @throws GatepostError INVALID_CONFIG, also when it is another account's. */
export function requireOwnConfig(path: string, account: AccountId): ReturnType<typeof requireConfig> {
  const config = requireConfig(path);
  if (config.account === account) return config;
  throw new GatepostError(
    'INVALID_CONFIG',
    `${path} belongs to ${config.account}, but COORDINATOR_ACCOUNT_ID is ${account}`,
  );
}

/** Writes a configuration file that only its owner can read. */
export function writeConfig(path: string, config: ConfigFile): void {
  writeText(path, stringify(config));
}

/** Names the agents of a configuration file anew; the rest of it, comments too, stays as it is. */
export function writeAgents(path: string, agents: readonly AccountId[]): void {
  const document = parseDocument(readFileSync(path, 'utf8'), { schema: 'core' });
  document.set('agents', document.createNode([...agents]));
  writeText(path, document.toString());
}

/** Names who judges and what pays in a configuration file; the rest of it, comments too, stays as it is. */
export function writeEscrow(path: string, parties: Pick<ConfigFile, 'gatekeeper' | 'arbiter' | 'escrow'>): void {
  const document = parseDocument(readFileSync(path, 'utf8'), { schema: 'core' });
  for (const [name, account] of Object.entries(parties)) if (account !== undefined) document.set(name, account);
  writeText(path, document.toString());
}

/** All of it or nothing: a full disk must not leave half a configuration. */
function writeText(path: string, text: string): void {
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    writePrivateFile(path, text);
  } catch (error) {
    throw new GatepostError('INVALID_CONFIG', `cannot write ${path}: ${(error as Error).message}`, { path }, error);
  }
}
