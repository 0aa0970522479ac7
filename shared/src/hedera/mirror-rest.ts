import { isSafeNumber, parse } from 'lossless-json';
import pRetry, { AbortError } from 'p-retry';
import { z } from 'zod';
import type { NetworkConfig } from '../config/network.js';
import { GatepostError, toGatepostError } from '../vocabulary/errors.js';
import type { ExchangeRate } from '../vocabulary/fees.js';
import type { AccountId, ScheduleId, TokenId, TopicId, TransactionId } from '../vocabulary/ids.js';
import { mirrorTransactionId } from '../vocabulary/ids.js';
import { formatNanos, type Nanos, parseNanos } from '../vocabulary/time.js';
import { type HttpAnswer, httpGet } from './http-get.js';
import { KeyLookups } from './key-lookups.js';
import { budgetFor, type RequestBudget } from './request-budget.js';

const key = z.object({ _type: z.enum(['ED25519', 'ECDSA_SECP256K1', 'ProtobufEncoded']), key: z.string() }).nullable();
const int64 = z.union([z.int().transform(BigInt), z.bigint()]);
const timestamp = z.string().transform(parseNanos);
const links = z.object({ next: z.string().nullable() });

const account = z.object({
  account: z.string(),
  key,
  deleted: z.boolean().nullable(),
  evm_address: z.string().nullish(),
});
const accounts = z.object({ accounts: z.array(account) });
const accountToken = z.object({
  token_id: z.string(),
  balance: int64,
  /** NOT_APPLICABLE, FROZEN or UNFROZEN. */
  freeze_status: z.string().nullish(),
  /** NOT_APPLICABLE, GRANTED or REVOKED. */
  kyc_status: z.string().nullish(),
});
const accountTokens = z.object({ tokens: z.array(accountToken), links });
const endpoint = z.object({ domain_name: z.string().nullish(), ip_address_v4: z.string().nullish(), port: z.int() });
const nodes = z.object({ nodes: z.array(z.object({ service_endpoints: z.array(endpoint) })) });
const balances = z.object({ balances: z.array(z.object({ account: z.string(), balance: int64 })) });
const topic = z.object({
  topic_id: z.string(),
  admin_key: key,
  submit_key: key,
  deleted: z.boolean().nullable(),
  memo: z.string().nullish(),
  created_timestamp: timestamp.nullable(),
});
const feeTerms = {
  collector_account_id: z.string().nullable(),
  all_collectors_are_exempt: z.boolean().nullish(),
};
const fixedFee = z.object({ ...feeTerms, amount: int64, denominating_token_id: z.string().nullable() });
const fractionalFee = z.object({
  ...feeTerms,
  amount: z.object({ numerator: int64, denominator: int64 }),
  minimum: int64.nullish(),
  maximum: int64.nullish(),
  net_of_transfers: z.boolean().nullish(),
});
const customFees = z.object({
  /** Since when they are the token's. */
  created_timestamp: timestamp.nullish(),
  fixed_fees: z
    .array(fixedFee)
    .nullish()
    .transform((fees) => fees ?? []),
  fractional_fees: z
    .array(fractionalFee)
    .nullish()
    .transform((fees) => fees ?? []),
});
const token = z.object({
  token_id: z.string(),
  name: z.string(),
  symbol: z.string(),
  decimals: z.string().transform(Number),
  treasury_account_id: z.string(),
  total_supply: z.string().transform(BigInt),
  type: z.string(),
  deleted: z.boolean().nullish(),
  /** NOT_APPLICABLE, PAUSED or UNPAUSED. */
  pause_status: z.string().nullish(),
  admin_key: key.nullish(),
  supply_key: key.nullish(),
  wipe_key: key.nullish(),
  freeze_key: key.nullish(),
  pause_key: key.nullish(),
  kyc_key: key.nullish(),
  /** Its holder may change the custom fees. */
  fee_schedule_key: key.nullish(),
  custom_fees: customFees.nullish(),
});
const message = z.object({
  consensus_timestamp: timestamp,
  sequence_number: z.int(),
  payer_account_id: z.string(),
  message: z.base64().transform((text) => Buffer.from(text, 'base64')),
  chunk_info: z.object({ number: z.int(), total: z.int() }).nullable().optional(),
  running_hash: z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .optional(),
  running_hash_version: z.int().optional(),
});
const messages = z.object({ messages: z.array(message), links });
const assessedFee = z.object({
  amount: int64,
  collector_account_id: z.string(),
  effective_payer_account_ids: z.array(z.string()).default([]),
  /** Null for hbar. */
  token_id: z.string().nullable(),
});
const transaction = z.object({
  transaction_id: z.string(),
  /** SHA-384 of the signed bytes, base64. */
  transaction_hash: z.string(),
  consensus_timestamp: timestamp,
  name: z.string(),
  result: z.string(),
  nonce: z.int(),
  scheduled: z.boolean(),
  entity_id: z.string().nullable(),
  parent_consensus_timestamp: z.string().nullable(),
  charged_tx_fee: int64,
  token_transfers: z.array(z.object({ token_id: z.string(), account: z.string(), amount: int64 })).default([]),
  /** Only where a transaction was asked for by its id; lists leave it out. */
  assessed_custom_fees: z.array(assessedFee).nullish(),
});
const transactions = z.object({ transactions: z.array(transaction), links: links.optional() });
const schedule = z.object({
  schedule_id: z.string(),
  creator_account_id: z.string(),
  payer_account_id: z.string(),
  consensus_timestamp: timestamp,
  expiration_time: z.string().nullable(),
  executed_timestamp: z.string().nullable(),
  deleted: z.boolean(),
  memo: z.string(),
  admin_key: key.nullish(),
  wait_for_expiry: z.boolean().nullish(),
  /** SchedulableTransactionBody, base64. */
  transaction_body: z.string().nullish(),
});
const schedules = z.object({ schedules: z.array(schedule), links });

