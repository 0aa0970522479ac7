import type { AgentState } from '@gatepost/rules/run/agent-state';
import type { Clock } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Logger } from '@gatepost/shared/log';
import { Semaphore } from '@gatepost/shared/semaphore';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { SessionObservation } from '../../core/decide/health.js';
import type { AgentFleet } from './agent-fleet.js';
import { AgentLink, type LinkHandlers } from './agent-link.js';

/** Sessions that are being opened at the same time; they ask the mirror for their agents' keys together. */
const OPENING = 100;

/** The links to all agents that the ledger shows online. */
export class Fleet implements AgentFleet {
  readonly #links = new Map<AccountId, AgentLink>();
  readonly #openings = new Semaphore(OPENING);

  constructor(
    readonly connection: Connection,
    readonly insecureLoopback: boolean,
    readonly handlers: LinkHandlers,
    readonly clock: Clock,
    readonly log: Logger,
  ) {}

  /** Opens, moves and closes links as the ledger says; cheap when nothing changed. */
  follow(agents: Iterable<AgentState>): void {
    for (const agent of agents) {
      const link = this.#links.get(agent.account);
      if (agent.life === 'offline') {
        link?.close();
        this.#links.delete(agent.account);
      } else if (link === undefined || !isSameAddress(link, agent)) {
        link?.close();
        const { account, address, certSha256 } = agent;
        const target = { account, address, certSha256 };
        this.#links.set(
          account,
          new AgentLink(
            this.connection,
            target,
            this.insecureLoopback,
            this.handlers,
            this.clock,
            this.log,
            this.#openings,
          ),
        );
      }
    }
  }

  link(agent: AccountId): AgentLink | undefined {
    return this.#links.get(agent);
  }

  observations(): ReadonlyMap<AccountId, SessionObservation> {
    return new Map([...this.#links].map(([account, link]) => [account, link.observation]));
  }

  forgiveSilence(nowMs: number): void {
    for (const link of this.#links.values()) link.forgiveSilence(nowMs);
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }
}

const isSameAddress = ({ target }: AgentLink, { address, certSha256 }: AgentState): boolean =>
  target.address === address && target.certSha256 === certSha256;
