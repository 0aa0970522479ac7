// What happened, as anybody can read it: mirror REST with plain fetch and nothing of the product's own code.

import { setTimeout as sleep } from 'node:timers/promises';
import { readMessage } from './read-message.js';

interface MessageEntry {
  readonly consensus_timestamp: string;
  readonly sequence_number: number;
  readonly payer_account_id: string;
  readonly message: string;
}

/** A transaction as the mirror lists it. */
export interface TransactionEntry {
  readonly transaction_id: string;
  readonly name: string;
  readonly result: string;
  readonly consensus_timestamp: string;
  readonly parent_consensus_timestamp: string | null;
  readonly token_transfers: readonly { token_id: string; account: string; amount: number }[];
}

/** One record of a topic with what the network says about its message. */
export interface SeenRecord {
  readonly at: bigint;
  /** Sequence number of its message. */
  readonly sequence: number;
  readonly author: string;
  readonly run: string | undefined;
  readonly type: string;
  readonly [field: string]: unknown;
}

const nanos = (timestamp: string): bigint => BigInt(timestamp.replace('.', ''));

/** Reads one mirror. */
export class MirrorTruth {
  constructor(private readonly base: string) {}

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.base}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return (await response.json()) as T;
  }

  /** All records of a topic, oldest first; those of attempts by the numbers of their tasks. */
  async records(topic: string): Promise<SeenRecord[]> {
    const records: SeenRecord[] = [];
    let path: string | null = `/api/v1/topics/${topic}/messages?limit=100&order=asc`;
    while (path !== null) {
      const page: { messages: MessageEntry[]; links: { next: string | null } } = await this.get(path);
      for (const entry of page.messages) {
        const body = readMessage(Buffer.from(entry.message, 'base64').toString('utf8'));
        const about = {
          at: nanos(entry.consensus_timestamp),
          sequence: entry.sequence_number,
          author: entry.payer_account_id,
          run: body.run,
        };
        records.push(...body.records.map((record) => ({ ...record, ...about })));
      }
      path = page.links.next;
    }
    return records;
  }

  /** What an account holds of a token, in its smallest unit. */
  async balance(account: string, token: string): Promise<number> {
    const { tokens } = await this.get<{ tokens: { token_id: string; balance: number }[] }>(
      `/api/v1/accounts/${account}/tokens?token.id=${token}`,
    );
    return tokens.find((entry) => entry.token_id === token)?.balance ?? 0;
  }

  /** How much of a token there is, and who holds how much of it. */
  async supply(token: string): Promise<{ total: bigint; initial: bigint; held: Map<string, bigint> }> {
    const info = await this.get<{ total_supply: string; initial_supply: string }>(`/api/v1/tokens/${token}`);
    const held = new Map<string, bigint>();
    let path: string | null = `/api/v1/tokens/${token}/balances?limit=100`;
    while (path !== null) {
      const page: { balances: { account: string; balance: number }[]; links: { next: string | null } } =
        await this.get(path);
      for (const { account, balance } of page.balances) held.set(account, BigInt(balance));
      path = page.links.next;
    }
    return { total: BigInt(info.total_supply), initial: BigInt(info.initial_supply), held };
  }

  /** All transactions that touched an account, oldest first. */
  async transactions(account: string): Promise<TransactionEntry[]> {
    const found: TransactionEntry[] = [];
    let path: string | null = `/api/v1/transactions?account.id=${account}&limit=100&order=asc`;
    while (path !== null) {
      const page: { transactions: TransactionEntry[]; links: { next: string | null } } = await this.get(path);
      found.push(...page.transactions);
      path = page.links.next;
    }
    return found;
  }

  /** Ids of the transactions that an account paid for. */
  async paidBy(account: string): Promise<string[]> {
    const ids = (await this.transactions(account)).map(({ transaction_id: id }) => id);
    return ids.filter((id) => id.startsWith(`${account}-`));
  }

  /** Successful transactions of an account that moved a token, oldest first. */
  async tokenTransfers(account: string, token: string): Promise<TransactionEntry[]> {
    const moved = ({ token_transfers: moves }: TransactionEntry) => moves.some(({ token_id: id }) => id === token);
    return (await this.transactions(account)).filter((entry) => entry.result === 'SUCCESS' && moved(entry));
  }
}

/** Waits for something that the mirror will show, within a deadline. */
export async function eventually<T>(what: string, read: () => Promise<T | undefined>, timeoutMs = 30_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`the mirror does not show ${what}`);
    await sleep(100);
  }
}