const exchangeRates = z.object({ current_rate: z.object({ cent_equivalent: z.int(), hbar_equivalent: z.int() }) });

export type MirrorAccount = z.infer<typeof account>;
export type MirrorTopic = z.infer<typeof topic>;
export type MirrorToken = z.infer<typeof token>;
export type MirrorHolding = z.infer<typeof accountToken>;
export type MirrorMessage = z.infer<typeof message>;
export type MirrorAssessedFee = z.infer<typeof assessedFee>;
export type MirrorTransaction = z.infer<typeof transaction>;
export type MirrorSchedule = z.infer<typeof schedule>;

/** Integers of any size are kept exactly: numbers when safe, else bigint. */
const parseNumber = (text: string): number | bigint =>
  /^-?\d+$/.test(text) && !isSafeNumber(text) ? BigInt(text) : Number(text);

/** What an answer without it can hold no integer of that is not safe; few have it, and the usual parser is far quicker. */
const MANY_DIGITS = /\d{16}/;

/** Reads an answer's JSON, integers of any size exactly. @throws SyntaxError */
export const parseAnswer = (text: string): unknown =>
  MANY_DIGITS.test(text) ? parse(text, null, parseNumber) : JSON.parse(text);

/** How long one try of a read may take. */
const REQUEST_TIMEOUT_MS = 10_000;
const RETRIES = 4;
/** Entries per page; the real mirror's maximum. */
const PAGE = 100;
/** The same of the address book. */
const NODES = 25;
/** How often a parameter may be repeated, that is, of how many accounts one request can ask; the real mirror's maximum. */
export const MOST_AT_ONCE = 100;
/** How long the first who asks for an account's key waits for others, where requests are counted. */
const GATHER_KEYS_MS = 250;

