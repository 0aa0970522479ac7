import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { Clock } from '@gatepost/shared/clock';
import { daemonFiles, probeConfinement } from '@gatepost/shared/confinement/confinement';
import type { AccountKeys } from '@gatepost/shared/hedera/account-keys';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { killMarked } from '@gatepost/shared/process-tree';
import { clipReason } from '@gatepost/shared/records/codec';
import type { RecordOf } from '@gatepost/shared/records/schema';
import { type RunningServer, startServer } from '@gatepost/shared/server/grpc-server';
import { Handshake } from '@gatepost/shared/server/handshake';
import { SessionTokens } from '@gatepost/shared/server/session-tokens';
import type { Identity } from '@gatepost/shared/server/tls';
import { stopController } from '@gatepost/shared/stop-controller';
import type { Tracing } from '@gatepost/shared/tracing/tracing';
import { counted } from '@gatepost/shared/vocabulary/counted';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { DaemonConfig } from '../config/daemon-config.js';
import type { Assignment } from '../core/assignment.js';
import { enforcementNames, type UserNotice, userNotice } from './enforcement.js';
import { buildRegistry } from './executors/build-registry.js';
import { Spawner } from './executors/spawner.js';
import { JudgeHub } from './grpc/judge-hub.js';
import { OutputServer } from './grpc/output-server.js';
import { Registration } from './grpc/register.js';
import { agentService, SERVICE_NAME } from './grpc/service.js';
import { SessionHub } from './grpc/session-hub.js';
import { reportedAttempts } from './ledger/reported.js';
import type { Metrics, MetricsSource } from './metrics.js';
import { type Likeness, livingLeases } from './other-daemon.js';
import { doneWithin, STOP_BOUNDS, type StopBounds } from './stop-bounds.js';
import { LmdbStore } from './store/lmdb-store.js';
import type { Store } from './store/store.js';
import { AttemptSpans } from './work/attempt-spans.js';
import { Engine } from './work/engine.js';
import type { ExecutorRegistry } from './work/executor-registry.js';
import { InboxReader } from './work/inbox-reader.js';
import { Intake } from './work/intake.js';
import { JournalPoster } from './work/journal-poster.js';
import { Judges } from './work/judges.js';
import { LeaseRunner } from './work/lease-runner.js';
import { Retention } from './work/retention.js';
import { Runner } from './work/runner.js';
import { WorkDirs } from './work/work-dirs.js';

export interface DaemonParts {
  readonly config: DaemonConfig;
  readonly ledger: Ledger;
  readonly keys: AccountKeys;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where executions are told of as spans. */
  readonly tracing?: Tracing | undefined;
  /** Instead of the executors the configuration names. */
  readonly registry?: ExecutorRegistry;
  /** How long records wait for others to share their message where the configuration does not say, milliseconds. */
  readonly fillMs?: number;
  /** Instead of `STOP_BOUNDS`. */
  readonly stopBounds?: StopBounds;
}

/** One daemon: its parts put together, started and stopped. */
export class Daemon {
  /** Identifies this start. */
  readonly session = randomBytes(12).toString('base64url');
  readonly engine: Engine;
  readonly poster: JournalPoster;
  readonly lease: LeaseRunner;
  #heldUntilMs: number | undefined;
  readonly inbox: InboxReader;
  readonly hub: SessionHub;
  readonly handshake: Handshake;
  readonly registration: Registration;
  readonly intake: Intake;
  readonly retention: Retention;
  readonly tokens = new SessionTokens();
  readonly #parts: DaemonParts;
  readonly #store: Store;
  readonly #workDirs: WorkDirs;
  readonly #registry: ExecutorRegistry;
  readonly #capabilities: readonly string[];
  readonly #confinement = probeConfinement();
  readonly #spawner = new Spawner();
  readonly #stopping = stopController();
  readonly #judges = new Judges();
  readonly #judgeTokens = new SessionTokens();
  #server: RunningServer | undefined;
  readonly #spans: AttemptSpans | undefined;
  /** Kept while they are served. */
  #metrics: Metrics | undefined;
  #metricsServer: HttpServer | undefined;
  #stopped: Promise<readonly string[]> | undefined;
  #following: Promise<GatepostError | undefined> = Promise.resolve(undefined);

