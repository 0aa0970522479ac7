import { type AgentAddress, openAgent } from '@gatepost/party/agents/open-agent';
import { type DispatchedWork, Session } from '@gatepost/party/agents/session';
import type {
  AgentServiceClient,
  AttemptEvent,
  AttemptRef,
  Refused,
} from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import { type Clock, pause } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Logger } from '@gatepost/shared/log';
import type { Semaphore } from '@gatepost/shared/semaphore';
import { stopController } from '@gatepost/shared/stop-controller';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { SessionObservation } from '../../core/decide/health.js';
import { isToldByInbox } from '../../core/effects/told-by-inbox.js';
import type { Link } from './agent-fleet.js';

/** What a link tells its owner. */
export interface LinkHandlers {
  /** A session is up: what is assigned to the agent has to be dispatched again. */
  connected(agent: AccountId): void;
  event(agent: AccountId, event: AttemptEvent): void;
  refused(agent: AccountId, refused: Refused): void;
  /** Something the judgement of the agent depends on has changed. */
  changed(): void;
}

const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5_000;
/** Assumed until the daemon has said its own. */
const DEFAULT_HEARTBEAT_MS = 2_000;
/** Attempts of one agent whose last event is remembered. */
export const MAX_ATTEMPTS_TOLD = 10_000;

/** The session with one agent, opened again with growing pauses for as long as the link is not closed. */
export class AgentLink implements Link {
  readonly #stop = stopController();
  readonly #lastEvents = new Map<string, { readonly ref: AttemptRef; readonly event: bigint }>();
  #session: Session | undefined;
  /** What this session was told of. */
  readonly #dispatched = new Set<string>();
  #observed: SessionObservation;

  constructor(
    readonly connection: Connection,
    readonly target: AgentAddress,
    readonly insecureLoopback: boolean,
    readonly handlers: LinkHandlers,
    readonly clock: Clock,
    readonly log: Logger,
    /** Where all links of this process wait to open a session. */
    readonly openings: Semaphore,
  ) {
    this.#observed = {
      connected: false,
      lastHeardMs: undefined,
      watchingSinceMs: clock.nowMs(),
      heartbeatMs: DEFAULT_HEARTBEAT_MS,
      trouble: undefined,
    };
    void this.#run();
  }

  get observation(): SessionObservation {
    return this.#observed;
  }

  /** This process was away itself: nothing that was not heard in the meantime counts. */
  forgiveSilence(nowMs: number): void {
    this.#observe({ watchingSinceMs: nowMs });
  }

  #observe(change: Partial<SessionObservation>): void {
    this.#observed = { ...this.#observed, ...change };
  }

  async #run(): Promise<void> {
    let backoffMs = MIN_BACKOFF_MS;
    while (!this.#stop.signal.aborted) {
      const trouble = await this.#once(() => {
        backoffMs = MIN_BACKOFF_MS;
      });
      if (this.#stop.signal.aborted) return;
      if (trouble.message !== this.#observed.trouble) this.#report(trouble);
      this.#observe({ connected: false, trouble: trouble.message });
      this.handlers.changed();
      await pause(this.clock, backoffMs, this.#stop.signal);
      backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
    }
  }

  #report({ code, message }: GatepostError): void {
    this.log.warn({ agent: this.target.account, address: this.target.address, code }, message);
  }

  /** One session from its certificate to its end; says why it ended. */
  async #once(opened: () => void): Promise<GatepostError> {
    let client: AgentServiceClient | undefined;
    try {
      const session = await this.openings.run(async () => {
        this.#stop.signal.throwIfAborted();
        const agent = await openAgent(this.connection, this.target, this.insecureLoopback);
        client = agent.client;
        const { sessionToken, limits, maxChunkBytes } = agent;
        this.#observe({
          heartbeatMs: limits?.heartbeatMs || DEFAULT_HEARTBEAT_MS,
          maxInputBytes: Number(limits?.maxInputBytes ?? 0n) || Infinity,
        });
        return this.#open(client, sessionToken, maxChunkBytes);
      });
      opened();
      return toGatepostError(await session.ended, 'AGENT_UNREACHABLE');
    } catch (thrown) {
      return toGatepostError(thrown, 'AGENT_UNREACHABLE');
    } finally {
      this.#session = undefined;
      client?.close();
    }
  }

  async #open(client: AgentServiceClient, token: string, maxChunkBytes: number): Promise<Session> {
    const heard = () => this.#observe({ connected: true, lastHeardMs: this.clock.nowMs(), trouble: undefined });
    const session = await Session.open(
      client,
      token,
      maxChunkBytes,
      [...this.#lastEvents.values()],
      {
        heard,
        event: (event) => this.#event(event),
        heartbeat: ({ running, queued }) => this.#observe({ load: { running, queued } }),
        refused: (refused) => this.#refused(refused),
      },
      this.clock,
    );
    if (this.#stop.signal.aborted) session.close();
    this.#session = session;
    this.#dispatched.clear();
    this.log.info({ agent: this.target.account, address: this.target.address }, 'session open');
    this.handlers.connected(this.target.account);
    this.handlers.changed();
    return session;
  }

  #event(event: AttemptEvent): void {
    const { ref } = event;
    if (ref === undefined) return;
    const key = attemptKey(ref);
    // An agent that invents attempts is not remembered without end.
    if (this.#lastEvents.size >= MAX_ATTEMPTS_TOLD && !this.#lastEvents.has(key)) return;
    if (event.event > (this.#lastEvents.get(key)?.event ?? 0n)) {
      this.#lastEvents.set(key, { ref, event: event.event });
      this.handlers.event(this.target.account, event);
    }
    this.#session?.acknowledge(ref, event.event);
    if (event.kind?.$case === 'finished') this.#lastEvents.delete(key);
  }

  isTold(ref: AttemptRef): boolean {
    return this.#session === undefined || this.#dispatched.has(attemptKey(ref));
  }

  /** Sends an attempt when a session is up, and has not been told of it yet; otherwise `connected` will ask for it. */
  async dispatch(work: DispatchedWork): Promise<void> {
    if (this.#session === undefined || this.isTold(work.ref)) return;
    const key = attemptKey(work.ref);
    this.#dispatched.add(key);
    if (isToldByInbox(work, this.#observed)) return;
    try {
      await this.#session.dispatch(work, () => this.#dispatched.has(key));
    } catch (thrown) {
      this.#dispatched.delete(key);
      throw thrown;
    }
  }

  /** The attempt is decided. */
  forget(ref: AttemptRef): void {
    this.#dispatched.delete(attemptKey(ref));
  }

  #refused(refused: Refused): void {
    if (refused.ref !== undefined) this.forget(refused.ref);
    this.handlers.refused(this.target.account, refused);
  }

  cancel(ref: AttemptRef, reason: string): void {
    this.#session?.cancel(ref, reason);
  }

  /** @throws GatepostError AGENT_UNREACHABLE without a session, AGENT_REFUSED, OUTPUT_CORRUPT */
  async fetch(sha256: Sha256, declared: number): Promise<Buffer> {
    if (this.#session === undefined) {
      throw new GatepostError('AGENT_UNREACHABLE', `no session with ${this.target.account}`, {
        agent: this.target.account,
      });
    }
    return this.#session.fetch(sha256, declared);
  }

  close(): void {
    this.#stop.abort();
    this.#session?.close();
  }
}