/** One try of a read. */
const answerOf = (url: string): Promise<HttpAnswer> =>
  httpGet(url, REQUEST_TIMEOUT_MS).catch((error: unknown) => {
    throw new GatepostError('MIRROR_UNREACHABLE', `no answer from the mirror at ${url}`, { url }, error);
  });

/**
 * A small client of mirror REST with a configured base URL. Reads only; retries what may pass (network, 429, 5xx). All
 * clients in a process share one budget of requests for a mirror, and wait together for one that is busy.
 * Everything it returns lags consensus: absence is not evidence.
 */
export class MirrorRest {
  readonly #base: string;
  /** Requests so far, each try by itself: those the mirror answered, and those that failed (no answer, 429, 5xx). */
  readonly requests = { answered: 0, failed: 0 };

  readonly #budget: RequestBudget;
  readonly #keys: KeyLookups;
  #hostMs: number | undefined;

  constructor({ mirrorRest, mirrorPerSecond }: Pick<NetworkConfig, 'mirrorRest' | 'mirrorPerSecond'>) {
    this.#base = mirrorRest;
    this.#budget = budgetFor(mirrorRest, mirrorPerSecond);
    const gatherMs = mirrorPerSecond === undefined ? 0 : GATHER_KEYS_MS;
    this.#keys = new KeyLookups((ids) => this.#accounts(ids), { mostAtOnce: MOST_AT_ONCE, gatherMs });
  }

  /** The clock of the mirror's host as its newest answer told it, to a second; undefined when none has. */
  get hostMs(): number | undefined {
    return this.#hostMs;
  }

  /** @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
  account(id: AccountId): Promise<MirrorAccount> {
    return this.#get(`/accounts/${id}?transactions=false`, account);
  }

  /** An account's key as it is now; see {@link KeyLookups}. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
  keyOf(id: AccountId): Promise<MirrorAccount['key']> {
    return this.#keys.of(id);
  }

  /** The account of an EVM address. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
  accountAt(evmAddress: string): Promise<MirrorAccount> {
    return this.#get(`/accounts/${evmAddress}?transactions=false`, account);
  }

  /** Those of some accounts, {@link MOST_AT_ONCE} at most, that there are. */
  async #accounts(ids: readonly AccountId[]): Promise<readonly MirrorAccount[]> {
    const which = ids.map((id) => `account.id=${id}`).join('&');
    return (await this.#get(`/accounts?${which}&balance=false&limit=${PAGE}`, accounts)).accounts;
  }

  /** The accounts that a key, hex, or an EVM address belongs to; several when a key was used again. */
  async accountsOf(publicKey: string, evmAddress: string | undefined): Promise<readonly MirrorAccount[]> {
    const byKey = await this.#get(`/accounts?account.publickey=${publicKey}&balance=false`, accounts);
    if (byKey.accounts.length > 0 || evmAddress === undefined) return byKey.accounts;
    try {
      return [await this.accountAt(evmAddress)];
    } catch (error) {
      if (toGatepostError(error).code === 'NOT_FOUND') return [];
      throw error;
    }
  }

  /** Hbar in tinybar; 0 for an account the mirror does not know. */
  async hbarBalance(id: AccountId): Promise<bigint> {
    const page = await this.#get(`/balances?account.id=${id}`, balances);
    return page.balances[0]?.balance ?? 0n;
  }

  /** What an account holds of a token; undefined when it is not associated. */
  async tokenBalance(id: AccountId, of: TokenId): Promise<bigint | undefined> {
    return (await this.holding(id, of))?.balance;
  }

  /** How an account stands to a token; undefined when it is not associated. */
  async holding(id: AccountId, of: TokenId): Promise<MirrorHolding | undefined> {
    const page = await this.#get(`/accounts/${id}/tokens?token.id=${of}`, accountTokens);
    return page.tokens.find((entry) => entry.token_id === of);
  }

