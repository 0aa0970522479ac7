import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import { createToken } from '@gatepost/shared/hedera/tokens';
import { createTopic, type TopicOptions } from '@gatepost/shared/hedera/topics';
import type { TokenId, TopicId } from '@gatepost/shared/vocabulary/ids';
import { TokenFreezeTransaction, TokenUnfreezeTransaction } from '@hashgraph/sdk';
import { freePort } from '../src/stage/wire.js';
import { BrokenStage, type Change, networkOf, type Party } from './broken-stage.js';

/** A sound set-up and what is needed to break it. */
export class BrokenBench {
  private constructor(
    readonly stage: BrokenStage,
    /** An account and no more. */
    readonly bare: Party,
    /** An account that will announce the daemon of the agent as its own. */
    readonly liar: Party,
    /** A token that only its treasury, the bare party, holds. */
    readonly otherToken: TokenId,
    /** Address at which nobody answers. */
    readonly nobody: string,
    readonly idleNetwork: Ledger,
    private readonly otherNetwork: Ledger,
    private readonly listener: Server,
  ) {}

  static async open(): Promise<BrokenBench> {
    const stage = await BrokenStage.open();
    const ports = { fees: false, control: false } as const;
    const [idle, other] = [await startLedger({ ports }), await startLedger({ ports })];
    const [bare, liar] = [await stage.newParty(), await stage.newParty()];
    const token = await createToken(bare.connection, { name: 'O', symbol: 'O', decimals: 0, initialSupply: 1n });
    const listener = createServer().listen(0, '127.0.0.1');
    return new BrokenBench(stage, bare, liar, token, `127.0.0.1:${await freePort()}`, idle, other, listener);
  }

  /** Address at which something listens that is none of ours. */
  get taken(): string {
    return `127.0.0.1:${(this.listener.address() as { port: number }).port}`;
  }

  /** The mirror of another network, on which something happened just now. */
  async busyMirror(): Promise<Change> {
    await this.otherNetwork.createAccount({ balance: 1n, maxAutoAssociations: 0 });
    return { env: { GATEPOST_MIRROR_REST: networkOf(this.otherNetwork).mirrorRest } };
  }

  /** A new topic. */
  topic(options: TopicOptions, by = this.stage.operator): Promise<TopicId> {
    return createTopic(by, options);
  }

  /** The inbox of the agent that serves. */
  inboxOfAgent(): string {
    return /^inbox: (\S+)$/m.exec(readFileSync(this.stage.agentFile, 'utf8'))?.[1] ?? '';
  }

  /** Freezes the agent for the token. */
  freeze(): Promise<void> {
    const { coordinator, agent, token } = this.stage;
    return this.stage.send(coordinator, new TokenFreezeTransaction().setTokenId(token).setAccountId(agent.account));
  }

  unfreeze(): Promise<void> {
    const { coordinator, agent, token } = this.stage;
    return this.stage.send(coordinator, new TokenUnfreezeTransaction().setTokenId(token).setAccountId(agent.account));
  }

  async close(): Promise<void> {
    this.listener.close();
    for (const { connection } of [this.bare, this.liar]) connection.close();
    for (const network of [this.idleNetwork, this.otherNetwork]) await network.close();
    await this.stage.close();
  }
}