  constructor(parts: DaemonParts) {
    const { config, ledger, clock, log } = parts;
    const { limits, token } = config;
    this.#parts = parts;
    this.#spans = parts.tracing && new AttemptSpans(parts.tracing, parts.config.account);
    this.#store = LmdbStore.open(config.data);
    this.#workDirs = new WorkDirs(config.data);
    this.#registry =
      parts.registry ??
      buildRegistry(config.executors, {
        limits,
        markerPrefix: `${this.#store.id()}:`,
        confinement: this.#confinement,
        files: daemonFiles(config),
        spawner: this.#spawner,
      });
    const registry = this.#registry;
    this.#capabilities = [...registry.keys()].sort();
    const store = this.#store;
    const runner = new Runner(registry, store.blobs, this.#workDirs, config.data);
    this.poster = new JournalPoster({
      ledger,
      journal: config.journal,
      store,
      clock,
      fillMs: config.fillMs ?? parts.fillMs ?? 0,
      log,
    });
    this.engine = new Engine({ store, clock, limits, token, registry, runner, poster: this.poster, log });
    const readUpTo = () => this.inbox.readUpTo;
    const { inbox, start } = config;
    this.intake = new Intake({ engine: this.engine, store, clock, limits, registry, inbox, start, readUpTo });
    const { engine, intake } = this;
    const onHearing = () => this.lease.tick();
    const { coordinator } = config;
    const onAssigned = (assignment: Assignment) => this.#judges.assigned(assignment);
    const reader = { store, engine, intake, coordinator, clock, onHearing, onAssigned, log };
    this.inbox = new InboxReader({ ledger, topic: inbox, ...reader });
    this.retention = new Retention(store, clock, limits.retentionMs, log);
    const { tokens } = this;
    const certificateSha256 = () => parts.identity.certificateSha256;
    const capabilities = this.#capabilities;
    this.handshake = new Handshake({
      account: config.account,
      objection: (account) => this.#objection(account),
      keyOf: (account) => parts.keys.keyOf(account),
      sign: (message) => parts.keys.sign(message),
      clock,
      certificateSha256,
      log,
    });
    const issue = (account: AccountId) => (account === coordinator ? tokens : this.#judgeTokens).issue(account);
    this.registration = new Registration({ config, handshake: this.handshake, capabilities, issue });
    this.hub = this.#makeHub(tokens);
    this.lease = this.#makeLease();
    engine.listen({
      event: (ref, event) => this.hub.event(ref, event),
      loadChanged: () => {
        this.hub.loadChanged();
        this.#coverWork();
      },
      finished: (live, ending, atMs) => {
        this.#coverWork();
        this.#judges.finished(live.attempt.assignment, ending);
        this.#metrics?.finished(ending, live.startedAtMs, atMs);
        this.#spans?.finished(live, ending, atMs);
      },
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

  /** Who runs this daemon and what that means. */
  get userNotice(): UserNotice {
    return userNotice(this.#parts.config.executors, this.#confinement);
  }

  /** False for a while after the disk has refused a write. */
  get writable(): boolean {
    return this.#store.healthy;
  }

  /** Why an account may not register. */
  #objection(account: string): string | undefined {
    const { coordinator } = this.#parts.config;
    if (account === coordinator || this.#judges.isJudge(account)) return undefined;
    return `this agent works for ${coordinator}, not for ${JSON.stringify(account.slice(0, 40))}`;
  }

  #likeness(): Likeness {
    const { config, identity } = this.#parts;
    const { account, coordinator } = config;
    return { account, coordinator, session: this.session, insecure: identity.certificateSha256 === '' };
  }

  /** One account belongs to one daemon. @throws GatepostError ALREADY_RUNNING */
  async #refuseCompany(): Promise<void> {
    const { ledger, config, log } = this.#parts;
    const waiting = await ledger.waitingSchedules().catch((error: unknown) => {
      log.warn({ reason: toGatepostError(error).message }, 'it cannot be told whether another daemon has this account');
      return [];
    });
    const [other] = await livingLeases(waiting, this.#likeness());
    if (other === undefined) return;
    const { account } = config;
    const { address } = other;
    throw new GatepostError('ALREADY_RUNNING', `account ${account} is served at ${address} already`, {
      account,
      address,
    });
  }

  /**
   * Takes up earlier work, serves, and says so on the journal.
   * @throws GatepostError ALREADY_RUNNING when another daemon of this account answers.
   */
  async start(): Promise<void> {
    const { config, identity, log } = this.#parts;
    await this.#refuseCompany();
    if (config.metrics !== undefined) await this.#serveMetrics(config.metrics);
    const orphans = await killMarked(`${this.#store.id()}:`);
    if (orphans > 0) log.warn({ orphans }, 'ended processes that an earlier daemon left behind');
    await this.#workDirs.prepare();
    await this.#store.blobs.sweep();
    if (this.#store.cursor().sequenceNumber === 0) {
      // A new or a lost store: what the journal shows already is not done again.
      for (const key of await reportedAttempts(this.#parts.ledger, config)) this.engine.ignore(key);
    }
    this.engine.restore();
    for (const [, { assignment, finished }] of this.#store.attempts()) {
      this.#judges.assigned(assignment);
      if (finished !== undefined) this.#judges.finished(assignment, finished.ending);
    }
    const server = await startServer({
      service: agentService(this.registration, this.hub),
      credentials: identity.credentials,
      listen: config.listen,
      maxChunkBytes: config.limits.maxChunkBytes,
      door: config.limits,
    });
    this.#server = server;
    this.handshake.onProven = (peer) => server.proven(peer);
    this.hub.onProven = (peer) => server.proven(peer);
    this.#announce();
    this.lease.start();
    this.retention.start();
    this.#following = this.inbox.follow(this.#stopping.signal);
  }

  /** Resolves when the daemon cannot go on and has to be stopped, with the reason; never rejects. */
  async failed(): Promise<GatepostError> {
    const why = await this.#following;
    return why ?? new Promise<never>(() => undefined);
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

  /**
   * Ends what runs within the drain time, deletes the lease, says goodbye on the journal; each within its bound.
   * @returns what could not be done in time, in words; empty after an orderly stop.
   */
  stop(reason: string): Promise<readonly string[]> {
    this.#stopped ??= this.#stop(reason);
    return this.#stopped;
  }

  async #stop(reason: string): Promise<readonly string[]> {
    const { haltMs, farewellMs, closeMs } = this.#parts.stopBounds ?? STOP_BOUNDS;
    this.#server?.health.setStatus(SERVICE_NAME, 'NOT_SERVING');
    this.#stopping.abort();
    const undone: string[] = [];
    if (!(await this.#endWork(haltMs))) {
      const { atWork } = this.engine;
      const again = atWork === 1 ? 'it runs' : 'they run';
      undone.push(`${counted(atWork, 'attempt')} could not be ended or stored; ${again} again at the next start`);
    }
    if (!(await doneWithin(this.#sayGoodbye(reason), farewellMs))) {
      undone.push(...this.#unsaid());
    }
    this.#closeAll();
    this.#spans?.close();
    // A reader that does not end in time takes nothing any more.
    const [, trouble] = await Promise.all([doneWithin(this.#following, closeMs), this.#closeStore(closeMs)]);
    if (trouble !== undefined) undone.push(`the store could not be closed: ${trouble}`);
    await this.#spawner.close();
    return undone;
  }

  /** Whether everything that ran has ended, by itself or because the drain time was over. */
  async #endWork(haltMs: number): Promise<boolean> {
    const { config, log } = this.#parts;
    if (await doneWithin(this.engine.drain(), config.drainMs)) return true;
    log.warn('attempts still run at the end of the drain time; they are stopped and will run again');
    return doneWithin(this.engine.halt(), config.limits.graceMs + haltMs);
  }

  async #sayGoodbye(reason: string): Promise<void> {
    await this.poster.flushed();
    const record: RecordOf<'offline'> = { type: 'offline', session: this.session, reason: clipReason(reason) };
    this.poster.add({ attempt: undefined, run: undefined, record });
    await Promise.all([this.lease.stop(), this.poster.flushed()]);
  }

  /** What kept the store from being closed. */
  #closeStore(closeMs: number): Promise<string | undefined> {
    return doneWithin(this.#store.close(), closeMs).then(
      (done) => (done ? undefined : `it took longer than ${closeMs} ms`),
      (error: unknown) => toGatepostError(error, 'STORE_FAILED').message,
    );
  }

  #unsaid(): readonly string[] {
    const { pending } = this.poster;
    const unsaid: string[] = [];
    if (pending > 0)
      unsaid.push(`${pending} records did not reach the journal; results among them are reported at the next start`);
    const expiresAtMs = this.lease.expiresAtMs;
    if (expiresAtMs !== undefined) {
      const when = new Date(expiresAtMs).toISOString();
      unsaid.push(`the lease was not deleted; the ledger says at ${when} that this agent is gone`);
    }
    return unsaid.length === 0 ? ['the ledger did not answer in time'] : unsaid;
  }

  /** Stops at once: executors are killed, nothing is waited for or said. The next start takes everything up. */
  async abandon(): Promise<void> {
    this.#stopping.abort();
    this.#closeAll();
    await killMarked(`${this.#store.id()}:`);
    await this.#store.close();
    await this.#spawner.close();
  }

  /** Nothing more goes in or out. */
  #closeAll(): void {
    this.lease.abandon();
    this.poster.stop();
    this.retention.stop();
    this.intake.close();
    this.engine.writeNotes();
    this.#metricsServer?.close();
    this.hub.close();
    this.#server?.close();
    for (const { executor } of this.#registry.values()) {
      executor.close?.().catch((error: unknown) => {
        this.#parts.log.warn({ err: toGatepostError(error).message }, 'an executor did not close');
      });
    }
  }

  async #serveMetrics(address: string): Promise<void> {
    const { Metrics } = await import('./metrics.js');
    this.#metrics = new Metrics(() => this.#measure());
    this.#metricsServer = await this.#metrics.serve(address);
  }

  #measure(): MetricsSource {
    return {
      ...this.engine.load,
      inboxRead: this.inbox.hears,
      pendingRecords: this.poster.pending,
      journalFailures: this.poster.failures,
      inboxSequenceNumber: this.inbox.readUpTo,
      ignoredMessages: this.inbox.ignored,
      leaseExpiresAtMs: this.lease.expiresAtMs,
      leaseRenewals: this.lease.renewals,
      sessionConnected: this.hub.connected,
      sessions: this.hub.opened,
      refusedHandshakes: this.handshake.refusals,
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
    const outputs = new OutputServer(blobs, config.limits.maxChunkBytes);
    const judges = new JudgeHub({ outputs, daemonSession: this.session }, this.#judges, this.#judgeTokens, log);
    return new SessionHub(
      {
        engine: this.engine,
        intake: this.intake,
        clock,
        outputs,
        lookup: (sha256, size) => (size <= config.limits.maxChunkBytes ? blobs.getSmall(sha256) : undefined),
        daemonSession: this.session,
        heartbeatMs: config.heartbeatMs,
        traced: (ref, traceparent) => this.#spans?.dispatched(ref, traceparent),
      },
      tokens,
      judges,
      log,
    );
  }

  /** Looks at the lease again when work begins that it does not cover, or when none is left. */
  #coverWork(): void {
    const { heldUntilMs } = this.engine;
    if (heldUntilMs === this.#heldUntilMs) return;
    this.#heldUntilMs = heldUntilMs;
    this.lease.tick();
  }

  #makeLease(): LeaseRunner {
    const { ledger, clock, log, config } = this.#parts;
    return new LeaseRunner({
      ledger,
      journal: config.journal,
      store: this.#store,
      clock,
      policy: config.lease,
      session: this.session,
      jitter: randomBytes(1).readUInt8() / 255,
      heldUntilMs: () => this.engine.heldUntilMs,
      hears: () => this.inbox.hears,
      address: () => this.address,
      living: (schedules) => livingLeases(schedules, this.#likeness()),
      announceAgain: () => this.#announce(),
      log,
    });
  }
}