  /** @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
  topic(id: TopicId): Promise<MirrorTopic> {
    return this.#get(`/topics/${id}`, topic);
  }

  /** A token as it is, or as it was at a time. @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
  token(id: TokenId, at?: Nanos): Promise<MirrorToken> {
    return this.#get(`/tokens/${id}${at === undefined ? '' : `?timestamp=lte:${formatNanos(at)}`}`, token);
  }

  /** @throws GatepostError NOT_FOUND, MIRROR_UNREACHABLE */
  schedule(id: ScheduleId): Promise<MirrorSchedule> {
    return this.#get(`/schedules/${id}`, schedule);
  }

  /** All messages of a topic after a sequence number, in order, page by page, one chunk each. */
  async *messagesAfter(id: TopicId, sequenceNumber: number): AsyncGenerator<MirrorMessage> {
    let path: string | null = `/topics/${id}/messages?sequencenumber=gte:${sequenceNumber + 1}&order=asc&limit=${PAGE}`;
    while (path !== null) {
      const page: z.infer<typeof messages> = await this.#get(path, messages);
      yield* page.messages;
      path = page.links.next === null ? null : page.links.next.replace(/^\/api\/v1/, '');
    }
  }

  /** The newest hundred schedules that an account created, newest first; also executed and deleted ones. */
  async schedulesBy(creator: AccountId): Promise<readonly MirrorSchedule[]> {
    return (await this.#get(`/schedules?account.id=${creator}&order=desc&limit=${PAGE}`, schedules)).schedules;
  }

  /** The schedules that an account created, newest first; also executed and deleted ones. */
  async *allSchedulesBy(creator: AccountId): AsyncGenerator<MirrorSchedule> {
    let path: string | null = `/schedules?account.id=${creator}&order=desc&limit=${PAGE}`;
    while (path !== null) {
      const page: z.infer<typeof schedules> = await this.#get(path, schedules);
      yield* page.schedules;
      path = page.links.next === null ? null : page.links.next.replace(/^\/api\/v1/, '');
    }
  }

  /** Every transaction with this id: the one asked for, its inner ones, its scheduled one. Empty when not (yet) known. */
  async transaction(id: TransactionId): Promise<readonly MirrorTransaction[]> {
    try {
      return (await this.#get(`/transactions/${mirrorTransactionId(id)}`, transactions)).transactions;
    } catch (error) {
      if (toGatepostError(error).code === 'NOT_FOUND') return [];
      throw error;
    }
  }

  /** The transaction of a consensus timestamp; undefined when the mirror does not know one (yet). */
  async transactionAt(timestamp: Nanos): Promise<MirrorTransaction | undefined> {
    const page = await this.#get(`/transactions?timestamp=${formatNanos(timestamp)}`, transactions);
    return page.transactions[0];
  }

  /** All transactions that touched an account from a time on, and until another when given, oldest first. */
  transactionsOf(id: AccountId, from: Nanos, to?: Nanos): AsyncGenerator<MirrorTransaction> {
    const until = to === undefined ? '' : `&timestamp=lte:${formatNanos(to)}`;
    return this.#transactions(`account.id=${id}&timestamp=gte:${formatNanos(from)}${until}`);
  }

  /** Messages that an account submitted to topics after a time, and those it is otherwise part of, oldest first. */
  messageTransactionsOf(id: AccountId, after: Nanos): AsyncGenerator<MirrorTransaction> {
    return this.#transactions(
      `account.id=${id}&transactiontype=CONSENSUSSUBMITMESSAGE&timestamp=gt:${formatNanos(after)}`,
    );
  }

  /**
   * Transactions that made topics and were paid by accounts, or that these are otherwise part of, newest first, page by page.
   * @param ids {@link MOST_AT_ONCE} at most.
   * @param most pages.
   */
  async *topicCreationsOf(ids: readonly AccountId[], most: number): AsyncGenerator<readonly MirrorTransaction[]> {
    const which = ids.map((id) => `account.id=${id}`).join('&');
    yield* this.#transactionPages(`${which}&transactiontype=CONSENSUSCREATETOPIC&result=success`, 'desc', most);
  }

  async *#transactions(which: string): AsyncGenerator<MirrorTransaction> {
    for await (const page of this.#transactionPages(which, 'asc', Number.POSITIVE_INFINITY)) yield* page;
  }

  async *#transactionPages(
    which: string,
    order: 'asc' | 'desc',
    most: number,
  ): AsyncGenerator<readonly MirrorTransaction[]> {
    let path: string | null = `/transactions?${which}&order=${order}&limit=${PAGE}`;
    for (let count = 0; path !== null && count < most; count += 1) {
      const page: z.infer<typeof transactions> = await this.#get(path, transactions);
      yield page.transactions;
      path = page.links?.next == null ? null : page.links.next.replace(/^\/api\/v1/, '');
    }
  }

