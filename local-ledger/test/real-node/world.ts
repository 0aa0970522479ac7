import { accountId, transactionId } from '@gatepost/local-ledger/core/ids';
import type { RecordItem } from '@gatepost/local-ledger/core/record-item';
import { Status } from '@gatepost/local-ledger/core/status';
import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { Query } from '@gatepost/local-ledger/gen/services_query';
import { Response } from '@gatepost/local-ledger/gen/services_response';
import { TransactionBody } from '@gatepost/local-ledger/gen/services_transaction';
import { TransactionResponse } from '@gatepost/local-ledger/gen/services_transaction_response';
import { type Ledger, startLedger } from '@gatepost/local-ledger/ledger';
import { type DevelopmentKey, newKey, operatorKey, wirePublicKey } from '@gatepost/local-ledger/operator';
import { freshStart, RawClient, signedBytes, wrapped } from '../consensus/raw.js';

/** What is sent: a body without its envelope, who pays, who signs besides. */
export interface Sent {
  readonly body: Parameters<typeof TransactionBody.fromPartial>[0];
  /** The paying actor; the payer `P` unless told. */
  readonly payer?: string;
  /** Other actors that sign. */
  readonly by?: readonly string[];
  /** Ceiling of the fee in tinybar. */
  readonly fee?: bigint;
}

/** What came of it: the precheck code if that refuses, else status, fee in tinybar, and hbar moved by actor. */
export interface Answer {
  readonly status: string;
  readonly fee?: bigint;
  readonly moved?: Readonly<Record<string, bigint>>;
}

/** A network with actors of fixed names, spoken to in bytes. */
export class World {
  readonly #raw: RawClient;
  readonly #items: RecordItem[] = [];
  readonly #actors = new Map<string, { readonly num: number; readonly key: DevelopmentKey }>();

  private constructor(readonly ledger: Ledger) {
    this.#raw = new RawClient(ledger.ports.consensus);
    this.#actors.set('root', { num: 2, key: operatorKey });
    this.#actors.set('node', { num: 3, key: operatorKey });
    ledger.records.subscribe((item) => this.#items.push(item));
  }

  static async open(): Promise<World> {
    return new World(await startLedger());
  }

  async close(): Promise<void> {
    this.#raw.close();
    await this.ledger.close();
  }

  num(name: string): number {
    return this.#actor(name).num;
  }

  id(name: string) {
    return accountId(this.num(name));
  }

  key(name: string): Key {
    return wirePublicKey(this.#actor(name).key);
  }

  /** The newest entity that a transaction made, or acted on. */
  get newest(): number {
    return this.#items.at(-1)?.entity ?? 0;
  }

  get newestItem(): RecordItem | undefined {
    return this.#items.at(-1);
  }

  /** A new account under a name. */
  async actor(name: string, tinybar: bigint, slots = 0): Promise<void> {
    const key = newKey();
    const value = {
      key: wirePublicKey(key),
      initialBalance: tinybar,
      maxAutomaticTokenAssociations: slots,
      autoRenewPeriod: { seconds: 7_776_000n },
    };
    await this.send({ body: { data: { $case: 'cryptoCreateAccount', value } }, payer: 'root' });
    this.#actors.set(name, { num: this.newest, key });
  }

  /** A body signed by its payer and by others, serialized as SignedTransaction. */
  signed({ body, payer = 'P', by = [], fee = 5_000_000_000n }: Sent): {
    readonly start: bigint;
    readonly bytes: Uint8Array;
  } {
    const start = freshStart();
    const full = TransactionBody.fromPartial({
      nodeAccountID: accountId(3),
      transactionFee: fee,
      transactionValidDuration: { seconds: 120n },
      ...body,
      transactionID: transactionId({ payer: this.num(payer), validStart: start, scheduled: false, nonce: 0 }),
    });
    const keys = [...new Set([payer, ...by])].map((name) => this.#actor(name).key);
    return { start, bytes: signedBytes(full, keys) };
  }

  /** Sends a transaction; resolves to what came of it. */
  async send(sent: Sent): Promise<Answer> {
    const { start, bytes } = this.signed(sent);
    const reply = await this.#raw.call('/proto.CryptoService/cryptoTransfer', wrapped(bytes));
    const code = TransactionResponse.decode(reply).nodeTransactionPrecheckCode;
    return code === Status.OK ? this.outcome(sent.payer ?? 'P', start) : { status: `precheck ${Status[code]}` };
  }

  /** What came of an accepted transaction, or of the schedule that it made. */
  async outcome(payer: string, validStart: bigint, scheduled = false): Promise<Answer> {
    const id = { payer: this.num(payer), validStart, scheduled, nonce: 0 };
    const header = { payment: undefined, responseType: 0 };
    const value = { header, transactionID: transactionId(id), includeDuplicates: false, includeChildReceipts: false };
    const query = Query.encode({ query: { $case: 'transactionGetReceipt', value } }).finish();
    const reply = Response.decode(await this.#raw.call('/proto.CryptoService/getTransactionReceipts', query));
    const receipt = reply.response?.$case === 'transactionGetReceipt' ? reply.response.value.receipt : undefined;
    const item = this.#items.find(
      ({ transactionId: at }) =>
        at.payer === id.payer && at.validStart === validStart && at.scheduled === scheduled && at.nonce === 0,
    );
    const status = Status[receipt?.status ?? Status.RECEIPT_NOT_FOUND] ?? 'none';
    return item === undefined ? { status } : { status, fee: item.chargedFee, moved: this.moved(item) };
  }

  /** Hbar moved by an item, by actor. */
  moved({ transfers }: RecordItem): Record<string, bigint> {
    return Object.fromEntries(transfers.map(({ account, amount }) => [this.#name(account), amount]));
  }

  #name(num: number): string {
    return [...this.#actors].find(([, actor]) => actor.num === num)?.[0] ?? (num < 1_000 ? `${num}` : 'new');
  }

  #actor(name: string) {
    const actor = this.#actors.get(name);
    if (actor === undefined) {
      throw new Error(`no actor ${name}`);
    }
    return actor;
  }
}
