import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ArtifactsPlace, artifactsPlace, artifactsSetting } from '@gatepost/shared/config/artifacts';
import { absoluteRepositories, repositoriesSetting } from '@gatepost/shared/config/repositories';
import { duration } from '@gatepost/shared/config/units';
import { readYamlFile } from '@gatepost/shared/config/yaml-file';
import { writePrivateFile } from '@gatepost/shared/private-file';
import type { DoorLimits } from '@gatepost/shared/server/front-door';
import type { TlsFiles } from '@gatepost/shared/server/tls';
import { type AccountId, accountId, isEntityId, type TopicId, topicId } from '@gatepost/shared/vocabulary/ids';
import { Document, isSeq, parseDocument } from 'yaml';
import { z } from 'zod';

const entity = z.string().refine(isEntityId, 'must look like 0.0.1234');
const hostPort = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port');
const ANY_ADDRESS = /^(0\.0\.0\.0|\[::\]):/;
const HOUR_MS = 3_600_000;

const settings = z.strictObject({
  account: entity,
  coordinator: z.strictObject({ account: entity }),
  journal: entity,
  /** Agents whose records count. */
  agents: z.array(entity).default([]),
  listen: hostPort.default('127.0.0.1:0'),
  /** What is published as this gatekeeper's address; the bound one when left out. */
  advertise: hostPort.optional(),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }),
  gates: z
    .strictObject({
      /** Where gate programs run; theirs is what this gatekeeper's owner put there. */
      directory: z.string().min(1).default('gates'),
      confine: z.enum(['auto', 'none']).default('auto'),
      /** What gate programs may read beside the system and that directory. */
      read: z.array(z.string().min(1)).default([]),
      network: z.boolean().default(false),
      /** Addresses and directories at and below which the repositories of gates' trees may lie. */
      repositories: repositoriesSetting,
    })
    .prefault({}),
  /** How long an output may be out of reach before its attempt is rejected. */
  output_wait: duration(1_000, 24 * HOUR_MS).default(600_000),
  /** Where the coordinator keeps accepted outputs; read when an agent has one no more. */
  artifacts: artifactsSetting.optional(),
  /** Loopback address on which metrics are served; none when left out. */
  metrics: hostPort.optional(),
  connections: z.int().min(2).max(100_000).default(128),
  idle: duration(100, HOUR_MS).default(30_000),
});

const configSchema = settings.superRefine(({ listen, advertise }, context) => {
  if (advertise === undefined && ANY_ADDRESS.test(listen)) {
    const message = `${listen} is no address that others can reach; say with advertise which one is published`;
    context.addIssue({ code: 'custom', path: ['listen'], message });
  }
});

/** The configuration file as it is written. */
export type ConfigFile = z.input<typeof configSchema>;

/** The configuration, compiled once: ids checked, paths absolute, durations in milliseconds. */
export interface GatekeeperConfig {
  readonly file: string;
  readonly account: AccountId;
  readonly coordinator: AccountId;
  readonly journal: TopicId;
  readonly agents: readonly AccountId[];
  readonly listen: string;
  readonly advertise: string | undefined;
  readonly tls: TlsFiles;
  readonly gates: {
    readonly directory: string;
    readonly confine: 'auto' | 'none';
    readonly read: readonly string[];
    readonly network: boolean;
    readonly repositories: readonly string[];
  };
  readonly outputWaitMs: number;
  /** Where accepted outputs are when their agents have them no more; nowhere when undefined. */
  readonly artifacts?: ArtifactsPlace | undefined;
  /** Loopback host:port; none when undefined. */
  readonly metrics: string | undefined;
  readonly door: DoorLimits;
}

/** @throws GatepostError INVALID_CONFIG naming every problem at its line. */
export function loadConfig(path: string): GatekeeperConfig {
  const file = resolve(path);
  const parsed = readYamlFile(path, configSchema, 'gatekeeper');
  const absolute = (relative: string) => resolve(dirname(file), relative);
  const { gates } = parsed;
  return {
    file,
    account: accountId(parsed.account),
    coordinator: accountId(parsed.coordinator.account),
    journal: topicId(parsed.journal),
    agents: parsed.agents.map((agent) => accountId(agent)),
    listen: parsed.listen,
    advertise: parsed.advertise,
    tls: { cert: absolute(parsed.tls.cert), key: absolute(parsed.tls.key) },
    gates: {
      ...gates,
      directory: absolute(gates.directory),
      read: gates.read.map(absolute),
      repositories: absoluteRepositories(gates.repositories, dirname(file)),
    },
    outputWaitMs: parsed.output_wait,
    artifacts: parsed.artifacts === undefined ? undefined : artifactsPlace(parsed.artifacts, dirname(file)),
    metrics: parsed.metrics,
    door: { connections: parsed.connections, idleMs: parsed.idle },
  };
}

const HEADING = ` gatekeeper configuration, written by gatekeeper init.
 Paths are relative to this file. Reference: docs/gatekeeper.md`;

/** Writes the configuration, readable by its owner only, in one step. */
export function writeConfig(file: string, config: ConfigFile): void {
  const document = new Document(config);
  document.commentBefore = HEADING;
  const path = resolve(file);
  mkdirSync(dirname(path), { recursive: true });
  writePrivateFile(path, document.toString({ lineWidth: 120 }));
}

/** What is wrong with a configuration before it is written, one line each; empty for nothing. */
export function problemsOf(config: ConfigFile): readonly string[] {
  const checked = configSchema.safeParse(config);
  return checked.success ? [] : checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** Adds agents to a configuration that is there, and keeps the rest of it as its owner wrote it. */
export function addAgents(file: string, agents: readonly AccountId[]): void {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const listed = document.get('agents');
  const before = isSeq(listed) ? (listed.toJSON() as string[]) : [];
  document.set('agents', [...before, ...agents]);
  writePrivateFile(resolve(file), document.toString({ lineWidth: 120 }));
}
