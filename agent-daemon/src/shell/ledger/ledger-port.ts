import type { MirrorKey } from '@gatepost/shared/hedera/account-key';
import type { PreparedTransaction } from '@gatepost/shared/ledger/ledger';
import type { Cursor, TopicMessage } from '@gatepost/shared/ledger/topic-message';

/** What the daemon needs of the ledger. */
export interface LedgerPort {
  /** Messages of the agent's inbox after a cursor, in consensus order, without end. */
  inbox(after: Cursor, signal: AbortSignal): AsyncIterable<TopicMessage>;
  /** Keys of the attempts whose result this agent has reported already; none for an inbox without messages. */
  reported(): Promise<ReadonlySet<string>>;
  /** Fixes and signs a journal message; sends nothing. */
  prepare(message: Uint8Array): Promise<PreparedTransaction>;
  /** Submits it until its outcome is known; the same bytes never happen twice. Errors as shared/hedera/transaction. */
  execute(prepared: PreparedTransaction): Promise<void>;
  /** Lets the network post a journal message at a time; returns the schedule's id. */
  schedule(message: Uint8Array, expiresAtMs: number, memo: string): Promise<string>;
  /** Schedules of this agent that still wait, as the mirror shows them, which may be late. */
  pendingSchedules(): Promise<readonly { readonly id: string; readonly memo: string }[]>;
  /** Deletes a schedule; without effect when it is gone already. */
  deleteSchedule(id: string): Promise<void>;
  /** The coordinator's account key as the mirror shows it now. */
  coordinatorKey(): Promise<MirrorKey>;
  /** Signs with the agent's account key. */
  sign(message: Uint8Array): Uint8Array;
}
