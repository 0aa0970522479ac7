import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { resolve } from 'node:path';
import type { Clock } from '@gatepost/shared/clock';
import { ENV_FILE } from '@gatepost/shared/config/environment';
import type { Logger } from '@gatepost/shared/log';
import { clipReason } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { DaemonConfig } from '../config/daemon-config.js';
import { enforcementNames } from './enforcement.js';
import { buildRegistry } from './executors/build-registry.js';
import { probeConfinement } from './executors/confinement.js';
import { killMarked } from './executors/process-tree.js';
import { OutputServer } from './grpc/output-server.js';
import { Registration } from './grpc/register.js';
import { type RunningServer, SERVICE_NAME, startServer } from './grpc/server.js';
import { SessionHub } from './grpc/session-hub.js';
import { SessionTokens } from './grpc/session-tokens.js';
import type { LedgerPort } from './ledger/ledger-port.js';
import { Metrics, type MetricsSource } from './metrics.js';
import { Store } from './store/store.js';
import type { Identity } from './tls.js';
import { Engine } from './work/engine.js';
import type { ExecutorRegistry } from './work/executor-registry.js';
import { InboxReader } from './work/inbox-reader.js';
import { Intake } from './work/intake.js';
import { JournalPoster } from './work/journal-poster.js';
import { LeaseRunner } from './work/lease-runner.js';
import { Retention } from './work/retention.js';
import { Runner } from './work/runner.js';
import { WorkDirs } from './work/work-dirs.js';

export interface DaemonParts {
  readonly config: DaemonConfig;
  readonly ledger: LedgerPort;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Logger;
  /** Instead of the executors the configuration names. */
  readonly registry?: ExecutorRegistry;
}

/** How long the last records may take to reach the ledger. */
const FAREWELL_MS = 15_000;

