import { createHash } from 'node:crypto';
import type { Ledger } from '@gatepost/local-ledger/ledger';
import { PrivateKey } from '@hashgraph/sdk';
import { proto } from '@hiero-ledger/proto';
import { RawClient } from '../consensus/raw.js';
import { type Json, type JsonObject, type RawAnswer, shortAnswer } from './answer.js';
import type { Case, Step, Values } from './cases.js';
import { plain } from './plain.js';

interface Id {
  readonly accountID?: JsonObject;
  readonly transactionValidStart?: unknown;
  readonly [field: string]: unknown;
}

/** Bytes of a transaction that a later step sends, or puts into another. */
interface Made {
  readonly body: Buffer;
  readonly signed: Buffer;
  readonly tx: Buffer;
}

interface Receipts {
  readonly receipt?: proto.ITransactionReceipt | null;
  readonly duplicateTransactionReceipts?: proto.ITransactionReceipt[] | null;
}

const SUBMIT = 'CryptoService/cryptoTransfer';
const QUERY_FEE = 20_000_000;
const OPERATOR = '91132178e72057a1d7528025956fe39b0b847f200ab59b2fdd367017f3087137';
const status = (code: number): string => proto.ResponseCodeEnum[code] ?? `${code}`;

/** Asks a network the cases of one suite, one after the other, and tells its answers. */
export class Replay implements Values {
  readonly #client: RawClient;
  readonly #entities = new Map<string, number>();
  readonly #labels = new Map<number, string>();
  readonly #ids = new Map<string, Id>();
  readonly #made = new Map<string, Made>();
  readonly #keys = new Map<string, PrivateKey>();
  #starts = 0;

  constructor(readonly ledger: Ledger) {
    this.#client = new RawClient(ledger.ports.consensus);
  }

  close(): void {
    this.#client.close();
  }

  /** The answer to a step that asks something; undefined to one that does not. */
  async take(step: Step): Promise<Json | undefined> {
    if ('wait' in step) {
      await this.ledger.clock.advance(BigInt(step.wait) * 1_000_000n);
      return undefined;
    }
    if ('prepare' in step) {
      if (step.onlyId === true) this.#ids.set(step.prepare, this.#newId(step));
      else this.#made.set(step.prepare, this.#make(step, step.prepare));
      return undefined;
    }
    return shortAnswer(await this.#ask(step));
  }

  #ask(step: Case): Promise<RawAnswer> {
    if (step.receiptOf !== undefined) return this.#outcome(step.receiptOf, step.name);
    if (step.query !== undefined) return this.#query(step, step.query);
    if (step.rpc !== undefined) return this.#call(step.rpc, this.bytes(step.bytes ?? ''));
    return this.#transact(step);
  }

  entity(name: string): number {
    return /^\d+$/.test(name) ? Number(name) : (this.#entities.get(name) ?? 0);
  }

  key(label: string): PrivateKey {
    const known = this.#keys.get(label);
    if (known !== undefined) return known;
    const seed = createHash('sha256').update(`case ${label}`).digest();
    const made =
      label === 'root'
        ? PrivateKey.fromStringED25519(OPERATOR)
        : label.startsWith('ec:')
          ? PrivateKey.fromBytesECDSA(seed)
          : PrivateKey.fromBytesED25519(seed);
    this.#keys.set(label, made);
    return made;
  }

  id(ref: string): unknown {
    return this.#ids.get(ref);
  }

  made(ref: string): Buffer {
    const [name = '', part = ''] = ref.split('.');
    const found = this.#made.get(name)?.[part as keyof Made];
    if (found === undefined) throw new Error(`nothing was prepared as ${ref}`);
    return found;
  }

  /** Seconds of the network's clock. */
  nowSeconds(): number {
    return Number(this.ledger.clock.now() / 1_000_000_000n);
  }

  value(json: Json | undefined): unknown {
    return plain(json, this);
  }

  bytes(json: Json): Buffer {
    return Buffer.from(plain(json, this) as Uint8Array);
  }

  /** With the zeros that clients send along: a byte costs. */
  #account(name: string): JsonObject {
    return { shardNum: 0, realmNum: 0, accountNum: this.entity(name) };
  }

