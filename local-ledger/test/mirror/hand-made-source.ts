import type { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import type { Account, Nanos, Schedule, Token, TokenRelation, Topic } from '../../src/core/model.js';
import type { RecordItem, RecordSource, TopicMessage } from '../../src/core/record-item.js';

const NANOS = 1_000_000_000n;

/** A RecordSource that emits what a test makes by hand, numbering consensus timestamps from a fixed start. */
export class HandMadeSource implements RecordSource {
  readonly #items: RecordItem[] = [];
  readonly #listeners = new Set<(item: RecordItem) => void>();
  readonly #sequences = new Map<number, bigint>();
  next: Nanos;

  constructor(start: Nanos = 1_700_000_000n * NANOS) {
    this.next = start;
  }

  subscribe(listener: (item: RecordItem) => void): () => void {
    for (const item of this.#items) listener(item);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Emits an item; what is not given has a plain default. Each takes one nanosecond unless told. */
  emit(parts: Partial<RecordItem> = {}): RecordItem {
    const consensusTimestamp = parts.consensusTimestamp ?? this.next;
    this.next = consensusTimestamp + 1n;
    const item: RecordItem = {
      consensusTimestamp,
      transactionId: { payer: 2, validStart: consensusTimestamp - NANOS, scheduled: false, nonce: 0 },
      name: 'CRYPTOTRANSFER',
      status: 22,
      memo: '',
      entity: undefined,
      node: 3,
      chargedFee: 100_000n,
      maxFee: 200_000_000n,
      validDurationSeconds: 120n,
      transactionHash: hashOf(consensusTimestamp),
      transfers: [
        { account: 2, amount: -100_000n, isApproval: false },
        { account: 802, amount: 100_000n, isApproval: false },
      ],
      tokenTransfers: [],
      parentConsensusTimestamp: undefined,
      batchKey: undefined,
      schedule: undefined,
      automaticAssociations: [],
      assessedFees: [],
      message: undefined,
      changes: [],
      ...parts,
    };
    this.#items.push(item);
    for (const listener of this.#listeners) listener(item);
    return item;
  }

  account(num: number, parts: Partial<Account> = {}): RecordItem {
    return this.emit({
      name: 'CRYPTOCREATEACCOUNT',
      entity: num,
      changes: [{ kind: 'account', account: this.makeAccount(num, parts) }],
    });
  }

  makeAccount(num: number, parts: Partial<Account> = {}): Account {
    return {
      num,
      key: ed25519(num),
      balance: 1_000_000n,
      memo: '',
      alias: undefined,
      evmAddress: undefined,
      receiverSigRequired: false,
      maxAutoAssociations: 0,
      usedAutoAssociations: 0,
      stake: undefined,
      declineReward: false,
      autoRenewSeconds: 7_776_000n,
      expiry: this.next + 7_776_000n * NANOS,
      created: this.next,
      deleted: false,
      ...parts,
    };
  }

  topic(num: number, parts: Partial<Topic> = {}): RecordItem {
    const topic: Topic = {
      num,
      memo: `topic ${num}`,
      adminKey: undefined,
      submitKey: undefined,
      feeScheduleKey: undefined,
      customFees: [],
      feeExemptKeys: [],
      autoRenewAccount: 2,
      autoRenewSeconds: 7_776_000n,
      expiry: this.next + 7_776_000n * NANOS,
      created: this.next,
      deleted: false,
      sequenceNumber: 0n,
      runningHash: new Uint8Array(48),
      ...parts,
    };
    return this.emit({ name: 'CONSENSUSCREATETOPIC', entity: num, changes: [{ kind: 'topic', topic }] });
  }

  message(topic: number, text: string, parts: Partial<TopicMessage> = {}): TopicMessage {
    const sequenceNumber = (this.#sequences.get(topic) ?? 0n) + 1n;
    this.#sequences.set(topic, sequenceNumber);
    const message: TopicMessage = {
      topic,
      sequenceNumber,
      consensusTimestamp: this.next,
      payer: 2,
      message: Buffer.from(text),
      runningHash: hashOf(sequenceNumber),
      runningHashVersion: 3,
      chunk: undefined,
      ...parts,
    };
    this.emit({ name: 'CONSENSUSSUBMITMESSAGE', entity: topic, message });
    return message;
  }

  token(num: number, parts: Partial<Token> = {}): RecordItem {
    const token: Token = {
      num,
      name: `Token ${num}`,
      symbol: `T${num}`,
      memo: '',
      metadata: new Uint8Array(),
      decimals: 2,
      totalSupply: 1000n,
      initialSupply: 1000n,
      supplyType: 'INFINITE',
      maxSupply: 0n,
      treasury: 2,
      adminKey: undefined,
      supplyKey: undefined,
      freezeKey: undefined,
      kycKey: undefined,
      wipeKey: undefined,
      pauseKey: undefined,
      feeScheduleKey: undefined,
      metadataKey: undefined,
      customFees: [],
      customFeesSince: this.next,
      freezeDefault: false,
      paused: false,
      deleted: false,
      autoRenewAccount: 2,
      autoRenewSeconds: 7_776_000n,
      expiry: this.next + 7_776_000n * NANOS,
      created: this.next,
      modified: this.next,
      ...parts,
    };
    return this.emit({ name: 'TOKENCREATION', entity: num, changes: [{ kind: 'token', token }] });
  }

  relation(account: number, token: number, balance: bigint, parts: Partial<TokenRelation> = {}): RecordItem {
    const relation: TokenRelation = {
      account,
      token,
      balance,
      frozen: false,
      kycGranted: false,
      automatic: false,
      created: this.next,
      ...parts,
    };
    return this.emit({ name: 'TOKENASSOCIATE', entity: account, changes: [{ kind: 'relation', relation }] });
  }

  schedule(num: number, parts: Partial<Schedule> = {}): RecordItem {
    const validStart = this.next - NANOS;
    const schedule: Schedule = {
      num,
      creator: 2,
      payer: 2,
      adminKey: undefined,
      memo: '',
      body: Uint8Array.of(1, 2, 3),
      scheduledTransactionId: { payer: 2, validStart, scheduled: true, nonce: 0 },
      waitForExpiry: false,
      expiry: this.next + 1800n * NANOS,
      expiryExplicit: false,
      created: this.next,
      executed: undefined,
      deletedAt: undefined,
      signatures: [],
      ...parts,
    };
    return this.emit({ name: 'SCHEDULECREATE', entity: num, changes: [{ kind: 'schedule', schedule }] });
  }
}

/** An Ed25519 key whose 32 bytes all are `seed`. */
export function ed25519(seed: number): Key {
  return { key: { $case: 'ed25519', value: new Uint8Array(32).fill(seed) } };
}

/** 48 bytes that differ for every seed. */
export function hashOf(seed: bigint): Uint8Array {
  const hash = Buffer.alloc(48);
  hash.writeBigUInt64BE(BigInt.asUintN(64, seed * 0x9e3779b97f4a7c15n));
  hash.writeBigUInt64BE(seed, 8);
  return new Uint8Array(hash);
}