/** One daemon: its parts put together, started and stopped. */
export class Daemon {
  /** Identifies this start. */
  readonly session = randomBytes(12).toString('base64url');
  readonly engine: Engine;
  readonly poster: JournalPoster;
  readonly lease: LeaseRunner;
  readonly inbox: InboxReader;
  readonly hub: SessionHub;
  readonly registration: Registration;
  readonly intake: Intake;
  readonly metrics = new Metrics(() => this.#measure());
  readonly retention: Retention;
  readonly tokens = new SessionTokens();
  readonly #parts: DaemonParts;
  readonly #store: Store;
  readonly #workDirs: WorkDirs;
  readonly #capabilities: readonly string[];
  readonly #confinement = probeConfinement();
  readonly #stopping = new AbortController();
  #busy = false;
  #server: RunningServer | undefined;
  #metricsServer: HttpServer | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(parts: DaemonParts) {
    const { config, ledger, clock, log } = parts;
    const { limits } = config;
    this.#parts = parts;
    this.#store = Store.open(config.data);
    this.#workDirs = new WorkDirs(config.data);
    const registry =
      parts.registry ??
      buildRegistry(config.executors, {
        limits,
        markerPrefix: `${this.#store.id()}:`,
        confinement: this.#confinement,
        files: { directories: [config.data], files: [config.tls.key, resolve(ENV_FILE)] },
      });
    this.#capabilities = [...registry.keys()].sort();
    const store = this.#store;
    const runner = new Runner(registry, store.blobs, this.#workDirs, config.data);
    this.poster = new JournalPoster(ledger, store, clock, log);
    this.engine = new Engine({ store, clock, limits, registry, runner, poster: this.poster, log });
    const readUpTo = () => this.inbox.readUpTo;
    const { inbox, start } = config;
    this.intake = new Intake({ engine: this.engine, store, clock, limits, registry, inbox, start, readUpTo });
    const { engine, intake } = this;
    this.inbox = new InboxReader({ ledger, store, engine, intake, coordinator: config.coordinator, log });
    this.retention = new Retention(store, clock, limits.retentionMs, log);
    const { tokens } = this;
    const certificateSha256 = () => parts.identity.certificateSha256;
    const capabilities = this.#capabilities;
    this.registration = new Registration({ config, ledger, clock, tokens, capabilities, certificateSha256, log });
    this.hub = this.#makeHub(tokens);
    this.lease = this.#makeLease();
    engine.listen({
      event: (ref, event) => this.hub.event(ref, event),
      loadChanged: ({ running, queued }) => {
        this.hub.loadChanged();
        const busy = running + queued > 0;
        if (busy !== this.#busy) this.lease.tick();
        this.#busy = busy;
      },
      finished: ({ outcome, output }, durationMs) => this.metrics.finished(outcome, durationMs, output?.size ?? 0),
    });
  }

  /** host:port as it is published. */
  get address(): string {
    const { advertise, listen } = this.#parts.config;
    return advertise ?? listen.replace(/:\d+$/, `:${this.#server?.port ?? 0}`);
  }

  /** What holds for every executor, as `online` announces it. */
  get enforces(): readonly string[] {
    return enforcementNames(this.#parts.config.executors, this.#confinement);
  }

  /** False for a while after the disk has refused a write. */
  get writable(): boolean {
    return this.#store.healthy;
  }

  /** Takes up earlier work, serves, and says so on the journal. */
  async start(): Promise<void> {
    const { config, identity, log } = this.#parts;
    const orphans = await killMarked(`${this.#store.id()}:`);
    if (orphans > 0) log.warn({ orphans }, 'ended processes that an earlier daemon left behind');
    await this.#workDirs.prepare();
    await this.#store.blobs.sweep();
    if (this.#store.cursor().sequenceNumber === 0) {
      // A new or a lost store: what the journal shows already is not done again.
      for (const key of await this.#parts.ledger.reported()) this.engine.ignore(key);
    }
    this.engine.restore();
    void this.poster.settleEarlier();
    this.#server = await startServer({
      registration: this.registration,
      hub: this.hub,
      credentials: identity.credentials,
      listen: config.listen,
      maxChunkBytes: config.limits.maxChunkBytes,
    });
    if (config.metrics !== undefined) this.#metricsServer = await this.metrics.serve(config.metrics);
    this.#announce();
    this.lease.start();
    this.retention.start();
    this.#following = this.inbox.follow(this.#stopping.signal);
  }

  /** Takes up a new certificate: new connections are shown it, and `online` publishes it. Nothing that runs is touched. */
  reloadCertificate(): void {
    const { identity, log } = this.#parts;
    try {
      const { certificateSha256 } = identity;
      if (!identity.reload()) return void log.info({ certificateSha256 }, 'the certificate is the same');
      log.info({ certificateSha256: identity.certificateSha256 }, 'a new certificate');
      this.#announce();
    } catch (error) {
      log.error({ err: toGatepostError(error).message }, 'the certificate stays as it was');
    }
  }

  /** Ends what runs within the drain time, deletes the lease, says goodbye on the journal. */
  async stop(reason: string): Promise<void> {
    const { config, log } = this.#parts;
    this.#server?.health.setStatus(SERVICE_NAME, 'NOT_SERVING');
    this.#stopping.abort();
    const drained = this.engine.drain().then(() => true);
    const late = new Promise<boolean>((resolve) => {
      this.#parts.clock.at(this.#parts.clock.nowMs() + config.drainMs, () => resolve(false));
    });
    if (!(await Promise.race([drained, late]))) {
      log.warn('attempts still run at the end of the drain time; they are stopped and will run again');
      await this.engine.halt();
    }
    const farewell = AbortSignal.timeout(FAREWELL_MS);
    await this.poster.flushed(farewell);
    const record: RecordOf<'offline'> = { type: 'offline', session: this.session, reason: clipReason(reason) };
    this.poster.add({ attempt: undefined, run: undefined, record });
    const over = new Promise<void>((resolve) => farewell.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([Promise.all([this.lease.stop(), this.poster.flushed(farewell)]), over]);
    this.poster.stop();
    this.retention.stop();
    this.intake.close();
    this.#metricsServer?.close();
    this.hub.close();
    this.#server?.close();
    await this.#following;
    await this.#store.close();
  }

  /** Stops at once: executors are killed, nothing is waited for or said. The next start takes everything up. */
  async abandon(): Promise<void> {
    this.#stopping.abort();
    this.lease.abandon();
    this.poster.stop();
    this.retention.stop();
    this.intake.close();
    this.#metricsServer?.close();
    this.hub.close();
    this.#server?.close();
    await killMarked(`${this.#store.id()}:`);
    await this.#store.close();
  }

  #measure(): MetricsSource {
    return {
      ...this.engine.load,
      pendingRecords: this.poster.pending,
      journalFailures: this.poster.failures,
      inboxSequenceNumber: this.inbox.readUpTo,
      ignoredMessages: this.inbox.ignored,
      leaseExpiresAtMs: this.lease.expiresAtMs,
      leaseRenewals: this.lease.renewals,
      sessionConnected: this.hub.connected,
      sessions: this.hub.opened,
      refusedHandshakes: this.registration.refusals,
    };
  }

  #announce(): void {
    const { config, identity } = this.#parts;
    const record: RecordOf<'online'> = {
      type: 'online',
      session: this.session,
      inbox: config.inbox,
      address: this.address,
      ...(identity.certificateSha256 === '' ? {} : { cert_sha256: identity.certificateSha256 }),
      capabilities: [...this.#capabilities],
      slots: config.limits.slots,
      enforces: [...this.enforces],
    };
    this.poster.add({ attempt: undefined, run: undefined, record });
  }

  #makeHub(tokens: SessionTokens): SessionHub {
    const { config, clock, log } = this.#parts;
    const { blobs } = this.#store;
    return new SessionHub(
      {
        engine: this.engine,
        intake: this.intake,
        clock,
        outputs: new OutputServer(blobs, config.limits.maxChunkBytes),
        lookup: (sha256, size) => (size <= config.limits.maxChunkBytes ? blobs.getSmall(sha256) : undefined),
        daemonSession: this.session,
        heartbeatMs: config.heartbeatMs,
      },
      tokens,
      log,
    );
  }

  #makeLease(): LeaseRunner {
    const { ledger, clock, log, config } = this.#parts;
    return new LeaseRunner({
      ledger,
      store: this.#store,
      clock,
      policy: config.lease,
      session: this.session,
      jitter: randomBytes(1).readUInt8() / 255,
      busy: () => this.engine.load.running + this.engine.load.queued > 0,
      announceAgain: () => this.#announce(),
      log,
    });
  }
}
