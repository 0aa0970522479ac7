import type { EntityNum, Nanos } from '../../core/model.js';
import { ByteLog } from './byte-log.js';
import { ByteWriter } from './byte-writer.js';
import { HashIndex } from './hash-index.js';
import {
  readHead,
  readTransaction,
  type StoredTransaction,
  type TransactionHead,
  writeTransaction,
} from './transaction-codec.js';
import { lowerBound, U32List } from './u32-list.js';

/**
 * All transactions in consensus order, encoded and numbered from 0, with indexes by id, by hash and by account:
 * some 110 bytes plus 40 to 60 bytes of indexes for a paid message submission.
 */
export class TransactionLog {
  readonly #log = new ByteLog();
  readonly #positions = new U32List();
  readonly #byId = new HashIndex();
  readonly #byHash = new HashIndex();
  readonly #byAccount = new Map<EntityNum, U32List>();
  readonly #names: string[] = [];
  readonly #nameNumbers = new Map<string, number>();
  readonly #writer = new ByteWriter();

  get count(): number {
    return this.#positions.length;
  }

  append(item: StoredTransaction): void {
    writeTransaction(this.#writer.reset(), item, this.#numberOf(item.name));
    const number = this.#positions.length;
    this.#positions.push(this.#log.append(this.#writer.view()));
    this.#byId.add(idHash(item.transactionId.payer, item.transactionId.validStart), number);
    this.#byHash.add(bytesHash(item.transactionHash), number);
    for (const account of partiesOf(item)) this.#listOf(account).push(number);
  }

  /** Transaction `number`; throws RangeError when there is none. */
  at(number: number): StoredTransaction {
    return readTransaction(this.#bytes(number), (name) => this.#names[name] ?? '');
  }

  head(number: number): TransactionHead {
    return readHead(this.#bytes(number));
  }

  /** Number that stands for `name` in heads; undefined when no transaction has that name. */
  nameNumber(name: string): number | undefined {
    return this.#nameNumbers.get(name);
  }

  /** Number of the first transaction with a consensus timestamp of `timestamp` or later. */
  firstSince(timestamp: Nanos): number {
    return lowerBound(this.count, (number) => this.head(number).consensusTimestamp >= timestamp);
  }

  /** Numbers of the transactions that the account paid for or that moved its hbar or tokens, ascending. */
  ofAccount(account: EntityNum): U32List {
    return this.#byAccount.get(account) ?? new U32List();
  }

  /** All with this payer and valid start whatever their nonce and scheduled flag, in consensus order. */
  byId(payer: EntityNum, validStart: Nanos): StoredTransaction[] {
    return this.#candidates(this.#byId, idHash(payer, validStart)).filter(
      ({ transactionId }) => transactionId.payer === payer && transactionId.validStart === validStart,
    );
  }

  /** All with this transaction hash, in consensus order. */
  byHash(hash: Uint8Array): StoredTransaction[] {
    return this.#candidates(this.#byHash, bytesHash(hash)).filter((item) =>
      Buffer.from(item.transactionHash).equals(hash),
    );
  }

  #candidates(index: HashIndex, hash: number): StoredTransaction[] {
    return index
      .candidates(hash)
      .sort((a, b) => a - b)
      .map((number) => this.at(number));
  }

  #bytes(number: number): Buffer {
    return this.#log.read(this.#positions.at(number));
  }

  #numberOf(name: string): number {
    let number = this.#nameNumbers.get(name);
    if (number === undefined) {
      number = this.#names.push(name) - 1;
      this.#nameNumbers.set(name, number);
    }
    return number;
  }

  #listOf(account: EntityNum): U32List {
    let list = this.#byAccount.get(account);
    if (list === undefined) {
      list = new U32List();
      this.#byAccount.set(account, list);
    }
    return list;
  }
}

/**
 * Accounts under which a transaction is listed. A payer's synthetic children without a parent are left out, as on
 * the public mirror nodes.
 */
function partiesOf(item: StoredTransaction): Set<EntityNum> {
  const parties = new Set<EntityNum>();
  if (item.transactionId.nonce === 0 || item.parentConsensusTimestamp !== undefined) {
    parties.add(item.transactionId.payer);
  }
  for (const { account } of item.transfers) parties.add(account);
  for (const { account } of item.tokenTransfers) parties.add(account);
  return parties;
}

function idHash(payer: EntityNum, validStart: Nanos): number {
  const low = Number(BigInt.asUintN(32, validStart));
  const high = Number(BigInt.asUintN(32, validStart >> 32n));
  return (Math.imul(payer, 0x9e3779b1) ^ low ^ Math.imul(high, 0x85ebca6b)) >>> 0;
}

function bytesHash(bytes: Uint8Array): number {
  let hash = 0;
  for (let at = 0; at < 4; at++) hash = (hash << 8) | (bytes[at] ?? 0);
  return hash >>> 0;
}
