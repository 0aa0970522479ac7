import { duration, size } from '@gatepost/shared/config/units';
import { isEntityId } from '@gatepost/shared/vocabulary/ids';
import { USUAL_IDLE_LEASE_INTERVAL_MS, USUAL_LEASE_INTERVAL_MS } from '@gatepost/shared/vocabulary/lease';
import { MAX_CHUNK_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import { z } from 'zod';
import { executorsSchema } from './executors-schema.js';

const entity = z.string().refine(isEntityId, 'must look like 0.0.1234');
const hostPort = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port');
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const KIB = 1_024;
const MIB = 1_024 * KIB;

/** Every bound of a daemon; docs/agent-daemon.md lists them. */
const limits = z.strictObject({
  max_input: size(1, 1_024 * MIB).default(16 * MIB),
  max_output: size(1, 1_024 * MIB).default(16 * MIB),
  max_chunk: size(1 * KIB, MAX_CHUNK_BYTES).default(256 * KIB),
  /** Inputs that are being received, all attempts together. */
  receiving: size(1 * KIB, 4_096 * MIB).default(64 * MIB),
  log_lines: z.int().min(0).max(100_000).default(1_000),
  log_line: size(16, 64 * KIB).default(4 * KIB),
  /** Progress and log events of an attempt that may wait for an acknowledgement. */
  unacknowledged: z.int().min(16).max(100_000).default(2_000),
  /** Dispatches that may wait for the inbox to show their assignment, and how long. */
  awaiting: z.int().min(1).max(100_000).default(256),
  awaiting_time: duration(1_000, HOUR_MS).default(30_000),
  /** Connections at the same time, and how long a stranger's may stay without a request. */
  connections: z.int().min(2).max(100_000).default(512),
  idle: duration(100, HOUR_MS).default(30_000),
  /** Time between SIGTERM and SIGKILL. */
  grace: duration(0, 5 * 60_000).default(5_000),
  /** Results that may wait for the ledger; beyond it nothing new is taken in. */
  unreported: z.int().min(1).max(10_000_000).default(10_000),
  /** How long outputs and attempts are kept once they are reported. */
  retention: duration(60_000, 365 * DAY_MS).default(7 * DAY_MS),
});

const ANY_ADDRESS = /^(0\.0\.0\.0|\[::\]):/;

const settings = z.strictObject({
  account: entity,
  coordinator: z.strictObject({ account: entity }),
  journal: entity,
  token: entity,
  inbox: entity,
  listen: hostPort.default('127.0.0.1:0'),
  /** What is published as this agent's address; the bound one when left out. */
  advertise: hostPort.optional(),
  data: z.string().min(1).default('data'),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }),
  slots: z.int().min(1).max(1_024).default(2),
  queue: z.int().min(0).max(1_000_000).default(64),
  limits: limits.prefault({}),
  lease: z
    .strictObject({
      interval: duration(5_000, 7 * DAY_MS).default(USUAL_LEASE_INTERVAL_MS),
      idle_interval: duration(5_000, 30 * DAY_MS).default(USUAL_IDLE_LEASE_INTERVAL_MS),
      turn: z
        .strictObject({
          /** From 1. */
          number: z.int().min(1),
          of: z.int().min(1).max(1_000_000),
          per_second: z.number().positive().max(100),
        })
        .refine(({ number, of }) => number <= of, 'number must not be greater than of')
        .optional(),
    })
    .prefault({})
    .refine(
      ({ turn, interval }) => turn === undefined || (turn.of / turn.per_second) * SECOND_MS * 2 <= interval,
      'a round of all turns, of / per_second seconds, must not be longer than half of interval',
    )
    .refine((lease) => lease.idle_interval >= lease.interval, 'idle_interval must not be shorter than interval'),
  /** `on_dispatch`: begin before the inbox shows the assignment, tell the result afterwards. */
  start: z.enum(['on_assignment', 'on_dispatch']).default('on_assignment'),
  /** How long a record waits for others to share its message. */
  fill_within: duration(0, 60_000).optional(),
  heartbeat: duration(100, 60_000).default(2_000),
  /** How long running attempts may take to end after SIGTERM. */
  drain: duration(0, DAY_MS).default(30_000),
  /** Loopback address of the Prometheus endpoint; none when left out. */
  metrics: hostPort.optional(),
  executors: executorsSchema.default({}),
});

/** The daemon's configuration file. Strict: an unknown key is an error. */
export const configSchema = settings.superRefine(({ listen, advertise }, context) => {
  if (advertise === undefined && ANY_ADDRESS.test(listen)) {
    const message = `${listen} is no address that others can reach; say with advertise which one is published`;
    context.addIssue({ code: 'custom', path: ['listen'], message });
  }
});

export type ConfigFile = z.input<typeof configSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
