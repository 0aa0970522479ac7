import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What a mirror knew, as a file holds it: entities in the mirror's own form, messages with their text. */
interface RecordedMirror {
  readonly topics: readonly {
    readonly topic_id: string;
    readonly created_timestamp: string;
    readonly auto_renew_account: string;
  }[];
  readonly accounts: readonly { readonly account: string }[];
  readonly tokens: readonly { readonly token_id: string }[];
  readonly messages: readonly {
    readonly topic: string;
    readonly sequence: number;
    readonly at: string;
    readonly payer: string;
    readonly text: string;
    readonly running_hash: string;
  }[];
  readonly transactions: readonly {
    readonly transaction_id: string;
    readonly consensus_timestamp: string;
    readonly token_transfers: readonly { readonly account: string }[];
  }[];
}

export interface MirrorServer {
  readonly url: string;
  /** Paths it was asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A mirror on loopback that answers from a file. */
export async function serveRecordedMirror(name: string): Promise<MirrorServer> {
  const file = join(import.meta.dirname, `../fixtures/mirror/${name}.json`);
  const recorded: RecordedMirror = JSON.parse(readFileSync(file, 'utf8'));
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    send(response, answer(recorded, new URL(url, 'http://mirror')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, body: unknown): void {
  response.statusCode = body === undefined ? 404 : 200;
  response.end(JSON.stringify(body ?? { _status: { messages: [{ message: 'Not found' }] } }));
}

function answer(recorded: RecordedMirror, { pathname, searchParams }: URL): unknown {
  const [, , , kind, id, part] = pathname.split('/');
  if (kind === 'topics' && part === 'messages') return { messages: messagesOf(recorded, id), links: { next: null } };
  if (kind === 'topics') return living(recorded.topics.find((topic) => topic.topic_id === id));
  if (kind === 'accounts') return living(recorded.accounts.find(({ account }) => account === id));
  if (kind === 'tokens') return recorded.tokens.find(({ token_id }) => token_id === id);
  return kind === 'transactions' ? { transactions: transactionsOf(recorded, searchParams) } : undefined;
}

const living = (entity: object | undefined) => entity && { ...entity, deleted: false };

function messagesOf({ messages }: RecordedMirror, topic: string | undefined): unknown[] {
  return messages
    .filter((message) => message.topic === topic)
    .map(({ sequence, at, payer, text, running_hash }) => ({
      consensus_timestamp: at,
      sequence_number: sequence,
      payer_account_id: payer,
      message: Buffer.from(text).toString('base64'),
      running_hash,
      running_hash_version: 3,
    }));
}

function transactionsOf(recorded: RecordedMirror, query: URLSearchParams): unknown[] {
  const account = query.get('account.id');
  const found = recorded.transactions.filter(
    ({ consensus_timestamp: at, transaction_id, token_transfers }) =>
      query.getAll('timestamp').every((bound) => isWithin(at, bound)) &&
      (account === null ||
        transaction_id.startsWith(`${account}-`) ||
        token_transfers.some((move) => move.account === account)),
  );
  const ordered = query.get('order') === 'asc' ? found : [...found].reverse();
  return ordered.slice(0, Number(query.get('limit') ?? 25)).map((one) => ({ nonce: 0, scheduled: false, ...one }));
}

/** Timestamps of one length compare as texts. */
function isWithin(at: string, bound: string): boolean {
  const [operator, value] = bound.includes(':') ? bound.split(':') : ['eq', bound];
  if (value === undefined) return false;
  return operator === 'gte' ? at >= value : operator === 'lte' ? at <= value : at === value;
}
