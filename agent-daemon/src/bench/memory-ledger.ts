import { type AccountKey, generateAccountKey, type MirrorKey } from '@gatepost/shared/hedera/account-key';
import type { PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { Cursor, TopicMessage } from '@gatepost/shared/ledger/topic-message';
import { packRecords, unpackMessage } from '@gatepost/shared/records/codec';
import type { AnyRecord } from '@gatepost/shared/records/schema';
import { attemptKey } from '@gatepost/shared/vocabulary/attempt';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { accountId, type TransactionId, topicId } from '@gatepost/shared/vocabulary/ids';
import { nanosFromMs } from '@gatepost/shared/vocabulary/time';
import type { LedgerPort } from '../shell/ledger/ledger-port.js';

export const INBOX = topicId('0.0.30');
export const COORDINATOR = accountId('0.0.10');

/** A journal message that was taken. */
export interface Posted {
  readonly id: string;
  readonly message: Uint8Array;
}

/** How the ledger behaves at the moment. `swallows`: it takes a message and the answer is lost. */
export type Behaviour = 'answers' | 'unreachable' | 'swallows';

/** What the stream of the inbox does at the moment. */
export type InboxBehaviour = 'flows' | 'ends' | 'breaks';

/** The ledger port fed from memory: no network, no fees, the same promises about ids. */
export class MemoryLedger implements LedgerPort {
  coordinator: AccountKey = generateAccountKey().key;
  readonly agent: AccountKey = generateAccountKey().key;
  behaviour: Behaviour = 'answers';
  /** Left out to keep memory flat in long runs. */
  readonly journal: Posted[] | undefined;
  readonly schedules = new Map<string, number>();
  posted = 0;
  /** Streams of the inbox that were opened. */
  opened = 0;
  #stream: InboxBehaviour = 'flows';
  readonly #inbox: TopicMessage[] = [];
  #sequence = 0;
  #ids = 0;
  #waiting: (() => void)[] = [];
  readonly #taken = new Set<string>();

  constructor(keepJournal = true) {
    this.journal = keepJournal ? [] : undefined;
  }

  /** Writes records to the inbox as an account; returns the sequence number. */
  assign(run: string | undefined, records: readonly AnyRecord[], payer = COORDINATOR): number {
    for (const message of packRecords(run, records)) {
      this.#sequence += 1;
      this.#inbox.push({
        topic: INBOX,
        sequenceNumber: this.#sequence,
        consensusTimestamp: nanosFromMs(Date.now()) + BigInt(this.#sequence),
        payer,
        message,
        chunk: { number: 1, total: 1 },
      });
    }
    this.#wakeAll();
    return this.#sequence;
  }

  /** Messages are numbered without gaps; in long runs those that were read are forgotten. */
  #after(read: number): TopicMessage | undefined {
    const [first] = this.#inbox;
    if (first === undefined) return undefined;
    const index = read + 1 - first.sequenceNumber;
    if (this.journal === undefined && index > 1_000) this.#inbox.splice(0, index);
    return this.#inbox[read + 1 - (this.#inbox[0]?.sequenceNumber ?? 0)];
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Lets open streams of the inbox, and those that are opened later, end or break; or flow again. */
  set stream(behaviour: InboxBehaviour) {
    this.#stream = behaviour;
    this.#wakeAll();
  }

  async *inbox(after: Cursor, signal: AbortSignal): AsyncGenerator<TopicMessage> {
    this.opened += 1;
    let read = after.sequenceNumber;
    signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
    while (!signal.aborted) {
      if (this.#stream === 'ends') return;
      if (this.#stream === 'breaks') throw new GatepostError('MIRROR_UNREACHABLE', 'the stream broke');
      for (let next = this.#after(read); next !== undefined; next = this.#after(read)) {
        read = next.sequenceNumber;
        yield next;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async reported(): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (const { message } of this.journal ?? []) {
      const decoded = unpackMessage(message);
      if ('malformed' in decoded || decoded.run === undefined) continue;
      for (const record of decoded.records) {
        if (record.type === 'result') found.add(attemptKey({ ...record, run: decoded.run }));
      }
    }
    return found;
  }

  async prepare(message: Uint8Array): Promise<PreparedTransaction> {
    this.#ids += 1;
    const now = nanosFromMs(Date.now());
    const id = `0.0.20@${now / 1_000_000_000n}.${String(this.#ids).padStart(9, '0')}` as TransactionId;
    return { id, bytes: message, validUntil: now + 120_000_000_000n };
  }

  async execute({ id, bytes }: PreparedTransaction): Promise<void> {
    if (this.behaviour === 'unreachable') throw new GatepostError('LEDGER_UNREACHABLE', 'nobody answers');
    if (!this.#taken.has(id)) {
      this.posted += 1;
      this.journal?.push({ id, message: bytes });
      if (this.journal !== undefined) this.#taken.add(id);
    }
    if (this.behaviour === 'swallows') throw new GatepostError('OUTCOME_UNKNOWN', 'the answer was lost');
  }

  async schedule(_message: Uint8Array, expiresAtMs: number, memo: string): Promise<string> {
    if (this.behaviour === 'unreachable') throw new GatepostError('LEDGER_UNREACHABLE', 'nobody answers');
    this.schedules.set(memo, expiresAtMs);
    return memo;
  }

  async pendingSchedules(): Promise<readonly { readonly id: string; readonly memo: string }[]> {
    return [...this.schedules.keys()].map((memo) => ({ id: memo, memo }));
  }

  async deleteSchedule(id: string): Promise<void> {
    if (this.behaviour === 'unreachable') throw new GatepostError('LEDGER_UNREACHABLE', 'nobody answers');
    this.schedules.delete(id);
  }

  async coordinatorKey(): Promise<MirrorKey> {
    const { publicKey } = this.coordinator;
    return { _type: publicKey.type === 'ED25519' ? 'ED25519' : 'ECDSA_SECP256K1', key: publicKey.toStringRaw() };
  }

  sign(message: Uint8Array): Uint8Array {
    return this.agent.sign(message);
  }
}
