import type { ArtifactStore } from '@gatepost/party/artifacts/artifact-store';
import { openArtifacts } from '@gatepost/party/artifacts/open-artifacts';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { systemClock, waitingClock } from '@gatepost/shared/clock';
import { usualFillMs } from '@gatepost/shared/config/network';
import { requireFit, takeLooks } from '@gatepost/shared/doctor/finding';
import { lookAtDisk } from '@gatepost/shared/doctor/host-looks';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { hederaLedger } from '@gatepost/shared/hedera/hedera-ledger';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { openTracing } from '@gatepost/shared/tracing/open-tracing';
import type { Tracing } from '@gatepost/shared/tracing/tracing';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { type Limits, limitsOn } from '../../core/decide/limits.js';
import { Fleet } from '../agents/fleet.js';
import { SightingsFile } from '../agents/sightings.js';
import { standingLooks } from '../doctor/examine.js';
import { FeeMeter } from '../ledger/fee-meter.js';
import type { RunMetrics } from '../metrics/run-metrics.js';
import type { CoordinatorConfig } from '../setup/config-file.js';
import { Coordination, type CoordinationParts } from './coordination.js';

/** How a process acts for a coordinator. */
export interface ProcessOptions {
  readonly config: CoordinatorConfig & { readonly journal: TopicId; readonly token: TokenId };
  readonly insecureLoopback: boolean;
  /** Fence another coordinator that may still act on this journal. */
  readonly takeOver: boolean;
  /** Most attempts that agents may work on in all runs together. */
  readonly mostOpen: number;
  /** Whether runs may be joined at any time. */
  readonly staysOpen: boolean;
}

/** What the runs of a process share. */
export interface CoordinatorProcess {
  readonly connection: Connection;
  readonly options: ProcessOptions;
  readonly ledger: Ledger;
  readonly limits: Limits;
  readonly coordination: Coordination;
  readonly fees: FeeMeter;
  readonly metrics: RunMetrics | undefined;
  readonly tracing: Tracing | undefined;
  /** Where accepted outputs are kept beyond their agents. */
  readonly artifacts: ArtifactStore | undefined;
  readonly log: Logger;
  close(): Promise<void>;
}

/** Longest lag of the mirror that a fenced coordinator is expected to suffer. */
const FENCE_LAG_MS = 60_000;
/** Public mirrors allow some dozens of requests per second and lag by seconds. */
const PUBLIC_POLL_MS = 1_000;
/** A reading takes up to four requests, whatever the number of inboxes. */
const PUBLIC_REST_PAUSE_MS = 500;
const LOCAL_POLL_MS = 50;

/**
 * Puts together what acts for a coordinator in this process, after a look at what it stands on; nothing is read of the
 * journal and nothing said on it yet.
 * @throws GatepostError INVALID_CONFIG, NOT_FOUND, MIRROR_UNREACHABLE
 */
export async function openProcess(
  connection: Connection,
  options: ProcessOptions,
  log: Logger,
): Promise<CoordinatorProcess> {
  const { config, insecureLoopback, mostOpen, staysOpen } = options;
  const artifacts = await openArtifacts(config.artifacts);
  requireFit([lookAtDisk(config.stateDir)]);
  requireFit(await takeLooks(standingLooks(connection, config.journal)));
  const tracing = await openTracing('gatepost-coordinator', log);
  const metrics = await metricsOf(config);
  const own = hederaLedger(connection, log);
  const ledger = metrics?.ledger(own) ?? own;
  const agents = new Set(config.agents);
  const feed = new LedgerFeed(ledger, config.journal, agents, log, ledger.account);
  const sightings = new SightingsFile(config.stateDir, log);
  const parts: CoordinationParts = {
    ledger,
    clock: waitingClock,
    fleet: (handlers) => new Fleet(connection, insecureLoopback, handlers, waitingClock, log),
    tell: (seen) => sightings.tell(seen),
    log,
  };
  const isLocal = connection.network.mirrorPerSecond === undefined;
  const limits = limitsOf(options, !isLocal);
  const settings = {
    limits,
    inboxPollMs: isLocal ? LOCAL_POLL_MS : PUBLIC_POLL_MS,
    restPauseMs: isLocal ? 0 : PUBLIC_REST_PAUSE_MS,
    fillMs: config.fillMs ?? usualFillMs(connection.network),
    mostOpen,
    staysOpen,
  };
  const { journal, token } = config;
  const about = { coordinator: connection.account, journal, token, agents };
  const coordination = new Coordination(metrics?.watchAll(parts) ?? parts, settings, feed, about);
  const fees = new FeeMeter(connection, systemClock, log);
  metrics?.read(() => ({ requests: connection.mirror.requests, fees: fees.tinybar }));
  return {
    connection,
    options,
    ledger,
    limits,
    coordination,
    fees,
    metrics,
    tracing,
    artifacts,
    log,
    close: async () => {
      coordination.close();
      artifacts?.close();
      feed.ignored.tell();
      await leave(metrics, config, log);
      await tracing?.close();
      await sightings.close();
    },
  };
}

/** A coordinator that is fenced may go on paying for as long as the mirror does not show it. */
function limitsOf({ config, takeOver }: ProcessOptions, isPublic: boolean): Limits {
  const limits = limitsOn(isPublic, config.limits);
  return takeOver ? { ...limits, quarantineMs: limits.quarantineMs + FENCE_LAG_MS } : limits;
}

/** The metrics, when they are asked for; what makes them is loaded then alone. */
async function metricsOf({ metrics, metricsFile }: CoordinatorConfig): Promise<RunMetrics | undefined> {
  if (metrics === undefined && metricsFile === undefined) return undefined;
  const { RunMetrics } = await import('../metrics/run-metrics.js');
  return new RunMetrics(systemClock);
}

/** The process ends: its metrics stand still. Nothing is undone when they cannot be kept. */
async function leave(metrics: RunMetrics | undefined, { metricsFile }: CoordinatorConfig, log: Logger): Promise<void> {
  metrics?.close();
  if (metrics === undefined || metricsFile === undefined) return;
  await metrics.write(metricsFile).catch((thrown: unknown) => {
    log.warn(`the metrics are not written to ${metricsFile}: ${toGatepostError(thrown).message}`);
  });
}
