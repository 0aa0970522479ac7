import { inboxKeyOf } from '@gatepost/rules/run/refused-assignment';
import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';

/** One attempt to pay. */
export interface Payment {
  readonly task: string;
  readonly attempt: number;
  readonly to: AccountId;
  readonly amount: TokenAmount;
}

/** A verdict to be written to the journal. */
export interface VerdictCommand {
  readonly kind: 'verdict';
  readonly key: string;
  readonly task: string;
  readonly attempt: number;
  readonly accepted: boolean;
  readonly gate: string;
  readonly reason: string;
}

/**
 * What the shell shall do. `key` names the effect: while it is in flight, `decide` does not ask for it again, and it
 * stops being in flight when its record is folded or when it certainly did not happen.
 */
export type Command =
  /** Write `run_opened`. */
  | { readonly kind: 'open'; readonly key: string }
  /** Resolve the input and write `assign` to the agent's inbox. */
  | {
      readonly kind: 'assign';
      readonly key: string;
      readonly task: string;
      readonly attempt: number;
      readonly agent: AccountId;
      readonly inbox: TopicId;
      readonly price: TokenAmount;
      readonly deadlineMs: number;
    }
  /** Run the automatic gates on the output of an attempt; what they say is an observation. */
  | { readonly kind: 'judge'; readonly key: string; readonly task: string; readonly attempt: number }
  | VerdictCommand
  /** Write `cancel` to the inbox and tell the session. */
  | {
      readonly kind: 'cancel';
      readonly key: string;
      readonly task: string;
      readonly attempt: number;
      readonly agent: AccountId;
      readonly inbox: TopicId;
      readonly reason: string;
    }
  /** Pay and write `settled`, in one atomic batch. */
  | { readonly kind: 'settle'; readonly key: string; readonly payments: readonly Payment[] }
  /** Write something, so that the mirror shows a time after the quarantine. */
  | { readonly kind: 'beacon'; readonly key: string }
  /** Write `run_closed`. */
  | { readonly kind: 'close'; readonly key: string; readonly outcome: 'complete' | 'failed' | 'cancelled' }
  /** End this process without closing the run. */
  | { readonly kind: 'stop'; readonly key: string; readonly why: 'fenced' | 'unpayable' };

/** Names the writing of a `cancel`. */
export const cancelKey = (inbox: TopicId, task: string, attempt: number): string =>
  `cancel:${inboxKeyOf(inbox, task, attempt)}`;

/** Effects that are under way. */
export interface InFlight {
  has(key: string): boolean;
  readonly size: number;
  /** Assignments under way, by key. */
  readonly assignments: ReadonlyMap<string, Extract<Command, { kind: 'assign' }>>;
}
