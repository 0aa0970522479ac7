import type { VerdictGate } from '@gatepost/rules/run/verdict-gates';
import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { AccountId, TopicId } from '@gatepost/shared/vocabulary/ids';
import type { EffectKey } from '../effects/effect-key.js';

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
  readonly key: EffectKey;
  readonly task: string;
  readonly attempt: number;
  readonly accepted: boolean;
  readonly gate: VerdictGate;
  readonly reason: string;
}

/** Resolve the input and write `assign` to the agent's inbox. */
export interface AssignCommand {
  readonly kind: 'assign';
  readonly key: EffectKey;
  readonly task: string;
  readonly attempt: number;
  readonly agent: AccountId;
  readonly inbox: TopicId;
  readonly price: TokenAmount;
  /** Milliseconds since the Unix epoch. */
  readonly deadlineMs: number;
}

/**
 * What the shell shall do. `key` names the effect: while it is in flight, `decide` does not ask for it again, and it
 * stops being in flight when its record is folded or when it certainly did not happen.
 */
export type Command =
  /** Write `run_opened`. */
  | { readonly kind: 'open'; readonly key: EffectKey }
  | AssignCommand
  /** Run the automatic gates on the output of an attempt; what they say is an observation. */
  | { readonly kind: 'judge'; readonly key: EffectKey; readonly task: string; readonly attempt: number }
  | VerdictCommand
  /** Write `cancel` to the inbox and tell the session. */
  | {
      readonly kind: 'cancel';
      readonly key: EffectKey;
      readonly task: string;
      readonly attempt: number;
      readonly agent: AccountId;
      readonly inbox: TopicId;
      readonly reason: string;
    }
  /** Pay and write `settled`, in one atomic batch. Each payment is an effect of its own. */
  | { readonly kind: 'settle'; readonly payments: readonly Payment[] }
  /** Write something, so that the journal shows a time after one that is waited for. */
  | { readonly kind: 'beacon'; readonly key: EffectKey }
  /** Write `run_closed`. */
  | { readonly kind: 'close'; readonly key: EffectKey; readonly outcome: 'complete' | 'failed' | 'cancelled' }
  /** End this process without closing the run. */
  | { readonly kind: 'stop'; readonly key: EffectKey; readonly why: 'fenced' | 'unpayable' };
