import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { ArtifactStore } from '@gatepost/party/artifacts/artifact-store';
import { indexJournal } from '@gatepost/party/ledger/journal-replay';
import { LedgerFeed } from '@gatepost/party/ledger/ledger-feed';
import { schemaProblems } from '@gatepost/party/plan/json-schema';
import type {
  CosignRefundRequest,
  CosignRefundResponse,
  CosignRequest,
  CosignResponse,
} from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import type { Plan } from '@gatepost/rules/plan/plan';
import { compilePortable, type PortablePlan } from '@gatepost/rules/plan/source';
import { isOpen } from '@gatepost/rules/run/attempt';
import { modeIn } from '@gatepost/rules/run/run-mode';
import type { RunContext } from '@gatepost/rules/run/run-state';
import { type Clock, pause } from '@gatepost/shared/clock';
import { probeConfinement } from '@gatepost/shared/confinement/confinement';
import { accountKeys } from '@gatepost/shared/hedera/account-keys';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { signerOf } from '@gatepost/shared/hedera/cosigned/prepare';
import { cosignRefund } from '@gatepost/shared/hedera/refund-cosigning';
import { executeUntilKnown } from '@gatepost/shared/ledger/execute-until-known';
import type { Ledger } from '@gatepost/shared/ledger/ledger';
import type { Logger } from '@gatepost/shared/log';
import { clipReason, packRecords } from '@gatepost/shared/records/codec';
import type { JournalRecord } from '@gatepost/shared/records/schema';
import { type RunningServer, startServer } from '@gatepost/shared/server/grpc-server';
import { Handshake } from '@gatepost/shared/server/handshake';
import type { Identity } from '@gatepost/shared/server/tls';
import { stopController } from '@gatepost/shared/stop-controller';
import type { Json, Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { requireDone } from '@gatepost/shared/vocabulary/outcome';
import { MAX_CHUNK_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import { NANOS_PER_SECOND } from '@gatepost/shared/vocabulary/time';
import type { GatekeeperConfig } from '../config/gatekeeper-config.js';
import { Cosigning, MAX_VALID_SECONDS } from '../core/cosigning.js';
import { Sessions } from '../core/sessions.js';
import { type Desk, GatekeeperCalls, SERVICE_NAME } from './grpc/service.js';
import type { Metrics, MetricsSource } from './metrics.js';
import { gatesOf } from './run/gates.js';
import { JudgeSessions } from './run/judge-sessions.js';
import { RunKeeper } from './run/run-keeper.js';
import type { Signing } from './signing.js';
import { watchSessions } from './watch-sessions.js';

export interface GatekeeperParts {
  readonly config: GatekeeperConfig;
  readonly connection: Connection;
  readonly ledger: Ledger;
  readonly identity: Identity;
  readonly signing: Signing;
  /** Has accepted outputs that their agents have no more. */
  readonly artifacts?: Pick<ArtifactStore, 'get'> | undefined;
  readonly insecureLoopback: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often the mirror is looked at while nothing is asked: public mirrors allow some dozens of requests per second. */
const PUBLIC_POLL_MS = 1_000;
const LOCAL_POLL_MS = 100;
/** How long the mirror's time may stand still before it is helped on. */
const TIME_STANDS_MS = 2_000;
/** Open runs that are kept at once; each is a fold of its own. */
const MAX_RUNS = 100;
/** How long the network may take a word on this process. */
const VALID_SECONDS = 30;

/** One gatekeeper: its parts put together, started and stopped. It keeps nothing but what it can read again. */
export class Gatekeeper implements Desk {
  /** Identifies this start. */
  readonly session = randomBytes(12).toString('base64url');
  readonly #sessions: Sessions;
  readonly #cosigning: Cosigning;
  readonly #confinement = probeConfinement();
  readonly #stopping = stopController();
  #server: RunningServer | undefined;
  /** Kept while they are served. */
  #metrics: Metrics | undefined;
  #metricsServer: HttpServer | undefined;
  /** The runs that the coordinator works on, until they are closed. */
  readonly #keepers = new Map<string, RunKeeper>();
  /** Plans that are being taken, by run. */
  readonly #taking = new Map<string, Promise<Sha256>>();
  #fail: (why: GatepostError) => void = () => undefined;
  readonly #failed = new Promise<GatepostError>((resolve) => {
    this.#fail = resolve;
  });

  constructor(private readonly parts: GatekeeperParts) {
    const { account } = parts.config;
    this.#sessions = new Sessions(account, this.session, BigInt(MAX_VALID_SECONDS) * NANOS_PER_SECOND);
    this.#cosigning = new Cosigning(this.#sessions);
  }

  /** host:port as it is published. */
  get address(): string {
    const { advertise, listen } = this.parts.config;
    return advertise ?? listen.replace(/:\d+$/, `:${this.#server?.port ?? 0}`);
  }

  /** Serves, and says so on the journal. @throws GatepostError INVALID_CONFIG, or what the ledger says. */
  async start(): Promise<void> {
    const { config, connection, identity, clock, log } = this.parts;
    const handshake = new Handshake({
      account: config.account,
      objection: (account) =>
        account === config.coordinator
          ? undefined
          : `this gatekeeper judges for ${config.coordinator}, not for ${JSON.stringify(account.slice(0, 40))}`,
      ...accountKeys(connection),
      clock,
      certificateSha256: () => identity.certificateSha256,
      log,
    });
    const proven = (peer: string) => this.#server?.proven(peer);
    handshake.onProven = proven;
    const { service } = new GatekeeperCalls(config.account, handshake, this, proven);
    const { credentials } = identity;
    const { listen, door } = config;
    if (config.metrics !== undefined) await this.#serveMetrics(config.metrics);
    this.#server = await startServer({ service, credentials, listen, maxChunkBytes: MAX_CHUNK_BYTES, door });
    await this.#announce();
    void this.#watch();
    void this.#moveTimeOn();
  }

  async #announce(): Promise<void> {
    const { certificateSha256 } = this.parts.identity;
    await this.#say({
      type: 'gatekeeper_online',
      session: this.session,
      address: this.address,
      ...(certificateSha256 === '' ? {} : { cert_sha256: certificateSha256 }),
    });
  }

  /**
   * What a predecessor signed is over by the time that the mirror shows; on a network where nobody else does anything that
   * time stands still, so this process says once more that it is there.
   */
  async #moveTimeOn(): Promise<void> {
    const { clock, ledger, log } = this.parts;
    const { signal } = this.#stopping;
    await pause(clock, MAX_VALID_SECONDS * 1_000 + TIME_STANDS_MS, signal);
    while (!signal.aborted) {
      try {
        if (this.#sessions.obstacle(await ledger.mirrorTime()) !== 'predecessor') return;
        await this.#announce();
      } catch (thrown) {
        log.warn(`the network's time cannot be moved on: ${toGatepostError(thrown).message}`);
      }
      await pause(clock, TIME_STANDS_MS, signal);
    }
  }

  /** Takes up a new certificate: new connections are shown it, and the journal names it. */
  reloadCertificate(): void {
    const { identity, log } = this.parts;
    try {
      if (!identity.reload()) return void log.info('the certificate is the same');
      void this.#announce().catch((thrown: unknown) => log.error(toGatepostError(thrown).message));
    } catch (thrown) {
      log.error({ err: toGatepostError(thrown).message }, 'the certificate stays as it was');
    }
  }

  async #say(record: JournalRecord): Promise<void> {
    const { ledger, clock, config } = this.parts;
    for (const message of packRecords(undefined, [record])) {
      const action = { kind: 'message' as const, topic: config.journal, message };
      const prepared = await ledger.prepare([action], { validSeconds: VALID_SECONDS });
      requireDone(await executeUntilKnown(ledger, clock, prepared));
    }
  }

  /** Looks out for a newer process of this account, which takes over. */
  async #watch(): Promise<void> {
    const { ledger, config, log } = this.parts;
    const wakeKeepers = () => {
      for (const keeper of this.#keepers.values()) keeper.wake();
    };
    try {
      await watchSessions(ledger, config.journal, this.#sessions, this.#stopping.signal, wakeKeepers);
      if (this.#sessions.isReplaced) {
        this.#fail(new GatepostError('ALREADY_RUNNING', `another process of gatekeeper ${config.account} has begun`));
      }
    } catch (thrown) {
      log.warn(`the journal cannot be watched: ${toGatepostError(thrown).message}`);
    }
  }

  /** Resolves when the gatekeeper has to stop, with the reason; never rejects. */
  failed(): Promise<GatepostError> {
    return this.#failed;
  }

  /** Says goodbye, unless another process has taken over. */
  async stop(reason: string): Promise<void> {
    this.#server?.health.setStatus(SERVICE_NAME, 'NOT_SERVING');
    this.#stopping.abort();
    this.#sessions.end();
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.close()));
    try {
      if (!this.#sessions.isReplaced) {
        await this.#say({ type: 'gatekeeper_offline', session: this.session, reason: clipReason(reason) });
      }
    } finally {
      this.#server?.close();
      this.#metricsServer?.close();
    }
  }

  async #serveMetrics(address: string): Promise<void> {
    const { Metrics } = await import('./metrics.js');
    this.#metrics = new Metrics(() => this.#measure());
    this.#metricsServer = await this.#metrics.serve(address);
  }

  #measure(): MetricsSource {
    const states = [...this.#keepers.values()].map(({ state }) => state);
    const attempts = states.flatMap(({ tasks }) => [...tasks.values()]).flatMap((task) => task.attempts);
    return {
      living: this.#cosigning.living,
      undecided: attempts.filter((attempt) => isOpen(attempt) && attempt.result !== undefined).length,
      payable: states.reduce((sum, { payable }) => sum + payable.size, 0),
      disputed: states.reduce((sum, { disputed }) => sum + disputed.size, 0),
      mirrorRequests: this.parts.connection.mirror.requests,
    };
  }

  async providePlan(run: string, bytes: Buffer): Promise<Sha256> {
    const plan = compiled(bytes);
    await this.#taking.get(run)?.catch(() => undefined);
    if (this.#keepers.get(run)?.state.context.plan.digest === plan.digest) return plan.digest;
    const taking = this.#takePlan(run, plan).finally(() => this.#taking.delete(run));
    this.#taking.set(run, taking);
    return taking;
  }

  async #takePlan(run: string, plan: Plan): Promise<Sha256> {
    if (this.#keepers.size >= MAX_RUNS && !this.#keepers.has(run)) {
      throw new GatepostError('USAGE', `${MAX_RUNS} runs are open here; hand the plan over again when one is closed`, {
        run,
      });
    }
    const context = await this.#contextOf(run, plan);
    await this.#keepers.get(run)?.close();
    const keeper = this.#keep(context);
    this.#keepers.set(run, keeper);
    void keeper.run().then(() => this.#closed(run, keeper));
    this.parts.log.info({ run, plan: plan.name, tasks: plan.tasks.length, escrow: context.escrow }, 'plan taken');
    return plan.digest;
  }

  /** Nothing more is asked of a run that is closed. */
  async #closed(run: string, keeper: RunKeeper): Promise<void> {
    if (keeper.state.closed === undefined) return;
    this.#keepers.delete(run);
    this.#cosigning.forget(run);
    await keeper.close();
  }

  /** What the journal fixes of a run. @throws GatepostError NOT_FOUND, USAGE */
  async #contextOf(run: string, plan: Plan): Promise<RunContext> {
    const { config, ledger, log } = this.parts;
    const { journal, coordinator, account } = config;
    const agents = new Set(config.agents);
    const { runs } = await indexJournal(new LedgerFeed(ledger, journal, agents, log), coordinator);
    const known = runs.get(run);
    if (known === undefined)
      throw new GatepostError('NOT_FOUND', `the journal does not show a run ${run} yet`, { run });
    if (known.plan !== plan.digest) throw new GatepostError('USAGE', `run ${run} is of plan ${known.plan}`, { run });
    const { token, gatekeeper, escrow } = known;
    if (gatekeeper !== account || escrow === undefined) {
      throw new GatepostError('USAGE', `run ${run} was opened under ${gatekeeper ?? 'no gatekeeper'}`, { run });
    }
    return { run, plan, coordinator, journal, token, agents, ...modeIn(known) };
  }

  #keep(context: RunContext): RunKeeper {
    const { config, connection, ledger, artifacts, clock, insecureLoopback, log } = this.parts;
    return new RunKeeper({
      artifacts,
      ledger,
      clock,
      context,
      sessions: this.#sessions,
      cosigning: this.#cosigning,
      agents: (state) => new JudgeSessions(connection, () => state.agents, insecureLoopback, clock),
      gates: gatesOf(config, this.#confinement),
      outputWaitMs: config.outputWaitMs,
      judged: (accepted) => this.#metrics?.judged(accepted),
      pollMs: connection.network.mirrorPerSecond === undefined ? LOCAL_POLL_MS : PUBLIC_POLL_MS,
      log,
    });
  }

  async cosign(request: CosignRequest): Promise<CosignResponse> {
    const { signing, log } = this.parts;
    const refused = (reason: string, wait: boolean): CosignResponse => {
      this.#metrics?.answered('batch', wait ? 'wait' : 'refused');
      log.info({ run: request.run, reason, wait }, 'not signed');
      return { answer: { $case: 'refusal', value: { reason, wait } } };
    };
    const keeper = this.#keepers.get(request.run);
    if (keeper === undefined) {
      return refused(`the plan of run ${request.run} is not here; hand it over`, true);
    }
    const batch = signing.read(request);
    if ('objection' in batch) return refused(batch.objection, false);
    const answer = await keeper.cosign(batch);
    if (answer.kind !== 'sign') return refused(answer.reason, answer.kind === 'wait');
    const cosignature = signing.sign(batch);
    this.#metrics?.answered('batch', 'signed');
    log.info({ run: request.run, batch: batch.id, payees: batch.payees.length }, 'signed');
    return { answer: { $case: 'cosignature', value: cosignature } };
  }

  async cosignRefund({ body }: CosignRefundRequest): Promise<CosignRefundResponse> {
    const { connection, config, log } = this.parts;
    const answer = await cosignRefund(connection.mirror, signerOf(connection.key), config.coordinator, body);
    this.#metrics?.answered('refund', 'signature' in answer ? 'signed' : 'refused');
    if ('signature' in answer) return { answer: { $case: 'signature', value: Buffer.from(answer.signature) } };
    log.info({ reason: answer.objection }, 'not signed: a transaction about the refund');
    return { answer: { $case: 'refusal', value: { reason: answer.objection, wait: false } } };
  }
}

/** @throws GatepostError INVALID_PLAN */
function compiled(bytes: Buffer): Plan {
  let portable: PortablePlan;
  try {
    const { plan, schemas } = JSON.parse(bytes.toString('utf8')) as { plan?: Json; schemas?: Json };
    portable = { plan: plan ?? null, schemas: Array.isArray(schemas) ? schemas : [] };
  } catch {
    throw new GatepostError('INVALID_PLAN', 'the plan is no JSON');
  }
  const made = compilePortable(portable, schemaProblems());
  if ('plan' in made) return made.plan;
  throw new GatepostError('INVALID_PLAN', made.problems.map(({ message }) => message).join('\n'));
}