  #newId({ id, payer, startOffset = -2, nonce, scheduledFlag }: Case | Extract<Step, { prepare: string }>): Id {
    if (id !== undefined) return this.value(id) as Id;
    this.#starts += 1;
    const transactionValidStart = { seconds: this.nowSeconds() + startOffset, nanos: 500_000_000 + this.#starts };
    const accountID = (payer === undefined ? undefined : this.value(payer)) ?? this.#account('$P');
    return {
      transactionValidStart,
      accountID: accountID as JsonObject,
      ...(nonce === undefined ? {} : { nonce }),
      ...(scheduledFlag === undefined ? {} : { scheduled: scheduledFlag }),
    };
  }

  #make(step: Case | Extract<Step, { prepare: string }>, ref: string): Made {
    const { noTxId, node, fee = 5_000_000_000, duration = 120, memo = '', body, batchKey, maxCustomFees } = step;
    const id = noTxId === true ? undefined : this.#newId(step);
    if (id !== undefined) this.#ids.set(ref, id);
    const encoded =
      step.bytes === undefined
        ? proto.TransactionBody.encode({
            transactionID: id,
            nodeAccountID: node === null ? undefined : (this.value(node) ?? this.#account('3')),
            transactionFee: this.value(fee),
            transactionValidDuration: { seconds: duration },
            memo,
            ...(this.value(body) as object),
            ...(batchKey === undefined ? {} : { batchKey: this.value(batchKey) }),
            ...(maxCustomFees === undefined ? {} : { maxCustomFees: this.value(maxCustomFees) }),
          } as unknown as proto.ITransactionBody).finish()
        : this.bytes(step.bytes);
    const pairs = (step.by ?? ['payer']).map((label) => this.#pair(label, encoded, step));
    const signed = Buffer.concat([
      proto.SignedTransaction.encode({ bodyBytes: encoded, sigMap: { sigPair: pairs } }).finish(),
      step.tailSigned === undefined ? Buffer.alloc(0) : this.bytes(step.tailSigned),
    ]);
    const whole = proto.Transaction.encode({ signedTransactionBytes: signed }).finish();
    return { body: Buffer.from(encoded), signed, tx: Buffer.from(whole) };
  }

  #pair(label: string, body: Uint8Array, { badSig, prefix }: Pick<Case, 'badSig' | 'prefix'>): proto.ISignaturePair {
    const key = this.key(label);
    const signature = badSig === true ? Buffer.alloc(64, 7) : key.sign(body);
    const raw = key.publicKey.toBytesRaw();
    const pubKeyPrefix = prefix === undefined ? raw : raw.subarray(0, prefix);
    return key.type === 'ED25519' ? { pubKeyPrefix, ed25519: signature } : { pubKeyPrefix, ECDSASecp256k1: signature };
  }

