import type { SessionObservation } from '@gatepost/coordinator/core/decide/health';
import type { AgentFleet, Link } from '@gatepost/coordinator/shell/agents/agent-fleet';
import type { LinkHandlers } from '@gatepost/coordinator/shell/agents/agent-link';
import type { DispatchedWork } from '@gatepost/party/agents/session';
import type { AttemptRef } from '@gatepost/proto/gen/gatepost/agent/v1/agent';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import { type Sha256, sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Daemon } from './daemon.js';
import type { Events } from './events.js';
import type { ProcessClock } from './process-clock.js';

const CONNECT_MS = 30;
const TRAVEL_MS = 5;
const HEARTBEAT_MS = 2_000;
const NOT_FOUND_CODE = 5;

/** The way to one agent's host: there is a daemon behind it or not, and it can be cut. */
export class Wire {
  daemon: Daemon | undefined;
  isCut = false;
  readonly #listeners = new Set<() => void>();

  get isUp(): boolean {
    return this.daemon !== undefined && !this.isCut;
  }

  /** Something about it is different now. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** A session with one agent, as a coordinator sees it. */
class SimulatedLink implements Link {
  /** The daemon at the other end of the session. */
  #session: Daemon | undefined;
  #heardMs: number | undefined;
  readonly #sinceMs: number;
  readonly #stopListening: () => void;

  constructor(
    readonly account: AccountId,
    readonly wire: Wire,
    readonly clock: ProcessClock,
    readonly handlers: LinkHandlers,
    readonly events: Events,
  ) {
    this.#sinceMs = clock.nowMs();
    this.#stopListening = wire.listen(() => this.#look());
    this.#look();
  }

  close(): void {
    this.#stopListening();
    this.#session = undefined;
  }

  #look(): void {
    if (this.clock.killed.aborted) {
      this.close();
      return;
    }
    const there = this.wire.isUp ? this.wire.daemon : undefined;
    if (this.#session !== undefined && this.#session !== there) {
      this.#heardMs = this.clock.nowMs();
      this.#session = undefined;
      this.clock.soon(() => this.handlers.changed());
    }
    if (there === undefined || this.#session !== undefined) return;
    this.clock.at(this.clock.nowMs() + CONNECT_MS, () => {
      if (this.#session !== undefined || !this.wire.isUp || this.wire.daemon !== there) return;
      this.#session = there;
      this.handlers.connected(this.account);
      this.handlers.changed();
    });
  }

  get observation(): SessionObservation {
    const nowMs = this.clock.nowMs();
    const isConnected = this.#session !== undefined;
    return {
      connected: isConnected,
      lastHeardMs: isConnected ? nowMs : this.#heardMs,
      watchingSinceMs: this.#sinceMs,
      heartbeatMs: HEARTBEAT_MS,
      trouble: isConnected ? undefined : 'no session',
    };
  }

  /** Hands something to the daemon a little later, unless the session is over by then. */
  #send(what: (daemon: Daemon) => void): void {
    const session = this.#session;
    if (session === undefined) return;
    this.clock.world.at(this.clock.world.nowMs() + TRAVEL_MS, () => {
      if (this.wire.isUp && this.wire.daemon === session) what(session);
    });
  }

  isTold(): boolean {
    return this.#session === undefined;
  }

  async dispatch(work: DispatchedWork): Promise<void> {
    this.#send((daemon) => {
      if (daemon.dispatch(work)) return;
      const message = 'not on the inbox yet';
      const refused = { ref: work.ref, code: NOT_FOUND_CODE, message, outputSha256: new Uint8Array() };
      this.clock.soon(() => this.handlers.refused(this.account, refused));
    });
  }

  forget(_ref: AttemptRef): void {}

  cancel(ref: AttemptRef, reason: string): void {
    this.#send((daemon) => daemon.cancel(ref, reason));
  }

  async fetch(digest: Sha256): Promise<Buffer> {
    const session = this.#session;
    await new Promise<void>((resolve) => this.clock.at(this.clock.nowMs() + TRAVEL_MS, resolve));
    const bytes = session !== undefined && session === this.#session ? session.output(digest) : undefined;
    if (bytes === undefined) throw new GatepostError('AGENT_UNREACHABLE', `no output ${digest.slice(0, 8)}`);
    if (sha256(bytes) !== digest) throw new GatepostError('OUTPUT_CORRUPT', 'the bytes do not match their digest');
    this.events.mark('an output was fetched');
    return bytes;
  }
}

/** A coordinator's sessions with all agents. */
export class SimulatedFleet implements AgentFleet {
  readonly #links = new Map<AccountId, SimulatedLink>();

  constructor(
    readonly wires: ReadonlyMap<AccountId, Wire>,
    readonly clock: ProcessClock,
    readonly handlers: LinkHandlers,
    readonly events: Events,
  ) {}

  follow(agents: Iterable<AgentState>): void {
    for (const { account, life } of agents) {
      const link = this.#links.get(account);
      const wire = this.wires.get(account);
      if (life === 'offline') {
        link?.close();
        this.#links.delete(account);
      } else if (link === undefined && wire !== undefined) {
        this.#links.set(account, new SimulatedLink(account, wire, this.clock, this.handlers, this.events));
      }
    }
  }

  link(agent: AccountId): Link | undefined {
    return this.#links.get(agent);
  }

  observations(): ReadonlyMap<AccountId, SessionObservation> {
    return new Map([...this.#links].map(([account, link]) => [account, link.observation]));
  }

  forgiveSilence(_nowMs: number): void {}

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }
}
