import { dirname, resolve } from 'node:path';
import { readYamlFile } from '@gatepost/shared/config/yaml-file';
import {
  type AccountId,
  accountId,
  type TokenId,
  type TopicId,
  tokenId,
  topicId,
} from '@gatepost/shared/vocabulary/ids';
import type { LeasePolicy } from '../core/lease-planner.js';
import { type Executors, resolveExecutors } from './executors.js';
import { configSchema, type ParsedConfig } from './schema.js';

/** Every bound of a daemon, in units; docs/agent-daemon.md lists them. */
export interface Limits {
  readonly slots: number;
  readonly queue: number;
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly maxChunkBytes: number;
  readonly receivingBytes: number;
  readonly logLines: number;
  readonly logLineBytes: number;
  readonly unacknowledged: number;
  readonly awaiting: number;
  readonly awaitingMs: number;
  readonly connections: number;
  readonly idleMs: number;
  readonly graceMs: number;
  readonly unreported: number;
  readonly retentionMs: number;
}

/** The configuration, compiled once: ids checked, paths absolute, durations in milliseconds, sizes in bytes. */
export interface DaemonConfig {
  readonly file: string;
  readonly account: AccountId;
  readonly coordinator: AccountId;
  readonly journal: TopicId;
  readonly token: TokenId;
  readonly inbox: TopicId;
  readonly listen: string;
  readonly advertise: string | undefined;
  readonly data: string;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly limits: Limits;
  readonly lease: LeasePolicy;
  readonly start: 'on_assignment' | 'on_dispatch';
  /** Undefined: as is usual on the network. */
  readonly fillMs?: number | undefined;
  readonly heartbeatMs: number;
  readonly drainMs: number;
  readonly metrics: string | undefined;
  readonly executors: Executors;
}

const MS_PER_SECOND = 1_000;

function compileLimits(parsed: ParsedConfig): Limits {
  const { limits } = parsed;
  return {
    slots: parsed.slots,
    queue: parsed.queue,
    maxInputBytes: limits.max_input,
    maxOutputBytes: limits.max_output,
    maxChunkBytes: limits.max_chunk,
    receivingBytes: limits.receiving,
    logLines: limits.log_lines,
    logLineBytes: limits.log_line,
    unacknowledged: limits.unacknowledged,
    awaiting: limits.awaiting,
    awaitingMs: limits.awaiting_time,
    connections: limits.connections,
    idleMs: limits.idle,
    graceMs: limits.grace,
    unreported: limits.unreported,
    retentionMs: limits.retention,
  };
}

function compileLease({ lease: { interval, idle_interval, turn } }: ParsedConfig): LeasePolicy {
  const lengths = { intervalMs: interval, idleIntervalMs: idle_interval };
  if (turn === undefined) return lengths;
  const slotMs = MS_PER_SECOND / turn.per_second;
  return { ...lengths, turn: { everyMs: turn.of * slotMs, afterMs: (turn.number - 1) * slotMs } };
}

/**
 * Reads and compiles the configuration file.
 * @throws GatepostError INVALID_CONFIG naming every problem at its line.
 */
export function loadConfig(path: string): DaemonConfig {
  const file = resolve(path);
  const parsed = readYamlFile(path, configSchema, 'agent-daemon');
  const directory = dirname(file);
  const absolute = (relative: string) => resolve(directory, relative);
  return {
    file,
    account: accountId(parsed.account),
    coordinator: accountId(parsed.coordinator.account),
    journal: topicId(parsed.journal),
    token: tokenId(parsed.token),
    inbox: topicId(parsed.inbox),
    listen: parsed.listen,
    advertise: parsed.advertise,
    data: absolute(parsed.data),
    tls: { cert: absolute(parsed.tls.cert), key: absolute(parsed.tls.key) },
    limits: compileLimits(parsed),
    lease: compileLease(parsed),
    start: parsed.start,
    fillMs: parsed.fill_within,
    heartbeatMs: parsed.heartbeat,
    drainMs: parsed.drain,
    metrics: parsed.metrics,
    executors: resolveExecutors(parsed.executors, directory),
  };
}