  async #transact(step: Case): Promise<RawAnswer> {
    if (step.raw !== undefined && step.id !== undefined) this.#ids.set(step.name, this.value(step.id) as Id);
    const bytes = step.raw === undefined ? this.#make(step, step.name).tx : this.bytes(step.raw);
    const answer = await this.#call(step.method ?? SUBMIT, bytes);
    if (answer.precheck !== 'OK' || !this.#ids.has(step.name)) return answer;
    return { ...answer, ...(await this.#outcome(step.name, step.name, step.label, step.noRecord !== true)) };
  }

  async #call(path: string, bytes: Uint8Array): Promise<RawAnswer> {
    try {
      const reply = proto.TransactionResponse.decode(await this.#client.call(`/proto.${path}`, bytes));
      const cost = Number(reply.cost);
      return { precheck: status(reply.nodeTransactionPrecheckCode), ...(cost === 0 ? {} : { cost }) };
    } catch (error) {
      const { code, details } = error as { code?: number; details?: string };
      return { precheck: `grpc ${code}`, ...(details === undefined ? {} : { details: details.slice(0, 80) }) };
    }
  }

  async #get(path: string, query: proto.IQuery): Promise<proto.Response> {
    return proto.Response.decode(await this.#client.call(`/proto.${path}`, proto.Query.encode(query).finish()));
  }

  async #outcome(ref: string, name: string, label = name, wantsRecord = true): Promise<RawAnswer> {
    const transactionID = this.#ids.get(ref) as proto.ITransactionID | undefined;
    if (transactionID === undefined) return { status: 'no transaction' };
    const asked = { header: { responseType: 0 }, transactionID, includeDuplicates: true };
    const found = (
      await this.#get('CryptoService/getTransactionReceipts', {
        transactionGetReceipt: { ...asked, include_child_receipts: true },
      } as proto.IQuery)
    ).transactionGetReceipt as Receipts & { header: { nodeTransactionPrecheckCode: number } };
    const receipt = found.receipt;
    const code = receipt == null ? undefined : status(receipt.status ?? 0);
    if (receipt == null || code === 'UNKNOWN') {
      return { status: `${status(found.header.nodeTransactionPrecheckCode)} ${code}` };
    }
    const { status: _code, ...rest } = this.shown(receipt) as JsonObject;
    this.#learn(receipt, label);
    if (receipt.scheduledTransactionID != null) {
      this.#ids.set(`scheduled:${name}`, receipt.scheduledTransactionID as unknown as Id);
    }
    const duplicates = (found.duplicateTransactionReceipts ?? []).map((one) => status(one.status ?? 0));
    const answer = { status: code as Json, receipt: rest, dups: duplicates };
    return wantsRecord ? { ...answer, ...(await this.#records(transactionID)) } : answer;
  }

  #learn(receipt: proto.ITransactionReceipt, label: string): void {
    for (const part of ['account', 'topic', 'token', 'schedule'] as const) {
      const entity = receipt[`${part}ID`] as Record<string, unknown> | null | undefined;
      if (entity == null) continue;
      const num = Number(entity[`${part}Num`]);
      if (!this.#entities.has(label)) this.#entities.set(label, num);
      if (label.startsWith('$')) this.#labels.set(num, label);
    }
  }

  async #records(transactionID: proto.ITransactionID): Promise<RawAnswer> {
    const payment = this.#payment(QUERY_FEE, 'payer', '$P');
    const query = { header: { responseType: 0, payment }, transactionID, includeDuplicates: true };
    const { transactionGetRecord: found } = await this.#get('CryptoService/getTxRecordByTxID', {
      transactionGetRecord: { ...query, includeChildRecords: true },
    } as proto.IQuery);
    const answered = found as unknown as {
      readonly header: { readonly nodeTransactionPrecheckCode: number };
      readonly transactionRecord?: object;
      readonly childTransactionRecords?: readonly object[];
      readonly duplicateTransactionRecords?: readonly object[];
    };
    const record = answered.transactionRecord;
    return {
      recQuery: status(answered.header.nodeTransactionPrecheckCode),
      ...(record == null ? {} : { record: this.#record(record) }),
      children: (answered.childTransactionRecords ?? []).map((one) => this.#record(one)),
      dupRecords: (answered.duplicateTransactionRecords ?? []).map((one) => this.#record(one)),
    };
  }

  #record(record: object): Json {
    const { transferList, tokenTransferLists, receipt, parentConsensusTimestamp, ...rest } = record as {
      readonly transferList?: proto.ITransferList;
      readonly tokenTransferLists?: readonly proto.ITokenTransferList[];
      readonly receipt?: proto.ITransactionReceipt;
      readonly parentConsensusTimestamp?: unknown;
    };
    const move = ({ accountID, amount, isApproval }: proto.IAccountAmount) =>
      `${this.#name(accountID?.accountNum ?? accountID?.alias)}:${amount}${isApproval ? '!' : ''}`;
    const lists = (tokenTransferLists ?? []).map(({ token, transfers, expectedDecimals }) => {
      const decimals = expectedDecimals == null ? '' : ` dec ${expectedDecimals.value}`;
      return `${this.#name(token?.tokenNum)}=${(transfers ?? []).map(move).join(',')}${decimals}`;
    });
    return {
      ...(this.shown(rest) as JsonObject),
      receipt: receipt == null ? undefined : { status: status(receipt.status ?? 0) },
      parentConsensusTimestamp: parentConsensusTimestamp == null ? undefined : 'set',
      transferList: (transferList?.accountAmounts ?? []).map(move),
      tokenTransferLists: lists,
    } as Json;
  }

  #payment(amount: unknown, label: string, payer: string): proto.ITransaction {
    const accountAmounts = [
      { accountID: this.#account(payer), amount: `-${amount}` },
      { accountID: this.#account('3'), amount: `${amount}` },
    ];
    const step = { prepare: 'payment', payer: `account:${payer}`, by: label === '' ? [] : [label] };
    const body = { cryptoTransfer: { transfers: { accountAmounts } } };
    return {
      signedTransactionBytes: this.#make({ ...step, body } as Extract<Step, { prepare: string }>, 'payment').signed,
    };
  }

  async #query(step: Case, field: string): Promise<RawAnswer> {
    const { pay = QUERY_FEE, payer = '$P', by = ['payer'], responseType = 0 } = step;
    const payment = pay === 0 ? {} : { payment: this.#payment(this.value(pay), by[0] ?? '', `${payer}`) };
    const query = { [field]: { header: { responseType, ...payment }, ...(this.value(step.of) as object) } };
    try {
      const reply = await this.#get(step.rpc ?? '', query as proto.IQuery);
      const { header, ...answer } = (reply as unknown as Record<string, Record<string, unknown>>)[field] ?? {};
      const { nodeTransactionPrecheckCode: code, cost } = header as {
        nodeTransactionPrecheckCode: number;
        cost: unknown;
      };
      const price = Number(cost);
      return { precheck: status(code), ...(price === 0 ? {} : { cost: price }), answer: this.shown(answer) };
    } catch (error) {
      return { precheck: `grpc ${(error as { code?: number }).code}` };
    }
  }

  #name(num: unknown): string {
    if (num instanceof Uint8Array && num.length > 0) return this.#bytes(num);
    const value = Number(num);
    return this.#labels.get(value) ?? (value > 1_000 ? '#new' : `${value}`);
  }

  #bytes(bytes: Uint8Array): string {
    for (const [label, key] of this.#keys) {
      const raw = Buffer.from(key.publicKey.toBytesRaw());
      if (raw.equals(bytes)) return `#${label}`;
      if (raw.length + 2 === bytes.length && raw.equals(bytes.subarray(2))) return `#key:${label}`;
      if (
        bytes.length === 20 &&
        key.type !== 'ED25519' &&
        key.publicKey.toEvmAddress() === Buffer.from(bytes).toString('hex')
      )
        return `#evm:${label}`;
    }
    return `0x${Buffer.from(bytes).toString('hex')}`;
  }

  /** A decoded message as the answers of the cases show it: entities by label, keys by name, times and hashes left open. */
  shown(message: unknown, key = ''): Json {
    if (message === null || message === undefined) return null;
    if (key === 'contents') return (message as Uint8Array).length > 4 ? 'some' : 'empty';
    if (message instanceof Uint8Array)
      return key === 'topicRunningHash' ? `len${message.length}` : this.#bytes(message);
    if (Array.isArray(message)) return message.map((entry) => this.shown(entry));
    if (typeof message !== 'object') return message as Json;
    if ('low' in message && 'high' in message) return /Num$/.test(key) ? this.#name(message) : `${message}`;
    if (key === 'expirationTime' || key === 'expiry') return 'time';
    return Object.fromEntries(
      Object.entries(message).flatMap(([field, value]): [string, Json][] => {
        if (value === null || value === undefined) return [];
        if (/Num$/.test(field)) return [[field, this.#name(value)]];
        if (field === 'contractAccountID') return [[field, this.#contract(`${value}`)]];
        return [[field, this.shown(value, field)]];
      }),
    );
  }

  #contract(hex: string): string {
    if (/^0{24}/.test(hex)) return 'longzero';
    return this.#bytes(Buffer.from(hex, 'hex'));
  }
}