  /** What hbar cost at a time; now when left out. */
  async exchangeRate(at?: Nanos): Promise<ExchangeRate> {
    const query = at === undefined ? '' : `?timestamp=${formatNanos(at)}`;
    const { current_rate: rate } = await this.#get(`/network/exchangerate${query}`, exchangeRates);
    return { hbars: rate.hbar_equivalent, cents: rate.cent_equivalent };
  }

  /** Where the consensus nodes of the mirror's network answer, as its address book says. */
  async nodeEndpoints(): Promise<readonly { readonly host: string; readonly port: number }[]> {
    const page = await this.#get(`/network/nodes?limit=${NODES}`, nodes);
    return page.nodes.flatMap(({ service_endpoints }) =>
      service_endpoints.flatMap(({ domain_name, ip_address_v4, port }) =>
        [domain_name, ip_address_v4].flatMap((host) => (host ? [{ host, port }] : [])),
      ),
    );
  }

  /** The newest transactions that somebody submitted, newest first. */
  async newest(limit: number): Promise<readonly MirrorTransaction[]> {
    const page = await this.#get(`/transactions?limit=${limit}&order=desc`, transactions);
    return page.transactions.filter(({ nonce, scheduled, parent_consensus_timestamp: parent }) => {
      return nonce === 0 && !scheduled && parent === null;
    });
  }

  /** Consensus timestamp of the newest transaction the mirror knows: its clock. 0 when it knows none. */
  async now(): Promise<Nanos> {
    const page = await this.#get('/transactions?limit=1&order=desc', transactions);
    return page.transactions[0]?.consensus_timestamp ?? 0n;
  }

  async #get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const url = `${this.#base}/api/v1${path}`;
    const body = await pRetry(() => this.#fetch(url), { retries: RETRIES, minTimeout: 100, maxTimeout: 2_000 }).catch(
      (error: unknown) => {
        throw toGatepostError(error, 'MIRROR_UNREACHABLE');
      },
    );
    const checked = schema.safeParse(body);
    if (checked.success) return checked.data;
    throw new GatepostError('MIRROR_UNREACHABLE', `unexpected answer from ${url}: ${z.prettifyError(checked.error)}`, {
      url,
    });
  }

  async #fetch(url: string): Promise<unknown> {
    await this.#budget.turn();
    const { status, headers, text } = await answerOf(url).catch((error: unknown) => {
      this.requests.failed += 1;
      throw error;
    });
    const date = Date.parse(headers.date ?? '');
    if (!Number.isNaN(date)) this.#hostMs = date;
    const isFault = status === 429 || status >= 500;
    this.requests[isFault ? 'failed' : 'answered'] += 1;
    if (status === 429 || status === 503) this.#budget.refused(headers['retry-after']);
    if (status === 200) return parseAnswer(text);
    const failure = new GatepostError(
      status === 404 ? 'NOT_FOUND' : 'MIRROR_UNREACHABLE',
      `the mirror answered ${status} for ${url}${headers.location === undefined ? '' : `, which is at ${headers.location}`}`,
      { url, status },
    );
    if (isFault) throw failure;
    throw new AbortError(failure);
  }
}
