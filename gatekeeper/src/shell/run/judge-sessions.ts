import { openAgent } from '@gatepost/party/agents/open-agent';
import type { OutputSource } from '@gatepost/party/agents/output-source';
import { Session } from '@gatepost/party/agents/session';
import type { AgentState } from '@gatepost/rules/run/agent-state';
import type { Clock } from '@gatepost/shared/clock';
import type { Connection } from '@gatepost/shared/hedera/connection';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';

const ignore = (): void => undefined;
/** Who judges hears nothing of attempts: the ledger tells. */
const DEAF = { heard: ignore, event: ignore, heartbeat: ignore, refused: ignore };

interface OpenSession {
  readonly session: Session;
  close(): void;
}

/** One session, open or being opened, at the address that the ledger names. */
interface Kept {
  readonly at: string;
  readonly opening: Promise<OpenSession>;
}

/** Sessions with the daemons that hold outputs: opened when an output is wanted, kept until they end. */
export class JudgeSessions implements OutputSource {
  readonly #kept = new Map<AccountId, Kept>();

  constructor(
    readonly connection: Connection,
    /** The agents as the journal shows them. */
    readonly agents: () => ReadonlyMap<AccountId, AgentState>,
    readonly insecureLoopback: boolean,
    readonly clock: Clock,
  ) {}

  link(account: AccountId): { fetch(sha256: Sha256, declared: number): Promise<Buffer> } | undefined {
    const agent = this.agents().get(account);
    if (agent === undefined) return undefined;
    return {
      fetch: async (sha256, declared) => (await this.#session(agent)).session.fetch(sha256, declared),
    };
  }

  #session(agent: AgentState): Promise<OpenSession> {
    const at = `${agent.address} ${agent.certSha256 ?? ''}`;
    const known = this.#kept.get(agent.account);
    if (known?.at === at) return known.opening;
    void known?.opening.then(({ close }) => close(), ignore);
    const opening = this.#open(agent);
    const kept = { at, opening };
    this.#kept.set(agent.account, kept);
    const forget = () => {
      if (this.#kept.get(agent.account) === kept) this.#kept.delete(agent.account);
    };
    void opening.then(({ session }) => session.ended.then(forget), forget);
    return opening;
  }

  async #open(agent: AgentState): Promise<OpenSession> {
    const { client, sessionToken, maxChunkBytes } = await openAgent(this.connection, agent, this.insecureLoopback);
    try {
      const session = await Session.open(client, sessionToken, maxChunkBytes, [], DEAF, this.clock);
      const close = () => {
        session.close();
        client.close();
      };
      void session.ended.then(() => client.close());
      return { session, close };
    } catch (thrown) {
      client.close();
      throw thrown;
    }
  }

  close(): void {
    for (const { opening } of this.#kept.values()) void opening.then(({ close }) => close(), ignore);
    this.#kept.clear();
  }
}
